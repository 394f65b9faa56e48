import fc from 'fast-check';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { LeafBlock, splitBodies, splitLeaves } from '../../../gateway/store/leaf-block.ts';
import {
  collectionsOfTheMoment,
  movedCollections,
  splitBlock,
} from '../../../gateway/store/mongodb/moved-documents.ts';
import { collectionNames } from '../../../gateway/store/mongodb/schema.ts';
import { derivedTables, tablesRead } from '../../../gateway/store/sqlite/contents.ts';
import { schema } from '../../../gateway/store/sqlite/schema.ts';
import { readTreeHead, treeHeadOf } from '../../../gateway/store/tree-head.ts';
import { messageId } from './synthetic-messages.ts';

describe('what moves from one engine to the other', () => {
  it('is every table, into every collection but those of the moment', () => {
    const database = new DatabaseSync(':memory:');
    database.exec(schema);
    const tables = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
      .all();
    database.close();
    expect(tables.map(({ name }) => name)).toEqual([...derivedTables, ...tablesRead].sort());
    const collections = [...movedCollections.map(({ name }) => name), ...collectionsOfTheMoment];
    expect(collections.sort()).toEqual([...collectionNames].sort());
  });
});

const leaves = fc.array(
  fc.record({
    text: fc.string({ unit: fc.constantFrom('a', '{', '"', ' '), minLength: 1, maxLength: 300 }),
    sealed: fc.option(fc.uint8Array({ maxLength: 200 })),
  }),
  { minLength: 1, maxLength: 40 },
);

describe('a block that is too large for a document', () => {
  it('becomes parts with the same leaves and bodies, in their order, none of them too large', () => {
    fc.assert(
      fc.property(leaves, fc.integer({ min: 600, max: 4_000 }), (made, maxBytes) => {
        const block = new LeafBlock();
        made.forEach(({ text, sealed }, index) =>
          block.add(
            text,
            sealed === null ? undefined : { of: messageId(index), sealed: Buffer.from(sealed) },
          ),
        );
        const { count } = block;
        const row = { first: 7, count, at: 1, leaves: block.leaves, bodies: block.bodies };
        const parts = [...splitBlock(row, maxBytes)];
        expect(Buffer.concat(parts.map((part) => part.leaves)).equals(row.leaves)).toBe(true);
        expect(parts.reduce((sum, part) => sum + part.count, 0)).toBe(count);
        const bodies = parts.flatMap((part) => {
          const own = splitBodies(part.bodies)!;
          return splitLeaves(part.leaves).map((_, place) => own.get(place)?.sealed.toString('hex') ?? null);
        });
        expect(bodies).toEqual(
          made.map(({ sealed }) => (sealed === null ? null : Buffer.from(sealed).toString('hex'))),
        );
        for (const part of parts) {
          const bytes = part.leaves.byteLength + part.bodies.byteLength;
          expect(part.count === 1 || bytes <= maxBytes).toBe(true);
        }
      }),
    );
  });
});

describe('the head of a tree', () => {
  it('is the same however the leaves are read, and that of the beginning where there are more', async () => {
    const blocks = [3, 1, 5].map((count, nth) => {
      const block = new LeafBlock();
      for (let index = 0; index < count; index++) block.add(`leaf ${nth} ${index}`);
      return block;
    });
    const firsts = [0, 3, 4];
    const runs = blocks.map(({ count, leaves }, nth) => ({ first: firsts[nth]!, count, leaves }));
    const oneAtATime = {
      readLeafRuns: (from: number) =>
        runs.filter(({ first, count }) => first <= from && first + count > from).slice(0, 1),
    };
    expect(await readTreeHead(oneAtATime, 9)).toEqual(treeHeadOf(runs));
    expect(await readTreeHead(oneAtATime, 100)).toEqual(treeHeadOf(runs));
    expect(await readTreeHead(oneAtATime, 4)).toEqual(treeHeadOf(runs.slice(0, 2)));
    expect((await readTreeHead(oneAtATime, 6)).root).not.toEqual(treeHeadOf(runs).root);
  });
});
