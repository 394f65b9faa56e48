import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { PublishedCheckpoint } from '../../../gateway/audit/published-checkpoint.ts';
import { Witness } from '../../../gateway/audit/witness.ts';
import { Witnesses } from '../../../gateway/audit/witnesses.ts';
import type { CausewayError } from '../../../protocol/errors.ts';
import { openCheckpoint } from '../../../protocol/proof/checkpoint.ts';
import { addSignatures, parseNote } from '../../../protocol/proof/note.ts';
import { cosigner } from '../../../protocol/proof/note-signer.ts';
import type { TileReader } from '../../../protocol/proof/tile-proof.ts';
import { formatVerifierKey } from '../../../protocol/proof/verifier-key.ts';
import { GrowingLog, newKeyPem } from '../../clients/witness/witness-fixture.ts';
import { leavesOf } from '../../protocol/proof/slow-tree.ts';

const pem = newKeyPem();
const log = new GrowingLog('log.test/causeway', pem);
const tile = Buffer.concat(leavesOf(200));
const read = (): Buffer => tile;
const checkpoint: PublishedCheckpoint = { size: 120, root: log.rootAt(120), text: log.checkpointAt(120) };
const { text } = parseNote(checkpoint.text);

const names = ['committee.test/witness', 'council.test/witness'];
const honest = names.map((name) => cosigner(name, newKeyPem()));
const [committee] = honest;
const impostor = cosigner(names[0]!, newKeyPem());

const cleanups: (() => unknown)[] = [];
afterEach(() => Promise.all(cleanups.splice(0).map((cleanup) => cleanup())));

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const say =
  (status: number, body: string, contentType = 'text/plain'): RequestListener =>
  (_, response) =>
    response.writeHead(status, { 'content-type': contentType }).end(body);

const witnessAt = (url: string, { verifierKey }: typeof impostor): Witness =>
  new Witness({ url, key: formatVerifierKey(verifierKey) }, log.signer.verifierKey);

/** Asks witnesses at these answers; the checkpoint that comes back, who has cosigned it, and what was said of the others. */
async function ask(
  ...answers: RequestListener[]
): Promise<{ lines: number; cosigned: string[]; errors: string[] }> {
  const errors: string[] = [];
  const asked = await Promise.all(
    answers.map(async (answer, nth) => witnessAt(await serve(answer), honest[nth]!)),
  );
  const witnesses = new Witnesses(asked, (error) => errors.push((error as CausewayError).code));
  const cosigned = await witnesses.cosign(checkpoint, read);
  const trust = {
    keys: [log.signer.verifierKey],
    witnesses: honest.map(({ verifierKey }) => verifierKey),
  };
  return {
    lines: parseNote(cosigned.text).signatures.length,
    cosigned: openCheckpoint(cosigned.text, trust).cosignatures.map(({ key }) => key.name),
    errors,
  };
}

const nobody = { lines: 1, cosigned: [] };

describe('a witness that means ill', () => {
  it('is told of and left out when its signature is wrong, of another key, or about something else', async () => {
    const other = parseNote(log.checkpointAt(119)).text;
    for (const line of [
      impostor.cosign(text, 1_800_000_000),
      committee!.cosign(other, 1_800_000_000),
      'nonsense\n',
      '',
    ]) {
      expect(await ask(say(200, line))).toEqual({ ...nobody, errors: ['witness-refused'] });
    }
  });

  it('does not get more than one line into the checkpoint, however often it signs', async () => {
    const many = (witness: typeof impostor): string =>
      Array.from({ length: 90 }, (_, nth) => witness.cosign(text, 1_800_000_000 + nth)).join('');
    const answers = honest.map((witness) => say(200, many(witness)));
    expect(await ask(...answers)).toEqual({ lines: 3, cosigned: names, errors: [] });
  });

  it('is asked twice and no more when it says each time that it knows another size', async () => {
    let asked = 0;
    const moody: RequestListener = (request, response) => {
      if (request.method === 'POST') asked++;
      say(409, `${asked}\n`, 'text/x.tlog.size')(request, response);
    };
    expect(await ask(moody)).toEqual({ ...nobody, errors: ['witness-refused'] });
    expect(asked).toBe(2);
  });

  it('is refused when it claims to know more than there is, or more than a number holds', async () => {
    for (const size of ['121', '9007199254740991'])
      expect((await ask(say(409, `${size}\n`, 'text/x.tlog.size'))).errors).toEqual(['witness-refused']);
    for (const size of ['99999999999999999999', '-1', '0x10', ''])
      expect(await ask(say(409, `${size}\n`, 'text/x.tlog.size'))).toEqual({
        ...nobody,
        errors: ['witness-refused'],
      });
  });

  it('holds up neither the cosignature of another nor the end by an answer that comes drop by drop, or never', async () => {
    const drip: RequestListener = (_, response) => void response.writeHead(200).write('a');
    const line = honest[1]!.cosign(text, 1_800_000_000);
    for (const slow of [drip, () => undefined]) {
      const errors: unknown[] = [];
      const urls = [await serve(slow), await serve(say(200, line))];
      const asked = urls.map((url, nth) => witnessAt(url, honest[nth]!));
      const witnesses = new Witnesses(asked, (error) => errors.push(error));
      const first = Promise.withResolvers<PublishedCheckpoint>();
      const all = witnesses.cosign(checkpoint, read, first.resolve);
      expect((await first.promise).text).toBe(addSignatures(checkpoint.text, [line]));
      witnesses.close();
      expect(await all).toBe(await first.promise);
      expect(errors).toEqual([]);
    }
  });

  it('holds up nobody by an answer without an end, nor the other witness', async () => {
    const flood: RequestListener = (_, response) => {
      const pour = (): void => {
        while (response.write(Buffer.alloc(64 * 1024, 'a')));
        response.once('drain', pour);
      };
      pour();
    };
    const line = honest[1]!.cosign(text, 1_800_000_000);
    expect(await ask(flood, say(200, line))).toEqual({
      lines: 2,
      cosigned: [names[1]],
      errors: ['witness-unreachable'],
    });
  });
});

