/**
 * Holds all leaves of the store against the published log: each against its hash in the tiles, all together against the
 * root that the checkpoint signs, which decides who is to blame where the two differ. Keeps nothing but counts, however
 * many leaves there are.
 */
import { Frontier } from '../../protocol/proof/frontier.ts';
import { eachLeaf } from '../store/each-leaf.ts';
import type { Store, StoredLeaf, Tampering } from '../store/port.ts';
import type { TreeHead } from './between.ts';
import { FaultList, type Faults } from './fault-list.ts';

export type StoreAgainstLog = {
  /** How many leaves were gone through: fewer than were published where the store has lost some. */
  readonly read: number;
  /** Whether they are what the checkpoint signs, whatever the tiles say. */
  readonly isSigned: boolean;
  /** Whether they begin with what the checkpoint that was kept signs; true where none was. */
  readonly continuesKept: boolean;
  /** `rewritten` are those that are not the ones in the tiles; of the others the bodies are not what was written. */
  readonly tampered: Readonly<Record<Tampering, Faults<number>>>;
};

export type StoreAgainstLogEvents = {
  /** Told of each leaf, in order. */
  readonly onLeaf: (leaf: StoredLeaf) => void;
  /** Told now and then how many leaves were gone through. */
  readonly onProgress: (done: number) => void;
};

const leavesBetweenNews = 4_096;

/**
 * @param published a checkpoint of the log
 * @param leaves those of the store, held against the tiles of the log
 * @param kept another checkpoint of it, which may be of fewer leaves or of more
 */
export async function holdStoreAgainst(
  published: TreeHead,
  leaves: Pick<Store, 'readLeaves'>,
  kept: TreeHead | undefined,
  { onLeaf, onProgress }: StoreAgainstLogEvents,
): Promise<StoreAgainstLog> {
  const tree = new Frontier();
  const tampered = {
    changed: new FaultList<number>(),
    'secret-gone': new FaultList<number>(),
    rewritten: new FaultList<number>(),
  };
  let root = published.size === 0 ? tree.root() : undefined;
  let rootAtKept = kept?.size === 0 ? tree.root() : undefined;
  for await (const leaf of eachLeaf(leaves, 0, Math.max(published.size, kept?.size ?? 0))) {
    tree.append([Buffer.from(leaf.leaf, 'latin1')]);
    if (tree.size === published.size) root = tree.root();
    if (tree.size === kept?.size) rootAtKept = tree.root();
    if (leaf.tampered !== undefined) tampered[leaf.tampered].add(leaf.index);
    onLeaf(leaf);
    if (leaf.index % leavesBetweenNews === 0) onProgress(leaf.index);
  }
  return {
    read: Math.min(tree.size, published.size),
    isSigned: root?.equals(published.root) === true,
    continuesKept: kept === undefined || rootAtKept?.equals(kept.root) === true,
    tampered,
  };
}
