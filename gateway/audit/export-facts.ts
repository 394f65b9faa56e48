/** Reads what is to be exported out of the store, in the order of the log, some hundred leaves at a time. */
import type { Store, StoredLeaf } from '../store/port.ts';
import { openLeaf } from '../store/stored-leaf.ts';
import { factOf, type AuditFact } from './audit-fact.ts';

const portion = 512;
/** Matches within a portion from which it is cheaper to read it whole. */
const denseMatches = 32;
const maxKnownOrigins = 4_096;

/** @param indices of the leaves, rising */
export async function* exportFacts(
  store: Pick<Store, 'readLeaves'>,
  indices: readonly number[],
): AsyncGenerator<AuditFact> {
  const origins = new Map<number, StoredLeaf>();
  for await (const leaf of readMatches(store, indices)) {
    const { of } = openLeaf(leaf);
    const origin = of === undefined ? undefined : (origins.get(of) ?? (await store.readLeaves(of, 1))[0]);
    yield factOf(leaf, origin);
    if (origins.size >= maxKnownOrigins) origins.clear();
    const kept = origin ?? leaf;
    origins.set(kept.index, kept);
  }
}

/** The leaves with these indices, rising; those that stand close together are read at once. */
export async function* readMatches(
  store: Pick<Store, 'readLeaves'>,
  indices: readonly number[],
): AsyncGenerator<StoredLeaf> {
  for (let place = 0; place < indices.length;) {
    const first = indices[place] ?? 0;
    const isDense = (indices[place + denseMatches] ?? Infinity) < first + portion;
    const leaves = await store.readLeaves(first, isDense ? portion : 1);
    // The index has no leaf that the store has not.
    if (leaves.length === 0) return;
    for (const leaf of leaves) {
      if (leaf.index !== indices[place]) continue;
      yield leaf;
      place++;
    }
  }
}
