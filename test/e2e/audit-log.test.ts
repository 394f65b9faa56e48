/** The audit log of a running gateway, read as a stranger would: over HTTPS, with the standards and the log's key alone. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verdictOf } from '../../clients/audit/finding.ts';
import { verifyPath } from '../../clients/audit/verify.ts';
import { verifyEvidence } from '../../clients/audit/verify-evidence.ts';
import { auditLogOptions } from '../../gateway/audit-log-options.ts';
import { AuditLog } from '../../gateway/audit/audit-log.ts';
import { LogFolder } from '../../gateway/audit/log-folder.ts';
import { filesBetween, mirrorLog } from '../../gateway/audit/mirror-log.ts';
import { proveMessage } from '../../gateway/audit/prove-message.ts';
import { PublishedLog } from '../../gateway/cli/published-log.ts';
import { formatEvidence, type Evidence } from '../../protocol/audit/evidence.ts';
import { parseLeaf } from '../../protocol/audit/leaf.ts';
import { openCheckpoint, type TrustedCheckpoint } from '../../protocol/proof/checkpoint.ts';
import { decodeBundle, tilePath, tileWidth } from '../../protocol/proof/tile.ts';
import { rootFromTiles } from '../../protocol/proof/tile-proof.ts';
import type { TestEndpoint, TestMessage } from './kit/endpoint.ts';
import { Exchange, type Name } from './kit/exchange.ts';
import { getPublished, type Reply } from './kit/published.ts';
import { exchangeNotice } from './kit/stored-notice.ts';
import { eventually } from './kit/watch.ts';

let exchange: Exchange;
let people: Record<Extract<Name, 'police' | 'north'>, TestEndpoint>;
let log: PublishedLog;

beforeAll(async () => {
  exchange = await Exchange.open({ isBare: true });
  people = await exchange.enrol('police', 'north');
  log = new PublishedLog(exchange.home, await exchange.store());
});
afterAll(async () => exchange.close());

const get = (path: string): Promise<Reply> => getPublished(exchange, path);

/** The checkpoint that is served, once it has so many leaves. */
async function servedCheckpoint(size: number): Promise<TrustedCheckpoint> {
  return eventually('a checkpoint over HTTPS', async () => {
    const { status, body } = await get('/checkpoint');
    if (status !== 200) return undefined;
    const checkpoint = openCheckpoint(body, { keys: [log.verifierKey] });
    return checkpoint.size >= size ? checkpoint : undefined;
  });
}

const exchangeOne = async (): Promise<TestMessage> => exchangeNotice(exchange, people.police, people.north);

it('a second gateway on the same home follows the audit log, and knows that it does', async () => {
  await exchangeOne();
  const follower = new AuditLog(auditLogOptions(exchange.home), { onError: () => undefined });
  follower.start();
  await eventually('the checkpoint of the other', () =>
    Promise.resolve(follower.latest === undefined ? undefined : true),
  );
  expect(follower.isFollowing).toBe(true);
  await follower.close();
});

describe('the audit log', () => {
  it('is served at the standard paths to whoever asks, and its tiles and entries lead to its checkpoint', async () => {
    await exchangeOne();
    const { size, root } = await servedCheckpoint(await (await exchange.store()).countLeaves());
    const fetched = new Map<string, Buffer>();
    for (const name of filesBetween(0, size)) {
      const { status, body, cache } = await get(`/${tilePath(name)}`);
      expect([status, cache]).toEqual([200, 'public, max-age=31536000, immutable']);
      fetched.set(tilePath(name), body);
    }
    const found = await rootFromTiles(size, (name) => fetched.get(tilePath(name)) ?? Buffer.alloc(0));
    expect(found).toEqual(root);
    const bundle = fetched.get(tilePath({ level: 'entries', index: 0, width: Math.min(size, tileWidth) }));
    const kinds = decodeBundle(bundle ?? Buffer.alloc(0), Math.min(size, tileWidth)).map(
      (entry) => parseLeaf(entry).kind,
    );
    expect(kinds).toEqual(
      expect.arrayContaining(['endpoint.enrolled', 'message.accepted', 'delivery.stored']),
    );
  });

  it('answers in words where there is no such tile', async () => {
    for (const path of [
      '/tile/0/999',
      '/tile/0/000.p/256',
      '/tile/0/..%2f..%2fca.key',
      '/tile/entries/abc',
    ]) {
      const { status, body } = await get(path);
      expect([path, status]).toEqual([path, 404]);
      expect(JSON.parse(body.toString())).toMatchObject({ code: 'not-found' });
    }
  });

  it('names no endpoint of a message, no case and no child in the open', async () => {
    const message = await exchangeOne();
    const leaves = await exchange.records();
    const accepted = leaves.find(({ entry }) => entry.message === message.id);
    expect(accepted?.entry.source).toBe(people.police.address);
    const open = leaves.filter(({ leaf }) => !leaf.includes('"endpoint.')).map(({ leaf }) => leaf);
    for (const word of ['police', 'social-work', 'duty', 'thread', 'concern']) {
      expect(open.filter((leaf) => leaf.includes(word))).toEqual([]);
    }
  });

  it('is welcomed with: a session is told the newest checkpoint', async () => {
    await servedCheckpoint(1);
    const session = await exchange.connect(people.police);
    const { checkpoint } = await session.welcomed();
    expect(openCheckpoint(checkpoint ?? '', { keys: [log.verifierKey] }).size).toBeGreaterThan(0);
    await session.leave();
  });

  it('goes on after a restart, and a copy of it verifies offline', async () => {
    const before = await servedCheckpoint(await (await exchange.store()).countLeaves());
    await exchange.restart();
    await exchangeOne();
    await servedCheckpoint(before.size + 3);
    const copy = join(exchange.dir, 'copy', 'log');
    await mirrorLog(new LogFolder(exchange.home.logDir), copy, log.read);
    await writeFile(join(exchange.dir, 'copy', 'log.vkey'), log.vkey);
    const since = join(exchange.dir, 'before');
    await writeFile(since, await signedText(before));
    const report = await verifyPath(copy, { sinceFile: since });
    expect(report.findings).toEqual([]);
    expect(verdictOf(report)).toContain(
      `Nothing that stood in it at ${before.size} entries has been removed`,
    );
  });
});

