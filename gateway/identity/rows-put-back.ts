/**
 * Rows of the directory that were put back to an older entry, as to have a revoked endpoint come back, or deleted, as to
 * keep an endpoint from the exchange. The older entry is genuine, and so is its leaf, and a row that is gone says nothing;
 * but beside the rows the store notes each leaf that changed one. Whoever edits the notes as well is found by
 * `gateway check` alone, which reads the whole log.
 */
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { DirectorySnapshot } from '../store/port.ts';

export type RowsTold = {
  /** The directory without them. */
  readonly kept: DirectorySnapshot;
  readonly putBack: readonly EndpointAddress[];
  /** Those that enrolled and have no row. */
  readonly gone: readonly EndpointAddress[];
};

/** @param newest the newest leaf that is known about the entry of each endpoint */
export function withoutRowsPutBack(
  snapshot: DirectorySnapshot,
  newest: ReadonlyMap<EndpointAddress, number>,
): RowsTold {
  const { version, entries, leaves, versions } = snapshot;
  const isKept = entries.map(({ endpoint }, place) => (leaves[place] ?? -1) >= (newest.get(endpoint) ?? -1));
  const putBack = entries.filter((_, place) => isKept[place] !== true).map(({ endpoint }) => endpoint);
  const present = new Set(entries.map(({ endpoint }) => endpoint));
  const gone = [...newest.keys()].filter((endpoint) => !present.has(endpoint));
  if (putBack.length === 0) return { kept: snapshot, putBack, gone };
  const keep = <T>(all: readonly T[]): readonly T[] => all.filter((_, place) => isKept[place]);
  return {
    kept: { version, entries: keep(entries), leaves: keep(leaves), versions: keep(versions) },
    putBack,
    gone,
  };
}
