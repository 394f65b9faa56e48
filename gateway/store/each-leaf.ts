/** All leaves of the audit log, a portion at a time. */
import type { Store, StoredLeaf } from './port.ts';

const portion = 2_000;

/** Leaves from an index on, in order, until there are no more or `until` is reached. */
export async function* eachLeaf(
  store: Pick<Store, 'readLeaves'>,
  from = 0,
  until = Number.MAX_SAFE_INTEGER,
): AsyncGenerator<StoredLeaf> {
  for (let next = from; next < until;) {
    const leaves = await store.readLeaves(next, Math.min(portion, until - next));
    if (leaves.length === 0) return;
    yield* leaves;
    next += leaves.length;
  }
}
