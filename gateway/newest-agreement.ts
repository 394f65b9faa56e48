/** Which sharing agreement the audit log names last. */
import { eachLeaf } from './store/each-leaf.ts';
import type { Store, StoredLeaf } from './store/port.ts';

const leavesAtOnce = 512;

/** What a gateway or a command says when an agreement comes into force, or is to. */
const kinds: readonly string[] = ['gateway.started', 'policy.loaded', 'policy.applied', 'agency.added'];

/**
 * The newest leaf of some kinds.
 * @param mostLeaves how many leaves are looked at, from the end; all, where it is not given
 */
export async function newestLeafOf(
  store: Pick<Store, 'countLeaves' | 'readLeaves'>,
  kindsLookedFor: readonly string[],
  mostLeaves = Infinity,
): Promise<StoredLeaf | undefined> {
  const size = await store.countLeaves();
  const least = Math.max(0, size - mostLeaves);
  for (let end = size; end > least; end -= leavesAtOnce) {
    let found: StoredLeaf | undefined;
    for await (const leaf of eachLeaf(store, Math.max(least, end - leavesAtOnce), end))
      if (kindsLookedFor.includes(leaf.entry.kind)) found = leaf;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Digest of the agreement that was loaded or applied last; undefined where the leaves looked at name none. */
export async function newestAgreement(
  store: Pick<Store, 'countLeaves' | 'readLeaves'>,
  mostLeaves?: number,
): Promise<string | undefined> {
  const policy = (await newestLeafOf(store, kinds, mostLeaves))?.entry.policy;
  return typeof policy === 'string' ? policy : undefined;
}
