import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Logger } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { PublishedCheckpoint } from '../../gateway/audit/published-checkpoint.ts';
import { LogFolder } from '../../gateway/audit/log-folder.ts';
import { EndpointDirectory } from '../../gateway/identity/directory.ts';
import { provenDirectory, type ProvenDirectory } from '../../gateway/proven-directory.ts';
import { splitLeaves } from '../../gateway/store/leaf-block.ts';
import type { Store } from '../../gateway/store/port.ts';
import { encodeBundle } from '../../protocol/proof/tile.ts';
import { createSigner, openBuilder } from './audit/synthetic-leaves.ts';
import { createSqliteFixture, type SqliteFixture } from './store/sqlite-fixture.ts';
import { digestOf, directoryEntry, noon, permit, police } from './store/synthetic-messages.ts';

let fixture: SqliteFixture;
let store: Store;
let dir: string;
let latest: PublishedCheckpoint | undefined;
let directory: ProvenDirectory;
let leaf: number;
const error = vi.fn();
const warn = vi.fn();

beforeEach(async () => {
  vi.clearAllMocks();
  dir = mkdtempSync(join(tmpdir(), 'causeway-proven-'));
  fixture = await createSqliteFixture();
  store = await fixture.open();
  await store.permitEnrolment(permit(police, 'secret', noon + 60_000), { kind: 'enrolment.permitted' });
  await store.enrol(digestOf('secret'), directoryEntry(police), noon, { kind: 'endpoint.enrolled' });
  const builder = await openBuilder(dir, store, createSigner());
  latest = await builder.advance();
  const rows = await EndpointDirectory.open(store);
  leaf = rows.leafOf(rows.get(police)!)!;
  directory = provenDirectory({
    store,
    directory: rows,
    auditLog: { folder: new LogFolder(dir), latest },
    log: { error, warn } as unknown as Logger,
  });
});
afterEach(async () => {
  await store.close();
  await fixture.remove();
  rmSync(dir, { recursive: true });
});

/** Says of the leaf that it was committed at another time: nothing but the published log tells. */
function editLeaf(): void {
  const database = new DatabaseSync(fixture.file, { timeout: 5_000 });
  const row = database.prepare('SELECT first, leaves FROM audit_block WHERE first = ?').get(leaf);
  const leaves = splitLeaves(Buffer.from(row?.leaves as Uint8Array)).map(String);
  expect(leaves[0]).toContain(`"at":${noon}`);
  leaves[0] = leaves[0]!.replace(`"at":${noon}`, `"at":${noon + 1}`);
  const changed = encodeBundle(leaves.map((text) => Buffer.from(text)));
  database.prepare('UPDATE audit_block SET leaves = ? WHERE first = ?').run(changed, leaf);
  database.close();
}

const isProven = (): Promise<boolean> => directory.isProven(directory.get(police)!);

it('takes an entry whose leaf is the one that was published, without a word', async () => {
  expect(await isProven()).toBe(true);
  expect([error.mock.calls, warn.mock.calls]).toEqual([[], []]);
});

it('takes none whose leaf is not the one that was published', async () => {
  editLeaf();
  expect(await isProven()).toBe(false);
  const said = expect.objectContaining({ endpoint: police, why: 'leaf-tampered' }) as unknown;
  expect(error).toHaveBeenCalledWith(said, expect.any(String));
});

it('takes an entry over which a tile is missing, so that the alert goes, and warns', async () => {
  rmSync(join(dir, 'tile'), { recursive: true });
  expect(await isProven()).toBe(true);
  expect(warn).toHaveBeenCalledWith(expect.objectContaining({ code: 'log-unreadable' }), expect.any(String));
  expect(error).not.toHaveBeenCalled();
});
