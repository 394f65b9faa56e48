/**
 * Holds all leaves of the store against the published log: each against its hash in the tiles, all together against the
 * root that the checkpoint signs, which decides who is to blame where the two differ. Keeps nothing but counts, however
 * many leaves there are.
 */
import { Frontier } from '../../protocol/proof/frontier.ts';
import { eachLeaf } from '../store/each-leaf.ts';
import type { Store, Tampering } from '../store/port.ts';
import type { TreeHead } from './between.ts';

/** Leaves of which something is to be told. */
export type LeafTally = { readonly count: number; readonly first: readonly number[] };

export type StoreAgainstLog = {
  /** How many leaves were gone through: fewer than were published where the store has lost some. */
  readonly read: number;
  /** Whether they are what the checkpoint signs, whatever the tiles say. */
  readonly isSigned: boolean;
  /** `rewritten` are those that are not the ones in the tiles; of the others the bodies are not what was written. */
  readonly tampered: Readonly<Record<Tampering, LeafTally>>;
};

const namedLeaves = 10;
const leavesBetweenNews = 4_096;

/**
 * @param published a checkpoint of the log
 * @param leaves those of the store, held against the tiles of the log
 * @param onProgress told now and then how many leaves were gone through
 */
export async function holdStoreAgainst(
  published: TreeHead,
  leaves: Pick<Store, 'readLeaves'>,
  onProgress: (done: number) => void,
): Promise<StoreAgainstLog> {
  const tree = new Frontier();
  const tampered = { changed: new Tally(), 'secret-gone': new Tally(), rewritten: new Tally() };
  for await (const leaf of eachLeaf(leaves, 0, published.size)) {
    tree.append([Buffer.from(leaf.leaf, 'latin1')]);
    if (leaf.tampered !== undefined) tampered[leaf.tampered].add(leaf.index);
    if (leaf.index % leavesBetweenNews === 0) onProgress(leaf.index);
  }
  const isSigned = tree.size === published.size && tree.root().equals(published.root);
  return { read: tree.size, isSigned, tampered };
}

class Tally implements LeafTally {
  readonly first: number[] = [];
  count = 0;

  add(leaf: number): void {
    if (this.first.length < namedLeaves) this.first.push(leaf);
    this.count++;
  }
}
