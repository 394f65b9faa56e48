/** Leaves that stand here and there in the log. */
import type { Store, StoredLeaf } from '../store/port.ts';

/** What stands between two leaves that are read together, at most. */
const mostBetween = 32;
const portion = 2_000;

/** The leaves with these indices; without those behind the end of the log. */
export async function leavesAt(
  leaves: Pick<Store, 'readLeaves'>,
  indices: Iterable<number>,
): Promise<ReadonlyMap<number, StoredLeaf>> {
  const found = new Map<number, StoredLeaf>();
  let wanted = [...new Set(indices)].sort((one, other) => one - other);
  for (let [from] = wanted; from !== undefined; [from] = wanted) {
    const read = await leaves.readLeaves(from, Math.min(portion, runFrom(wanted)));
    const last = read.at(-1)?.index;
    if (last === undefined) break;
    for (const leaf of read) found.set(leaf.index, leaf);
    const rest = wanted.findIndex((index) => index > last);
    wanted = rest < 0 ? [] : wanted.slice(rest);
  }
  return found;
}

/** How many leaves from the first one on hold all that stand close to it, one behind the other. */
function runFrom(rising: readonly number[]): number {
  const [first = 0] = rising;
  let last = first;
  for (const index of rising) {
    if (index - last > mostBetween) break;
    last = index;
  }
  return last - first + 1;
}
