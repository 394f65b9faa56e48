import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { PublishedCheckpoint } from '../../../gateway/audit/published-checkpoint.ts';
import { Witnesses } from '../../../gateway/audit/witnesses.ts';
import type { CausewayError } from '../../../protocol/errors.ts';
import { openCheckpoint } from '../../../protocol/proof/checkpoint.ts';
import { parseNote } from '../../../protocol/proof/note.ts';
import { cosigner } from '../../../protocol/proof/note-signer.ts';
import { formatVerifierKey } from '../../../protocol/proof/verifier-key.ts';
import { GrowingLog, newKeyPem } from '../../clients/witness/witness-fixture.ts';
import { leavesOf } from '../../protocol/proof/slow-tree.ts';

const log = new GrowingLog('log.test/causeway', newKeyPem());
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

/** Asks witnesses at these answers; the checkpoint that comes back, who has cosigned it, and what was said of the others. */
async function ask(
  ...answers: RequestListener[]
): Promise<{ lines: number; cosigned: string[]; errors: string[] }> {
  const errors: string[] = [];
  const settings = await Promise.all(
    answers.map(async (answer, nth) => ({
      url: await serve(answer),
      key: formatVerifierKey(honest[nth]!.verifierKey),
    })),
  );
  const witnesses = new Witnesses(settings, (error) => errors.push((error as CausewayError).code));
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
      asked++;
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
  const key = formatVerifierKey(committee!.verifierKey);
  const witnesses = new Witnesses([{ url, key }], (error) => errors.push(error));
  const readNothing = (): never => {
    throw new Error('tile 0/0 is missing');
  };
  expect(await witnesses.cosign(checkpoint, readNothing)).toBe(checkpoint);
  const detail = 'committee.test/witness: no proof can be made for it. Error: tile 0/0 is missing';
  expect(errors).toMatchObject([{ code: 'log-unreadable', detail }]);
});
