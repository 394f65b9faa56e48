import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openIndexFile, resetIndex } from '../../../gateway/audit/index-file.ts';
import { OutlivedIndex } from '../../../gateway/audit/outlived-index.ts';
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
let emptied: number;
let outlived: OutlivedIndex;

beforeEach(async () => {
  fixture = await createSqliteFixture();
  store = await fixture.open();
  file = join(dirname(fixture.file), 'audit-index.db');
  emptied = 0;
  const onError = (error: unknown): never => {
    throw error;
  };
  outlived = new OutlivedIndex({ file, store, onEmptied: () => emptied++, onError });
  const messages = [acceptable(1), acceptable(2)];
  await store.submit({ source: police, messages });
  await store.settle(settlementOf(messages, health));
});
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
  expect(emptied).toBe(0);
  await store.eraseCase(messageId(1), erasureOf(1));
  await outlived.look();
  expect([held() > 0, emptied]).toEqual([true, 0]);
  await outlived.look();
  expect([held(), emptied]).toEqual([0, 1]);
  const onError = (error: unknown): never => expect.fail(String(error));
  outlived = new OutlivedIndex({ file, store, onEmptied: () => emptied++, onError });
  await lookTwice();
  expect(emptied).toBe(1);
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
  const index = SearchIndex.open(file, {
    countLeaves: async () => store.countLeaves(),
    readLeaves: async (from, limit) => {
      const leaves = await store.readLeaves(from, limit);
      // Once it has found nothing new, and before it is asked.
      if (leaves.length === 0 && emptied === 0) {
        const database = openIndexFile(file);
        if (resetIndex(database)) emptied++;
        database.close();
      }
      return leaves;
    },
  });
  expect((await index.search({ case: [messageId(2)] }, 10)).hits.length).toBeGreaterThan(1);
  expect(emptied).toBe(1);
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
  expect(emptied).toBe(0);
  other.exec('COMMIT');
  other.close();
  await outlived.look();
  expect([held(), emptied]).toEqual([0, 1]);
});

test('one that is damaged is removed', async () => {
  await search();
  await store.eraseCase(messageId(1), erasureOf(1));
  await writeFile(file, 'no database, and what the case said');
  await lookTwice();
  expect([existsSync(file), emptied]).toEqual([false, 1]);
});

test('one that knows of the erasure stays, and where there is none, none is made', async () => {
  await store.eraseCase(messageId(1), erasureOf(1));
  await lookTwice();
  expect(existsSync(file)).toBe(false);
  await store.eraseCase(messageId(2), erasureOf(2));
  await search();
  await lookTwice();
  expect([held() > 0, emptied]).toEqual([true, 0]);
});
