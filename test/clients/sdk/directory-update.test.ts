import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { updateDirectory } from '../../../clients/sdk/directory-update.ts';
import { LogTable } from '../../../clients/sdk/log/log-table.ts';
import { PinTable } from '../../../clients/sdk/pin-table.ts';
import { StateDatabase } from '../../../clients/sdk/state-database.ts';
import { directoryDigest } from '../../../protocol/wire/directory-digest.ts';
import { directoryEntryDigest } from '../../../protocol/wire/directory-entry-digest.ts';
import type { DirectoryEntry, DirectoryResponse } from '../../../protocol/wire/directory.ts';

vi.mock(import('../../../protocol/wire/directory-entry-digest.ts'), async (original) => ({
  directoryEntryDigest: vi.fn((await original()).directoryEntryDigest),
}));

let dir: string;
let state: StateDatabase;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-directory-'));
  state = new StateDatabase(dir);
});
afterEach(async () => {
  await state.close();
  await rm(dir, { recursive: true, force: true });
});

/** The nth endpoint of a directory; only what tells entries apart matters here. */
function entryOf(nth: number, roles: readonly string[] = ['duty']): DirectoryEntry {
  const keys = { signingKey: 'key', openpgpFingerprint: 'fingerprint', enrolledAt: 'then' };
  return { endpoint: `council/team-${nth}`, agency: 'council', roles, ...keys } as unknown as DirectoryEntry;
}

test('what a change leaves as it is is not digested anew, and the whole still has to fit', async () => {
  const tables = { pins: new PinTable(state.statements), log: new LogTable(state.statements) };
  const update = (answer: DirectoryResponse) => state.write(() => updateDirectory(answer, tables));
  const entries = Array.from({ length: 200 }, (_, nth) => entryOf(nth));
  const leaves = entries.map((_, index) => ({ index, leaf: `leaf ${index}` }));
  const common = { checkpoint: null } as const;
  expect(await update({ ...common, version: 1, entries, leaves })).toBe(true);

  const changed = entryOf(7, ['night']);
  const whole = entries.with(7, changed).map((entry, nth) => ({
    endpoint: entry.endpoint,
    entry: directoryEntryDigest(entry),
    leaf: nth === 7 ? 200 : nth,
  }));
  const answer = { ...common, version: 2, since: 1, entries: [changed], leaves: [{ index: 200, leaf: 'x' }] };
  vi.mocked(directoryEntryDigest).mockClear();
  expect(await update({ ...answer, digest: directoryDigest(whole.slice(1)) })).toBe(false);
  expect(tables.pins.readVersion()).toBe(1);
  expect(await update({ ...answer, digest: directoryDigest(whole) })).toBe(true);
  expect(tables.pins.readVersion()).toBe(2);
  expect(vi.mocked(directoryEntryDigest).mock.calls.length).toBeLessThan(5);
});
