import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { EndpointDirectory } from '../../../gateway/identity/directory.ts';
import type { DirectorySnapshot } from '../../../gateway/store/port.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { sha256 } from '../../../protocol/proof/merkle.ts';
import { directoryEntrySchema, type DirectoryEntry } from '../../../protocol/wire/directory.ts';

const signingKey = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x ?? '';

function entryOf(endpoint: string, changes: Partial<DirectoryEntry> = {}): DirectoryEntry {
  return directoryEntrySchema.parse({
    endpoint,
    agency: endpoint.split('/')[0],
    roles: ['desk'],
    status: 'active',
    enrolledAt: '2026-01-05T09:00:00.000Z',
    revokedAt: null,
    tlsThumbprint: sha256(Buffer.from(endpoint)).toString('base64url'),
    previousTlsThumbprint: null,
    openpgpCertificate: '',
    openpgpFingerprint: sha256(Buffer.from(`p${endpoint}`)).toString('hex'),
    encryptionKey: sha256(Buffer.from(`e${endpoint}`)).toString('hex'),
    previousEncryptionKey: null,
    signingKey,
    ...changes,
  });
}

/** A store whose directory a test turns at will. */
function shelf(entries: DirectoryEntry[]) {
  let snapshot = snapshotOf(1, entries);
  return {
    readDirectory: () => Promise.resolve(snapshot),
    readNewestChanges: () => Promise.resolve(new Map<EndpointAddress, number>()),
    put(...changed: DirectoryEntry[]) {
      const byAddress = new Map(snapshot.entries.map((entry) => [entry.endpoint, entry]));
      for (const entry of changed) byAddress.set(entry.endpoint, entry);
      snapshot = snapshotOf(snapshot.version + 1, [...byAddress.values()]);
    },
  };
}

function snapshotOf(version: number, entries: DirectoryEntry[]): DirectorySnapshot {
  return { version, entries, leaves: entries.map((_, index) => index), versions: entries.map(() => version) };
}

const address = (text: string): EndpointAddress => text as EndpointAddress;
const endpoints = (entries: readonly DirectoryEntry[]): string[] => entries.map(({ endpoint }) => endpoint);

test('recipients are endpoints, or all active holders of a role', async () => {
  const store = shelf([
    entryOf('council/a'),
    entryOf('council/b'),
    entryOf('council/c', { status: 'revoked', revokedAt: '2026-02-01T09:00:00.000Z' }),
    entryOf('police/a'),
  ]);
  const directory = await EndpointDirectory.open(store);
  expect(endpoints(directory.resolve('council/a'))).toEqual(['council/a']);
  expect(endpoints(directory.resolve('council/@desk'))).toEqual(['council/a', 'council/b']);
  expect(endpoints(directory.resolve('police/@desk'))).toEqual(['police/a']);
  expect(directory.resolve('council/c')[0]?.status).toBe('revoked');
  expect(directory.resolve('council/@nobody')).toEqual([]);
  expect(directory.resolve('council/constructor')).toEqual([]);
  expect(directory.version).toBe(1);
});

test('reload shows enrolments and revocations', async () => {
  const store = shelf([entryOf('council/a'), entryOf('council/b')]);
  const directory = await EndpointDirectory.open(store);
  store.put(
    entryOf('council/b', { status: 'revoked', revokedAt: '2026-02-01T09:00:00.000Z' }),
    entryOf('council/c'),
  );
  expect(endpoints(directory.resolve('council/@desk'))).toEqual(['council/a', 'council/b']);
  await directory.reload();
  expect(endpoints(directory.resolve('council/@desk'))).toEqual(['council/a', 'council/c']);
  expect(directory.get(address('council/b'))?.status).toBe('revoked');
  expect(directory.version).toBe(2);
});

test('a signing key is read once and again when it changes', async () => {
  const store = shelf([entryOf('council/a')]);
  const directory = await EndpointDirectory.open(store);
  const first = directory.signingKey(address('council/a'));
  expect(directory.signingKey(address('council/a'))).toBe(first);
  const next = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x ?? '';
  store.put(entryOf('council/a', { signingKey: next }));
  await directory.reload();
  expect(directory.signingKey(address('council/a')).raw.toString('base64url')).toBe(next);
  expect(() => directory.signingKey(address('council/z'))).toThrow('There is no such endpoint.');
});

test('a reload that fails leaves the view as it was and does not block the next one', async () => {
  const store = shelf([entryOf('council/a')]);
  let broken = false;
  const directory = await EndpointDirectory.open({
    ...store,
    readDirectory: () => (broken ? Promise.reject(new Error('down')) : store.readDirectory()),
  });
  broken = true;
  store.put(entryOf('council/b'));
  await expect(directory.reload()).rejects.toThrow('down');
  expect(directory.version).toBe(1);
  broken = false;
  await directory.reload();
  expect(directory.get(address('council/b'))?.endpoint).toBe('council/b');
});

test('ten thousand endpoints are read and resolved', async () => {
  const entries = Array.from({ length: 10_000 }, (_, index) => entryOf(`council/e${index}`));
  const directory = await EndpointDirectory.open(shelf(entries));
  expect(directory.resolve('council/@desk')).toHaveLength(10_000);
  expect([...directory.entries()]).toHaveLength(10_000);
  expect(directory.get(address('council/e9999'))?.agency).toBe('council');
});
