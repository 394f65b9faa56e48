import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { emptyIndex } from '../../../gateway/audit/empty-index.ts';
import { openIndexFile, resetIndex } from '../../../gateway/audit/index-file.ts';
import { OutlivedIndex, type OutlivedOutcome } from '../../../gateway/audit/outlived-index.ts';
import { SearchIndex } from '../../../gateway/audit/search-index.ts';
import type { Store } from '../../../gateway/store/port.ts';
import { createSqliteFixture, type SqliteFixture } from '../store/sqlite-fixture.ts';
import {
  acceptable,
  erasureOf,
  health,
  messageId,
  police,
  settlementOf,
} from '../store/synthetic-messages.ts';

let fixture: SqliteFixture;
let store: Store;
let file: string;
/** What was told. */
let told: OutlivedOutcome[];
let outlived: OutlivedIndex;

beforeEach(async () => {
  fixture = await createSqliteFixture();
  store = await fixture.open();
  file = join(dirname(fixture.file), 'audit-index.db');
  told = [];
  outlived = watchIndex();
  const messages = [acceptable(1), acceptable(2)];
  await store.submit({ source: police, messages });
  await store.settle(settlementOf(messages, health));
});
/** @param keepFreeBytes more than the disk has: there is no room to empty the index */
function watchIndex(keepFreeBytes = 0): OutlivedIndex {
  const onError = (error: unknown): never => expect.fail(String(error));
  const onOutlived = (outcome: OutlivedOutcome): unknown => told.push(outcome);
  return new OutlivedIndex({ file, store, keepFreeBytes, onOutlived, onError });
}

afterEach(async () => {
  await store.close();
  await fixture.remove();
});

async function search(): Promise<number> {
  const index = SearchIndex.open(file, store);
  const { hits } = await index.search({ case: [messageId(1)] }, 10);
  index.close();
  return hits.length;
}

/** As many minutes as it takes to be sure of an erasure. */
async function lookTwice(): Promise<void> {
  await outlived.look();
  await outlived.look();
}

/** How many leaves the file holds. */
function held(): number {
  const database = new DatabaseSync(file);
  const { count } = database.prepare('SELECT count(*) AS count FROM leaf').get() as { count: number };
  database.close();
  return count;
}

test('an index that has not come to an erasure is emptied, and the next search makes it anew', async () => {
  expect(await search()).toBeGreaterThan(1);
  await lookTwice();
  expect(told).toEqual([]);
  await store.eraseCase(messageId(1), erasureOf(1));
  await outlived.look();
  expect([held() > 0, told]).toEqual([true, []]);
  await outlived.look();
  expect([held(), told]).toEqual([0, ['emptied']]);
  outlived = watchIndex();
  await lookTwice();
  expect(told).toEqual(['emptied']);
  // The leaves of the erasure are about it, and nothing else.
  expect(await search()).toBe(2);
});

test('whoever has it open then finds all that there is', async () => {
  const index = SearchIndex.open(file, store);
  await index.catchUp();
  await store.eraseCase(messageId(1), erasureOf(1));
  await lookTwice();
  expect(held()).toBe(0);
  expect((await index.search({ case: [messageId(2)] }, 10)).hits.length).toBeGreaterThan(1);
  index.close();
});

test('whoever searches while it is emptied finds all that there is', async () => {
  await search();
  let isEmptied = false;
  const index = SearchIndex.open(file, {
    countLeaves: async () => store.countLeaves(),
    readLeaves: async (from, limit) => {
      const leaves = await store.readLeaves(from, limit);
      // Once it has found nothing new, and before it is asked.
      if (leaves.length === 0 && !isEmptied) {
        const database = openIndexFile(file);
        resetIndex(database);
        isEmptied = true;
        database.close();
      }
      return leaves;
    },
  });
  expect((await index.search({ case: [messageId(2)] }, 10)).hits.length).toBeGreaterThan(1);
  expect(isEmptied).toBe(true);
  index.close();
});

test('one that somebody writes is left for the next look, without waiting', async () => {
  await search();
  await store.eraseCase(messageId(1), erasureOf(1));
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  const startedAt = performance.now();
  await lookTwice();
  expect(performance.now() - startedAt).toBeLessThan(9_000);
  expect(told).toEqual([]);
  other.exec('COMMIT');
  other.close();
  await outlived.look();
  expect([held(), told]).toEqual([0, ['emptied']]);
});

test('one that is damaged is removed', async () => {
  await search();
  await store.eraseCase(messageId(1), erasureOf(1));
  await writeFile(file, 'no database, and what the case said');
  await lookTwice();
  expect([existsSync(file), told]).toEqual([false, ['damaged']]);
});

test('one that knows of the erasure stays, and where there is none, none is made', async () => {
  await store.eraseCase(messageId(1), erasureOf(1));
  await lookTwice();
  expect(existsSync(file)).toBe(false);
  await store.eraseCase(messageId(2), erasureOf(2));
  await search();
  await lookTwice();
  expect([held() > 0, told]).toEqual([true, []]);
});

test('it is emptied in a thread of its own, for which the end of the gateway waits', async () => {
  await search();
  await store.eraseCase(messageId(1), erasureOf(1));
  const exec = vi.spyOn(DatabaseSync.prototype, 'exec');
  await outlived.look();
  outlived.start();
  await outlived.close();
  expect([held(), told]).toEqual([0, ['emptied']]);
  expect(exec.mock.calls).toEqual([]);
  exec.mockRestore();
});

test('one of another form is begun again, and nobody is told that a case has outlived it', async () => {
  await search();
  await store.eraseCase(messageId(1), erasureOf(1));
  const older = new DatabaseSync(file);
  older.exec('PRAGMA user_version = 1');
  older.close();
  await lookTwice();
  expect([held(), told]).toEqual([0, []]);
});

test('where the disk has no room to empty it, it is removed and told once, and whoever has it open finds all', async () => {
  const index = SearchIndex.open(file, store);
  await index.catchUp();
  await store.eraseCase(messageId(1), erasureOf(1));
  outlived = watchIndex(Number.MAX_SAFE_INTEGER);
  await lookTwice();
  await lookTwice();
  expect([existsSync(file), told]).toEqual([false, ['removed']]);
  expect((await index.search({ case: [messageId(2)] }, 10)).hits.length).toBeGreaterThan(1);
  index.close();
  expect(await search()).toBe(2);
});

test('so it is where the room comes to an end while it is emptied, but not while somebody reads it', async () => {
  await search();
  const exec: (this: DatabaseSync, sql: string) => void = Reflect.get(DatabaseSync.prototype, 'exec');
  const full = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (
    this: DatabaseSync,
    sql,
  ) {
    if (sql.startsWith('DROP')) throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
    exec.call(this, sql);
  });
  const reader = new DatabaseSync(file);
  reader.exec('BEGIN');
  reader.prepare('SELECT next FROM progress').get();
  const order = { file, erasure: 1_000, keepFreeBytes: 0 };
  expect([emptyIndex(order), existsSync(file)]).toEqual(['busy', true]);
  reader.exec('COMMIT');
  expect([emptyIndex(order), existsSync(file)]).toEqual(['removed', false]);
  reader.close();
  full.mockRestore();
});
