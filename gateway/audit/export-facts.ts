/** Reads what is to be exported out of the store, in the order of the log, some hundred leaves at a time. */
import type { Store, StoredLeaf } from '../store/port.ts';
import { openLeaf } from '../store/stored-leaf.ts';
import { factOf, type AuditFact } from './audit-fact.ts';
import { leavesAt } from './leaves-at.ts';

const maxKnownOrigins = 4_096;

/** @param indices of the leaves, rising */
export async function* exportFacts(
  store: Pick<Store, 'readLeaves'>,
  indices: readonly number[],
): AsyncGenerator<AuditFact> {
  const origins = new Map<number, StoredLeaf>();
  for await (const leaf of leavesAt(store, indices)) {
    const { of } = openLeaf(leaf);
    const origin = of === undefined ? undefined : (origins.get(of) ?? (await store.readLeaves(of, 1))[0]);
    yield factOf(leaf, origin);
    if (origins.size >= maxKnownOrigins) origins.clear();
    const kept = origin ?? leaf;
    origins.set(kept.index, kept);
  }
}
