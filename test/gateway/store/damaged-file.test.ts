/** A file of the store that is spoilt is told as that, and not as one that cannot be written just now. */
import { open, stat } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FailureLog } from '../../../gateway/failure-log.ts';
import { checkStore } from '../../../gateway/health.ts';
import { DirectoryTable } from '../../../gateway/store/sqlite/directory-table.ts';
import { EndpointTable } from '../../../gateway/store/sqlite/endpoint-table.ts';
import { openSqliteLeaves } from '../../../gateway/store/sqlite/leaf-source.ts';
import { schema } from '../../../gateway/store/sqlite/schema.ts';
import { damageBehind, forOperator } from '../../../gateway/store/store-damage.ts';
import { createSqliteFixture, type SqliteFixture } from './sqlite-fixture.ts';
import { noon } from './synthetic-messages.ts';

const pageBytes = 16_384;

let fixture: SqliteFixture;

beforeEach(async () => {
  fixture = await createSqliteFixture();
});
afterEach(async () => fixture.remove());

/** A store of several pages of leaves, closed. */
async function fill(): Promise<void> {
  const store = await fixture.open();
  for (let nth = 0; nth < 20; nth++)
    await store.appendRecords([{ kind: 'test.happened', filling: 'x'.repeat(20_000), nth }]);
  await store.close();
}

/** Overwrites all pages but the first two: the schema can be read, and what is in the tables cannot. */
async function spoilPages(): Promise<void> {
  const { size } = await stat(fixture.file);
  const file = await open(fixture.file, 'r+');
  await file.write(Buffer.alloc(size - 2 * pageBytes, 0xa5), 0, size - 2 * pageBytes, 2 * pageBytes);
  await file.close();
}

describe('a store with pages that are spoilt', () => {
  test('is called damaged when it is opened, with its name and what to do', async () => {
    await fill();
    await spoilPages();
    await expect(fixture.open()).rejects.toMatchObject({
      code: 'store-damaged',
      detail: expect.stringMatching(
        /^SQLite says: database disk image is malformed\. It is .*store\.db: keep it with its -wal/,
      ) as string,
    });
  });

  test('is called damaged by whoever publishes its log', async () => {
    await fill();
    await spoilPages();
    const leaves = openSqliteLeaves(fixture.file);
    expect(() => leaves.readLeafRuns(0)).toThrow(expect.objectContaining({ code: 'store-damaged' }) as Error);
    await leaves.close();
  });
});

describe('a store with a table or a row that is gone', () => {
  test.each(['receipt_group', 'delivery', 'meta'])('%s is not opened, and told which', async (table) => {
    await (await fixture.open()).close();
    fixture.execute(`DROP TABLE ${table}`);
    await expect(fixture.open()).rejects.toMatchObject({
      code: 'store-damaged',
      detail: expect.stringMatching(`^Its table ${table} is gone: .* It is .*store\\.db: keep it`) as string,
    });
  });

  test.each(['directory', 'policy', 'probe'])('is not opened without its row %s', async (row) => {
    await (await fixture.open()).close();
    fixture.execute(`DELETE FROM meta WHERE name = '${row}'`);
    await expect(fixture.open()).rejects.toMatchObject({
      code: 'store-damaged',
      detail: expect.stringMatching(
        `^Its row ${row} of the table meta is gone: .* It is .*store\\.db`,
      ) as string,
    });
  });

  test('changes nothing that nobody would hear of, and proves no write by a row that is gone', () => {
    const database = new DatabaseSync(':memory:');
    database.exec(`${schema} DELETE FROM meta`);
    const table = new DirectoryTable(database, new EndpointTable(database));
    const damaged = expect.objectContaining({ code: 'store-damaged' }) as Error;
    expect(() => table.raise('policy', 1)).toThrow(damaged);
    expect(() => table.touch()).toThrow(damaged);
    database.close();
  });

  test.each([
    ['table receipt_group', 'DROP TABLE receipt_group'],
    ['row policy of the table meta', "DELETE FROM meta WHERE name = 'policy'"],
  ])('while it is open makes clients wait, and tells the operator that the %s is gone', async (what, sql) => {
    const told: unknown[] = [];
    const store = await fixture.open({ onError: (error) => told.push(error) });
    await store.appendRecords([{ kind: 'test.happened' }]);
    fixture.execute(sql);
    for (let attempt = 0; attempt < 2; attempt++) {
      const error: unknown = await store.appendRecords([{ kind: 'test.happened' }]).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'store-unavailable' });
      expect(JSON.stringify(error)).not.toContain(fixture.file);
      expect(damageBehind(error)).toMatchObject({
        detail: expect.stringContaining(what) as string,
      });
      expect(forOperator(error, fixture.file)).toMatchObject({
        code: 'store-damaged',
        detail: expect.stringContaining(fixture.file) as string,
      });
      expect(codeInLog(error)).toBe('store-damaged');
    }
    expect(await checkStore(store)).toEqual({
      ...{ name: 'store', ok: false },
      detail: `store-damaged: Its ${what} is gone: somebody has removed it.`,
    });
    const damaged = expect.objectContaining({ code: 'store-damaged' }) as unknown;
    await vi.waitFor(() => expect(told.map(damageBehind)).toEqual([damaged]), { timeout: 5_000 });
    await store.close();
  });

  test('tells of what is applied also where a version was put back before', async () => {
    const store = await fixture.open();
    const told: number[] = [];
    store.listen({ onReceipts: () => undefined, onChange: ({ policy }) => told.push(policy) });
    await store.requestPolicyReload({ kind: 'test.happened' });
    await store.requestPolicyReload({ kind: 'test.happened' });
    fixture.execute("UPDATE meta SET value = 0 WHERE name = 'policy'");
    await store.requestPolicyReload({ kind: 'test.happened' });
    expect(told.filter((version) => version !== 0)).toEqual([noon, noon + 1, noon]);
    await store.close();
  });

  test('fails a reading in the same way', async () => {
    const store = await fixture.open();
    await store.countLeaves();
    fixture.execute('DROP TABLE audit_block');
    const error: unknown = await store.readLeaves(0, 1).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'store-unavailable' });
    expect(damageBehind(error)).toMatchObject({ code: 'store-damaged' });
    await store.close();
  });
});

/** The code by which the gateway's log tells of it. */
function codeInLog(error: unknown): unknown {
  const line = vi.fn();
  const log = new FailureLog({ error: line, info: vi.fn() });
  log.note(error);
  log.close();
  return (line.mock.calls[0]?.[0] as { readonly code?: unknown } | undefined)?.code;
}
