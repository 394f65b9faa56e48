/** Holds what the index says of leaves against the store: the index may be older than a change of the store. */
import type { Store, Tampering } from '../store/port.ts';
import type { SearchHit } from './index-reader.ts';
import { leavesAt, rising } from './leaves-at.ts';

/** @returns index → what was done, of those hits that were tampered with themselves or in their bodies, or that continue such a leaf */
export async function tamperedLeaves(
  store: Pick<Store, 'readLeaves'>,
  hits: readonly SearchHit[],
): Promise<ReadonlyMap<number, Tampering>> {
  const bodies = rising(hits.flatMap(({ index, of }) => (of === undefined ? [index] : [index, of])));
  const tampered = new Map<number, Tampering>();
  for await (const leaf of leavesAt(store, bodies)) {
    if (leaf.tampered !== undefined) tampered.set(leaf.index, leaf.tampered);
  }
  return new Map(
    hits.flatMap(({ index, of = index }) => {
      const found = tampered.get(index) ?? tampered.get(of);
      return found === undefined ? [] : [[index, found]];
    }),
  );
}