it('a witness for which no proof can be made is named, with what of the log cannot be read', async () => {
  const errors: unknown[] = [];
  const url = await serve(say(409, '3\n', 'text/x.tlog.size'));
  const witnesses = new Witnesses([witnessAt(url, committee!)], (error) => errors.push(error));
  const readNothing = (): never => {
    throw new Error('tile 0/0 is missing');
  };
  expect(await witnesses.cosign(checkpoint, readNothing)).toBe(checkpoint);
  const detail = 'committee.test/witness: no proof can be made for it. Error: tile 0/0 is missing';
  expect(errors).toMatchObject([{ code: 'log-unreadable', detail }]);
});

describe('a witness that refuses', () => {
  const fork = new GrowingLog(log.origin, pem, 1);
  const cosigned = (checkpoint: string): string =>
    addSignatures(checkpoint, [committee!.cosign(parseNote(checkpoint).text, 1_800_000_000)]);
  const plain409 = say(409, 'Conflict\n');

  /** Asks a witness that answers each time as the next of these, and shows that checkpoint of its own; what was told. */
  async function tellOf(
    answers: readonly RequestListener[],
    own?: string | RequestListener,
    reader: TileReader = read,
  ): Promise<string[]> {
    const show = typeof own === 'function' ? own : own === undefined ? say(404, 'nothing') : say(200, own);
    const left = [...answers];
    const url = await serve((request, response) =>
      (request.method === 'GET' ? show : left.shift()!)(request, response),
    );
    const told: string[] = [];
    const witnesses = new Witnesses([witnessAt(url, committee!)], (error) =>
      told.push((error as CausewayError).detail!.replace('committee.test/witness: ', '')),
    );
    for (const _ of answers) expect(await witnesses.cosign(checkpoint, reader)).toBe(checkpoint);
    return told;
  }

  it('is told of anew for another reason, and once for each', async () => {
    const [away, busy] = [say(503, ''), say(429, '')];
    const told = await tellOf([away, plain409, away, busy, plain409], cosigned(fork.checkpointAt(120)));
    const forked = 'it has cosigned another history: the key of this log has signed two, which differ within';
    expect(told).toEqual(['it answered 503.', `${forked} the first 120 entries.`, 'it answered 429.']);
  });

  it('is told of once where only the size in the reason changes', async () => {
    const sizes = ['121', '122', '123'].map((size) => say(409, `${size}\n`, 'text/x.tlog.size'));
    expect(await tellOf(sizes)).toEqual([expect.stringMatching(/^it knows size 121\. It may have cosigned/)]);
  });

  it('is said to have cosigned another history only where a checkpoint of its own, signed by the log, shows it', async () => {
    const another = /^it has cosigned another history: .* the first (?:80|120) entries\.$/;
    for (const size of [80, 120]) {
      for (const status of [409, 422])
        expect(await tellOf([say(status, 'no')], cosigned(fork.checkpointAt(size)))).toEqual([
          expect.stringMatching(another),
        ]);
      expect(await tellOf([plain409], cosigned(log.checkpointAt(size)))).toEqual([
        `it answered 409, though what it has cosigned last, ${size} entries, is of this history.`,
      ]);
    }
    for (const answer of [plain409, say(409, '121\n', 'text/x.tlog.size')])
      expect(await tellOf([answer], cosigned(fork.checkpointAt(121)))).toEqual([
        expect.stringContaining('It has cosigned 121 entries, more than there are here'),
      ]);
  });

  it('may have cosigned another history where nothing shows it', async () => {
    const unshown = [expect.stringMatching(/^it answered 409\. It may have cosigned another history/)];
    const elsewhere = new GrowingLog(log.origin, newKeyPem(), 1);
    for (const own of [
      undefined,
      '<html>',
      fork.checkpointAt(120),
      cosigned(elsewhere.checkpointAt(120)),
      cosigned(log.checkpointAt(120)).replace(/committee.test\/witness/, 'council.test/witness'),
    ])
      expect(await tellOf([plain409], own)).toEqual(unshown);
    // Nor does a tile that is spoilt here.
    const spoilt = (): Buffer => Buffer.alloc(tile.byteLength, 1);
    expect(await tellOf([plain409], cosigned(log.checkpointAt(80)), spoilt)).toEqual(unshown);
    // A connection that breaks is not told as a file of the log.
    const breaking: RequestListener = (request) => request.socket.destroy();
    expect(await tellOf([plain409], breaking)).toEqual([
      expect.stringMatching(/compare\. It could not be fetched: the connection was cut off\.$/),
    ]);
  });
});
