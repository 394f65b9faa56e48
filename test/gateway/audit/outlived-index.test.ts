import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
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
let removed: number;
let outlived: OutlivedIndex;

beforeEach(async () => {
  fixture = await createSqliteFixture();
  store = await fixture.open();
  file = join(dirname(fixture.file), 'audit-index.db');
  removed = 0;
  const onError = (error: unknown): never => {
    throw error;
  };
  outlived = new OutlivedIndex({ file, store, onRemoved: () => removed++, onError });
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

test('an index that has not come to an erasure is removed, and the next search makes it anew', async () => {
  expect(await search()).toBeGreaterThan(1);
  await outlived.look();
  expect([existsSync(file), removed]).toEqual([true, 0]);
  await store.eraseCase(messageId(1), erasureOf(1));
  await outlived.look();
  expect([existsSync(file), removed]).toEqual([false, 1]);
  // The leaves of the erasure are about it, and nothing else.
  expect(await search()).toBe(2);
});

test('one that knows of the erasure stays, and where there is none, none is made', async () => {
  await store.eraseCase(messageId(1), erasureOf(1));
  await outlived.look();
  expect(existsSync(file)).toBe(false);
  await store.eraseCase(messageId(2), erasureOf(2));
  await search();
  await outlived.look();
  expect([existsSync(file), removed]).toEqual([true, 0]);
});
