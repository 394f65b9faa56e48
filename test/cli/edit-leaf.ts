/** Changes leaves as somebody with the file of the store can. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { splitLeaves } from '../../gateway/store/leaf-block.ts';
import { encodeBundle } from '../../protocol/proof/tile.ts';

/** Changes the newest leaf of a kind. @returns its index */
export function editLeaf(home: string, kind: string, change: (leaf: string) => string): number {
  const database = new DatabaseSync(join(home, 'causeway.db'));
  const blocks = database.prepare('SELECT first, leaves FROM audit_block ORDER BY first DESC').all() as {
    first: number;
    leaves: Uint8Array;
  }[];
  for (const { first, leaves } of blocks) {
    const split = splitLeaves(Buffer.from(leaves)).map((leaf) => leaf.toString('latin1'));
    const place = split.findIndex((leaf) => leaf.includes(`"${kind}"`));
    if (place === -1) continue;
    split[place] = change(split[place]!);
    const bytes = encodeBundle(split.map((leaf) => Buffer.from(leaf, 'latin1')));
    database.prepare('UPDATE audit_block SET leaves = ? WHERE first = ?').run(bytes, first);
    database.close();
    return first + place;
  }
  throw new Error(`no leaf ${kind}`);
}