/** The signed note that a checkpoint came from, from the history of the home. */
async function signedText({ size, root }: TrustedCheckpoint): Promise<string> {
  const { signCheckpoint } = await import('../../protocol/proof/checkpoint.ts');
  const { noteSigner } = await import('../../protocol/proof/note-signer.ts');
  const { name } = log.verifierKey;
  return signCheckpoint({ origin: name, size, root }, noteSigner(name, exchange.home.logKeyPem));
}

describe('the evidence about a message', () => {
  let evidence: Evidence;

  beforeAll(async () => {
    const message = await exchangeOne();
    evidence = await proveMessage(await exchange.store(), log, message.id);
  });

  const verify = (changed: Evidence) =>
    verifyEvidence(Buffer.from(formatEvidence(changed)), 'evidence.json', { keys: [log.verifierKey] });

  it('stands without the gateway, and says in sentences what it proves', () => {
    const report = verify(evidence);
    expect(report.findings).toEqual([]);
    expect(report.statements).toEqual([
      expect.stringMatching(/^The gateway accepted the message at .+ \[leaf \d+\]$/),
      expect.stringMatching(
        /^strathclyde-police\/public-protection signed it at .+ to north-lanarkshire-social-work\/duty/,
      ),
      expect.stringMatching(
        /^Under the agreement \S{43} it was permitted to north-lanarkshire-social-work\/duty by /,
      ),
      expect.stringMatching(/^It reached north-lanarkshire-social-work\/duty at /),
      expect.stringMatching(/^north-lanarkshire-social-work\/duty signed at .+ that it has stored it\./),
    ]);
  });

  it('verifies in no changed form: every changed character of every part is noticed', () => {
    const text = formatEvidence(evidence);
    // White space between the parts of JSON means nothing, and a name that JSON does not know is refused.
    const places = [...text.matchAll(/[A-Za-z0-9+/]/g)].map(({ index }) => index);
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.integer({ min: 1, max: 61 }), (place, shift) => {
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
        const old = alphabet.indexOf(text[place] ?? '');
        const changed = alphabet[(old + shift) % alphabet.length] ?? '';
        const bytes = Buffer.from(text.slice(0, place) + changed + text.slice(place + 1));
        const report = verifyEvidence(bytes, 'evidence.json', { keys: [log.verifierKey] });
        expect(report.findings).not.toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });

  it('does not stand without a part of it', () => {
    const { envelope, leaves } = evidence;
    expect(envelope).toBeDefined();
    for (const without of leaves.filter(({ leaf }) => /message\.accepted|endpoint\./.test(leaf))) {
      const less = { ...evidence, leaves: leaves.filter((leaf) => leaf !== without) };
      expect(verify(less).findings).not.toEqual([]);
    }
    expect(verify({ ...evidence, receipts: [] }).findings).toMatchObject([{ kind: 'edited' }]);
    const { envelope: _, proof: __, ...unsigned } = evidence;
    expect(verify(unsigned).findings).toMatchObject([{ kind: 'edited' }]);
  });

  it('is the same after its payload was retired', async () => {
    const message = await exchangeOne();
    const store = await exchange.store();
    const before = await proveMessage(store, log, message.id);
    const record = { kind: 'payload.retired' };
    expect(await store.retirePayloads([before.record + 1], record)).toBe(1);
    const after = await proveMessage(store, log, message.id);
    expect({ ...after, leaves: [], checkpoint: '' }).toEqual({ ...before, leaves: [], checkpoint: '' });
    expect(verify(after).findings).toEqual([]);
    expect(verify(after).statements).toEqual(verify(before).statements);
  });

  it('still stands after its case was erased, and says less', async () => {
    const message = await exchangeOne();
    const store = await exchange.store();
    await store.eraseCase(message.id, { kind: 'case.erased', authority: 'a court' });
    const erased = await proveMessage(store, log, message.id);
    expect(erased).not.toHaveProperty('envelope');
    expect(verify(erased).findings).toEqual([]);
    expect(verify(evidence).findings).toEqual([]);
  });
});
