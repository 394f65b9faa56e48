/** Leaves that stand here and there in the log, some hundred at a time: however many are wanted, no more are in memory. */
import type { Store, StoredLeaf } from '../store/port.ts';

const portion = 512;
/** What stands between two leaves that are read together, at most: to open more costs as much as another reading. */
const mostBetween = 16;

/** The leaves with these indices, as far as the log goes. @param indices rising, each once */
export async function* leavesAt(
  store: Pick<Store, 'readLeaves'>,
  indices: readonly number[],
): AsyncGenerator<StoredLeaf> {
  for (let place = 0; place < indices.length;) {
    const leaves = await store.readLeaves(indices[place] ?? 0, lengthOfRun(indices, place));
    if (leaves.length === 0) return;
    for (const leaf of leaves) {
      // An edited leaf may name one that no log has.
      while ((indices[place] ?? Infinity) < leaf.index) place++;
      if (leaf.index !== indices[place]) continue;
      yield leaf;
      place++;
    }
  }
}

/** Indices as {@link leavesAt} wants them. */
export function rising(indices: Iterable<number>): number[] {
  return [...new Set(indices)].sort((one, other) => one - other);
}

/** How many leaves, from the one at this place on, hold those that stand close to it, one behind the other. */
function lengthOfRun(indices: readonly number[], place: number): number {
  const first = indices[place] ?? 0;
  let last = first;
  for (let next = place + 1; next < indices.length; next++) {
    const index = indices[next] ?? 0;
    if (index - last > mostBetween || index >= first + portion) break;
    last = index;
  }
  return last - first + 1;
}
