/** What the search index says of a case when that is erased, by the way that the commands go. */
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { destroyCase } from '../../../gateway/audit/erase-case.ts';
import { OffsetSet } from '../../../gateway/audit/offset-set.ts';
import { SearchIndex } from '../../../gateway/audit/search-index.ts';
import { LeafBlock, splitBodies } from '../../../gateway/store/leaf-block.ts';
import type { Store } from '../../../gateway/store/port.ts';
import { createSqliteFixture, type SqliteFixture } from '../store/sqlite-fixture.ts';
import {
  acceptable,
  health,
  messageId,
  police,
  refusable,
  settlementOf,
} from '../store/synthetic-messages.ts';

let fixture: SqliteFixture;
let store: Store;
let indexFile: string;
beforeEach(async () => {
  fixture = await createSqliteFixture();
  indexFile = join(dirname(fixture.file), 'audit-index.db');
  store = await fixture.open();
  for (const message of [acceptable(1), acceptable(2)]) {
    await store.submit({ source: police, messages: [message] });
    await store.settle(settlementOf([message], health));
  }
  await store.submit({ source: police, messages: [refusable(3, { thread: messageId(1) })] });
  await store.appendRecords([{ kind: 'audit.search', by: 'registrar' }]);
});
afterEach(async () => {
  await store.close();
  await fixture.remove();
});

/** Somebody searches. */
async function withIndex<T>(work: (index: SearchIndex) => Promise<T>): Promise<T> {
  const index = SearchIndex.open(indexFile, store);
  try {
    return await work(index);
  } finally {
    index.close();
  }
}

const search = async (): Promise<unknown> => withIndex(async (index) => index.search({}, 5));

async function erase(): Promise<void> {
  const order = { case: messageId(1), authority: 'court', by: 'registrar' };
  await withIndex(async (index) =>
    destroyCase(store, order, { proposeBodies: async (id) => index.proposeBodiesOf(id) }),
  );
}

function edit(file: string, work: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(file);
  work(database);
  database.close();
}

/** Changes the bodies of the block of a leaf. @returns them as they were */
function rewrite(first: number, change: (bodies: Buffer) => Uint8Array): Buffer {
  let before = Buffer.alloc(0);
  edit(fixture.file, (database) => {
    const row = database.prepare('SELECT bodies FROM audit_block WHERE first = ?').get(first);
    before = Buffer.from((row as unknown as { bodies: Uint8Array }).bodies);
    database
      .prepare('UPDATE audit_block SET bodies = ? WHERE first = ?')
      .run(change(Buffer.from(before)), first);
  });
  return before;
}

const states = async (): Promise<string[]> =>
  (await store.readLeaves(0, 5)).map(({ erased, tampered }) => (erased ? 'erased' : (tampered ?? 'whole')));

const list = async (): Promise<unknown> =>
  (await store.readLeaves(6, 9)).find(({ entry }) => entry.kind === 'case.erased-bodies')?.entry.leaves;

test('an index that was told of another leaf puts it into no list of what an erasure took', async () => {
  await search();
  const term = `case:${messageId(1)}`;
  edit(indexFile, (database) => {
    const row = database.prepare('SELECT offsets FROM posting WHERE term = ?').get(term);
    const offsets = OffsetSet.decode((row as unknown as { offsets: Uint8Array }).offsets);
    offsets.add(2);
    database.prepare('UPDATE posting SET offsets = ? WHERE term = ?').run(offsets.encode(), term);
    database.prepare('UPDATE leaf SET "case" = ? WHERE leaf = 2').run(messageId(1));
  });
  expect(await withIndex(async (index) => index.proposeBodiesOf(messageId(1)))).toMatchObject({
    leaves: [4, 2, 0],
  });
  await erase();
  expect(await list()).toEqual([0, 4]);
  rewrite(2, (bodies) => {
    const block = new LeafBlock();
    const { sealed } = splitBodies(bodies)!.get(0)!;
    block.add('', { of: messageId(1), sealed: Buffer.alloc(sealed.byteLength, 7) });
    return block.bodies;
  });
  expect(await states()).toEqual(['erased', 'whole', 'changed', 'whole', 'erased']);
});

test('an index that was told of none hides no message of the case from its erasure', async () => {
  await search();
  edit(indexFile, (database) => database.exec("DELETE FROM posting WHERE term GLOB 'case:*'"));
  await erase();
  expect((await states())[0]).toBe('erased');
});

test.each([
  ['gone', () => Buffer.alloc(0)],
  [
    'of another case',
    (bodies: Buffer) => {
      const block = new LeafBlock();
      block.add('', { of: messageId(7), sealed: splitBodies(bodies)!.get(0)!.sealed });
      return block.bodies;
    },
  ],
])(
  'a body that was %s when somebody searched, and was mended since, is erased with its case',
  async (_, change) => {
    const before = rewrite(4, change);
    await search();
    rewrite(4, () => before);
    expect(await states()).toEqual(['whole', 'whole', 'whole', 'whole', 'whole']);
    await erase();
    expect(await list()).toEqual([0, 4]);
    expect(await states()).toEqual(['erased', 'whole', 'whole', 'whole', 'erased']);
  },
);

test('what is proposed is asked for anew whenever messages of the case were ended first', async () => {
  const outcomes = ['pending', 'pending', 'erased'] as const;
  const given: (number | undefined)[] = [];
  const slow: Pick<Store, 'eraseCase' | 'countLeaves'> = {
    countLeaves: () => Promise.resolve(0),
    eraseCase: (...[, , , proposed]) => Promise.resolve(outcomes[given.push(proposed?.asOf) - 1]!),
  };
  let asOf = 0;
  await destroyCase(
    slow,
    { case: messageId(1), authority: 'court', by: 'registrar' },
    { underWay: 'end', proposeBodies: () => Promise.resolve({ asOf: ++asOf, leaves: [] }) },
  );
  expect(given).toEqual([1, 2, 3]);
});
