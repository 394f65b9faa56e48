/** Holds what the index says of leaves against the store: the index may be older than a change of the store. */
import type { Store } from '../store/port.ts';
import { readMatches } from './export-facts.ts';
import type { SearchHit } from './index-reader.ts';

/** @returns the indices of those hits whose body, or that of the leaf they continue, was changed in the store */
export async function tamperedLeaves(
  store: Pick<Store, 'readLeaves'>,
  hits: readonly SearchHit[],
): Promise<ReadonlySet<number>> {
  const bodies = new Set(hits.flatMap(({ index, of }) => (of === undefined ? [index] : [index, of])));
  const tampered = new Set<number>();
  for await (const leaf of readMatches(
    store,
    [...bodies].sort((a, b) => a - b),
  )) {
    if (leaf.tampered === true) tampered.add(leaf.index);
  }
  const isTampered = ({ index, of = index }: SearchHit): boolean => tampered.has(index) || tampered.has(of);
  return new Set(hits.filter(isTampered).map(({ index }) => index));
}
