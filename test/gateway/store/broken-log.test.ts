/** What becomes of a store whose blocks of the audit log do not join, as after an edit by hand. */
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { JoinedBlocks } from '../../../gateway/store/joined-blocks.ts';
import type { Store } from '../../../gateway/store/port.ts';
import { openSqliteLeaves } from '../../../gateway/store/sqlite/leaf-source.ts';
import { createSqliteFixture, type SqliteFixture } from './sqlite-fixture.ts';

const happened = { kind: 'test.happened' };
const columns = 'first, count, at, leaves, bodies';
const inserted = (first: string): string =>
  `INSERT INTO audit_block (${columns}) SELECT ${first}, count, at, leaves, bodies FROM audit_block WHERE first = 0`;

let fixture: SqliteFixture;
let store: Store | undefined;

/** Five blocks, of leaves 0 and 1, 2 and 3, and so on. */
beforeEach(async () => {
  fixture = await createSqliteFixture();
  store = await fixture.open();
  for (let block = 0; block < 5; block++) await store.appendRecords([happened, happened]);
});
afterEach(async () => {
  await store?.close();
  await fixture.remove();
});

async function edit(sql: string): Promise<void> {
  await store?.close();
  store = undefined;
  fixture.execute(sql);
}

describe('a store whose last block does not join', () => {
  test.each([
    ['somebody has put it behind a gap', inserted('first + 1000'), /leaf 1000 where leaf 10 is due/],
    ['it overlaps the one before', inserted('first + 9'), /leaf 9 where leaf 10 is due/],
    [
      'it holds fewer leaves than it says',
      'UPDATE audit_block SET count = 900 WHERE first = 8',
      /leaf 8 .*: 900/,
    ],
    ['its leaves are cut short', "UPDATE audit_block SET leaves = x'00ff00' WHERE first = 8", /leaf 8 /],
  ])('is not opened where %s, which names the leaf', async (_, sql, detail) => {
    await edit(sql);
    const opening = fixture.open();
    await expect(opening).rejects.toMatchObject({ code: 'store-damaged' });
    await expect(opening).rejects.toThrow(detail);
  });

  it('takes nothing more once somebody has edited it under a gateway, until that is undone', async () => {
    const before = await store!.readLeaves(0, 100);
    fixture.execute(inserted('first + 1000'));
    const refused = store!.appendRecords([happened]);
    await expect(refused).rejects.toMatchObject({ code: 'store-unavailable' });
    await expect(refused).rejects.toThrow(/leaf 1000 where leaf 10 is due/);
    fixture.execute('DELETE FROM audit_block WHERE first = 1000');
    expect(await store!.appendRecords([happened])).toBe(10);
    expect((await store!.readLeaves(0, 100)).slice(0, 10)).toEqual(before);
  });
});

describe('a gap further back', () => {
  test.each([
    ['a block that is gone', 'DELETE FROM audit_block WHERE first = 4', [0, 2, 4, 5, 6]],
    ['one that was put between two', inserted('first + 5'), [0, 4, 5, 6]],
    ['one that says another number', 'UPDATE audit_block SET count = 1 WHERE first = 4', [0, 4, 5, 6]],
  ])('is told by every reading that comes upon it: %s', async (_, sql, places) => {
    await edit(sql);
    store = await fixture.open();
    const source = openSqliteLeaves(fixture.file);
    for (const from of places) {
      await expect(store.readLeaves(from, 100)).rejects.toMatchObject({ code: 'store-damaged' });
      await expect(store.readLeafRuns(from)).rejects.toMatchObject({ code: 'store-damaged' });
      // What is signed is read this way.
      expect(() => source.readLeafRuns(from)).toThrow(/audit log/);
    }
    expect(await store.readLeaves(8, 100)).toHaveLength(2);
    await source.close();
  });

  it('is told where the first block is not the first leaf', async () => {
    await edit('DELETE FROM audit_block WHERE first = 0');
    store = await fixture.open();
    await expect(store.readLeaves(0, 1)).rejects.toThrow(/leaf 2 where leaf 0 is due/);
  });
});

it('a block without leaves joins nothing', () => {
  expect(() => new JoinedBlocks(3).take({ first: 3, count: 0, leaves: Buffer.alloc(0) })).toThrow(/leaf 3 /);
});
