import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PinTable } from '../../../clients/sdk/pin-table.ts';
import { findSenderKeys } from '../../../clients/sdk/sender-keys.ts';
import { StateDatabase } from '../../../clients/sdk/state-database.ts';
import { TrustedKeys } from '../../../clients/sdk/trusted-keys.ts';
import type { EndpointAddress, Fingerprint } from '../../../protocol/ids.ts';
import { limits } from '../../../protocol/limits.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import { signerFromSeed } from '../../protocol/samples.ts';

const sender = 'north/duty' as EndpointAddress;
const { maxClockSkewMs: skewMs, maxLifetimeMs: lifetimeMs } = limits;
const start = Date.parse('2026-11-30T12:00:00.000Z');
let now: number;
/** The clock that is behind, this computer's or the gateway's. */
let earliest: number;
let dir: string;
let state: StateDatabase;
let table: PinTable;

beforeEach(async () => {
  now = earliest = start;
  dir = await mkdtemp(join(tmpdir(), 'causeway-senders-'));
  state = new StateDatabase(dir);
  table = new PinTable(
    state.statements,
    () => now,
    () => earliest,
  );
});
afterEach(async () => {
  await state.close();
  await rm(dir, { recursive: true, force: true });
});

function at(time: number): string {
  return new Date(time).toISOString();
}

/** Only what tells the keys of the sender apart, and their times. */
function entryOf(nth: number, given: Partial<DirectoryEntry> = {}): DirectoryEntry {
  const signingKey = signerFromSeed(nth).publicKey.raw.toString('base64url');
  const times = { enrolledAt: at(start), revokedAt: null };
  const openpgpFingerprint = `fingerprint ${nth}` as Fingerprint;
  return { endpoint: sender, signingKey, openpgpFingerprint, ...times, ...given } as DirectoryEntry;
}

function pinOf({ endpoint, openpgpFingerprint, signingKey }: DirectoryEntry) {
  return { endpoint, openpgpFingerprint, signingKey, trustedAt: 0 };
}

/** These entries are read one after the other, and the first is trusted. */
async function read(...entries: DirectoryEntry[]): Promise<void> {
  await state.write(() => {
    table.addPin(pinOf(entries[0]!));
    entries.forEach((entry, nth) => table.replaceDirectory({ version: nth, entries: [entry] }));
  });
}

/** What becomes of a message by the nth keys: the entry that verifies it, or the code. */
function keysFor(nth: number, time: number): DirectoryEntry | string {
  const [entry] = table.readEntries();
  const keys = new TrustedKeys(pinOf({ ...entry!, endpoint: 'south/duty' as EndpointAddress }));
  for (const pin of table.readPins()) keys.add(pin);
  const madeBy = { source: sender, time: at(time), signingKey: signerFromSeed(nth).keyId };
  const former = (endpoint: EndpointAddress) => table.readFormer(endpoint);
  try {
    return findSenderKeys(madeBy, entry, { keys, former, now: () => now }).entries[0]!;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

test.each([
  ['its successor was registered', entryOf(1)],
  ['it was revoked', entryOf(1, { revokedAt: at(start) })],
])('an entry is over where %s, with the tolerance for clocks', async (_when, former) => {
  await read(former, entryOf(2));
  expect(keysFor(1, start + skewMs - 1)).toEqual(former);
  expect(keysFor(1, start + skewMs)).toBe('signing-key-unknown');
});

test('a present entry that was revoked is over with the same tolerance', async () => {
  const revoked = entryOf(1, { revokedAt: at(start) });
  await read(revoked);
  expect(keysFor(1, start + skewMs - 1)).toEqual(revoked);
  expect(keysFor(1, start + skewMs)).toBe('endpoint-revoked');
});

test.each([
  ['successor', [entryOf(1), entryOf(2, { enrolledAt: '9999-01-01T00:00:00.000Z' })]],
  ['revocation', [entryOf(1, { revokedAt: '9999-01-01T00:00:00.000Z' }), entryOf(2)]],
])('a %s years ahead keeps stolen keys good no longer than until it was read', async (_what, entries) => {
  await read(...entries);
  expect(table.readFormer(sender)).toMatchObject([{ endedAt: at(start) }]);
});

test.each([
  ['former', [entryOf(1), entryOf(2)], 'signing-key-unknown'],
  ['present', [entryOf(1, { revokedAt: at(start) })], 'endpoint-revoked'],
])(
  'a message dated back is not believed once no honest one can come by %s keys',
  async (_which, entries, code) => {
    await read(...entries);
    now = start + lifetimeMs + skewMs - 1;
    expect(keysFor(1, start - 1)).toEqual(entries[0]);
    now++;
    expect(keysFor(1, start - 1)).toBe(code);
  },
);

test('former keys are kept until by neither clock anything can come by them any more', async () => {
  await read(entryOf(1), entryOf(2));
  now = start + 400 * lifetimeMs;
  const keptAt = async (time: number): Promise<number> => {
    earliest = time;
    await state.write(() => table.changeDirectory({ version: 2, entries: [] }));
    return table.readFormer(sender).length;
  };
  expect(await keptAt(start + lifetimeMs + skewMs - 1)).toBe(1);
  expect(await keptAt(start + lifetimeMs + skewMs)).toBe(0);
});
