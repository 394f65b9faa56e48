/** What is hashed is written in a fixed order of members, which the schemas have as well. */
import { expect, it } from 'vitest';
import { encodeLeaf, leafSchema, type Leaf } from '../../protocol/audit/leaf.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import { directoryEntryDigest } from '../../protocol/wire/directory-entry-digest.ts';
import { directoryEntrySchema, type DirectoryEntry } from '../../protocol/wire/directory.ts';

it('a leaf has its fields in the order of its schema, whatever order they are given in', () => {
  const names = Object.keys(leafSchema.shape);
  const leaf = Object.fromEntries(names.toReversed().map((name) => [name, 1])) as unknown as Leaf;
  expect(Object.keys(JSON.parse(encodeLeaf(leaf)) as object)).toEqual(names);
});

it('an entry of the directory is hashed in the order of its schema', () => {
  const names = Object.keys(directoryEntrySchema.shape);
  const entryOf = (order: string[]): DirectoryEntry =>
    Object.fromEntries(order.map((name) => [name, name])) as unknown as DirectoryEntry;
  expect(directoryEntryDigest(entryOf(names.toReversed()))).toBe(
    digestOf(Buffer.from(JSON.stringify(entryOf(names)))),
  );
});
