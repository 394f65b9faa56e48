import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { KeeperClient } from '../../../gateway/store/sqlite/keeper-client.ts';
import type { Notice } from '../../../gateway/store/sqlite/keeper.ts';
import { openSqliteStore } from '../../../gateway/store/sqlite/sqlite-store.ts';
import { auditKey } from './synthetic-messages.ts';
import { createSqliteFixture, type SqliteFixture } from './sqlite-fixture.ts';

const waiting = { timeout: 20_000, interval: 20 };
let fixture: SqliteFixture;
let errors: unknown[];
const onError = (error: unknown): unknown => errors.push(error);

beforeEach(async () => {
  fixture = await createSqliteFixture();
  errors = [];
});
afterEach(async () => {
  await fixture.remove();
});

/** What makes a table, as the file says it. */
function textOf(table: string): string {
  const database = new DatabaseSync(fixture.file);
  const found = database.prepare('SELECT sql FROM sqlite_schema WHERE name = ?').get(table);
  database.close();
  return String(found?.sql);
}

test('a store that cannot notice what others commit says so, is not ready, and recovers unaided', async () => {
  const store = await fixture.open({ onError, maxBlindMs: 1_500 });
  await store.probe();
  const asItWas = textOf('receipt_stream');
  // Only the keeper reads this table while nothing else happens.
  fixture.execute('DROP TABLE receipt_stream');
  await vi.waitFor(async () => {
    expect(errors).not.toHaveLength(0);
    await expect(store.probe()).rejects.toMatchObject({ code: 'store-unavailable' });
  }, waiting);
  expect(errors).toEqual([
    expect.objectContaining({ message: expect.stringContaining('receipt_stream') as string }),
  ]);
  fixture.execute(asItWas);
  await vi.waitFor(() => store.probe(), waiting);
  const told = Promise.withResolvers<number>();
  store.listen({ onReceipts: () => undefined, onChange: ({ policy }) => told.resolve(policy) });
  const other = await fixture.open();
  await other.requestPolicyReload({ kind: 'test.happened' });
  expect(await told.promise).toBe(fixture.clock.now);
  await Promise.all([store.close(), other.close()]);
}, 60_000);

test('a keeper without a file to open tells it once, and begins when there is one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-keeper-'));
  const file = join(folder, 'store.db');
  const notices: Notice[] = [];
  const keeper = new KeeperClient(
    { file, writer: 1, nextLeaf: 0 },
    { onNotice: (notice) => notices.push(notice), onError },
  );
  await vi.waitFor(() => expect(errors).toHaveLength(1), waiting);
  const store = await openSqliteStore({ file, receiptKeyPem: fixture.receiptKeyPem, auditKey });
  await vi.waitFor(() => expect(notices).not.toHaveLength(0), waiting);
  await vi.waitFor(() => expect(keeper.blindForMs).toBeLessThan(1_000), waiting);
  await Promise.all([keeper.close(), store.close()]);
  await rm(folder, { recursive: true });
}, 60_000);

test('a keeper thread that dies is told and replaced', async () => {
  await (await fixture.open()).close();
  const notices: Notice[] = [];
  const events = { onNotice: (notice: Notice) => notices.push(notice), onError };
  // What cannot be posted to a thread stands for a thread that cannot start.
  const options = { file: fixture.file, writer: 1, nextLeaf: 0, spoilt: (): void => undefined };
  const keeper = new KeeperClient(options, events);
  await vi.waitFor(() => expect(errors).toHaveLength(1), waiting);
  options.spoilt = undefined as never;
  await vi.waitFor(() => expect(notices).not.toHaveLength(0), waiting);
  await keeper.close();
}, 60_000);
