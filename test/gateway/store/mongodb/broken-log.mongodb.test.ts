/** What becomes of a database whose blocks of the audit log do not join, as after an edit by hand. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { collectionsOf, type BlockDocument } from '../../../../gateway/store/mongodb/documents.ts';
import { openMongodbLeaves } from '../../../../gateway/store/mongodb/leaf-runs.ts';
import type { Store } from '../../../../gateway/store/port.ts';
import { createMongodbFixture, hasServer, type MongodbFixture } from './mongodb-fixture.ts';

type Blocks = ReturnType<typeof collectionsOf>['block'];

describe.skipIf(!hasServer)('a gap between the blocks of a MongoDB store', () => {
  let fixture: MongodbFixture;
  let store: Store;

  /** Five blocks, of leaves 0 and 1, 2 and 3, and so on. */
  beforeEach(async () => {
    fixture = await createMongodbFixture();
    store = await fixture.open();
    const happened = { kind: 'test.happened' };
    for (let block = 0; block < 5; block++) await store.appendRecords([happened, happened]);
  });
  afterEach(async () => {
    await store.close();
    await fixture.remove();
  });

  const insert = async (blocks: Blocks, first: number): Promise<unknown> => {
    const block = (await blocks.findOne({ first: 0 })) as BlockDocument;
    return await blocks.insertOne({ ...block, _id: 1000, first });
  };

  test.each<[string, (blocks: Blocks) => Promise<unknown>, number]>([
    ['a block that is gone', async (blocks) => blocks.deleteOne({ first: 4 }), 4],
    ['one behind the end', async (blocks) => insert(blocks, 1000), 10],
    ['one that was put between two', async (blocks) => insert(blocks, 5), 5],
    ['a wrong number', async (blocks) => blocks.updateOne({ first: 4 }, { $set: { count: 1 } }), 5],
  ])('is told by every reading that comes upon it: %s', async (_, edit, place) => {
    await edit(collectionsOf(fixture.database).block);
    const source = await openMongodbLeaves(fixture.url);
    for (const from of [0, place]) {
      await expect(store.readLeaves(from, 100)).rejects.toMatchObject({ code: 'store-damaged' });
      await expect(source.readLeafRuns(from)).rejects.toMatchObject({ code: 'store-damaged' });
    }
    await source.close();
  });
});
