/** How large an audit log is, and the root of its tree: two logs that agree in both are the same. */
import { Frontier } from '../../protocol/proof/frontier.ts';
import { splitLeaves } from './leaf-block.ts';
import type { LeafRun, LeafSource } from './port.ts';

export type TreeHead = { readonly leaves: number; readonly root: Buffer };

/** The head over all leaves of these runs, which follow one another without gaps. */
export function treeHeadOf(runs: Iterable<Pick<LeafRun, 'leaves'>>): TreeHead {
  const tree = new Frontier();
  for (const { leaves } of runs) tree.append(splitLeaves(leaves));
  return { leaves: tree.size, root: tree.root() };
}

/** The head that a log had when it had so many leaves, or has with all of its own where they are fewer. */
export async function readTreeHead(
  source: Pick<LeafSource, 'readLeafRuns'>,
  until: number,
): Promise<TreeHead> {
  const tree = new Frontier();
  while (tree.size < until) {
    const { size } = tree;
    for (const { first, leaves } of await source.readLeafRuns(size)) {
      if (tree.size < until) tree.append(splitLeaves(leaves).slice(tree.size - first, until - first));
    }
    if (tree.size === size) break;
  }
  return { leaves: tree.size, root: tree.root() };
}
