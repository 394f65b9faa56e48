/**
 * Rows of the directory that were put back to an older entry, as to have a revoked endpoint come back. The entry is
 * genuine, and so is its leaf; but beside the rows the store notes each leaf that changed one. Cheap enough for a start;
 * whoever edits the notes as well is found by `gateway check` alone, which reads the whole log.
 */
import { CausewayError } from '../../protocol/errors.ts';
import type { Store } from '../store/port.ts';

/** @throws CausewayError `store-damaged` with the endpoints, `store-unavailable` */
export async function refuseRowsPutBack(
  store: Pick<Store, 'readDirectory' | 'readNewestChanges'>,
): Promise<void> {
  // Before the rows: what another gateway changes meanwhile is newer in them, and never older.
  const newest = await store.readNewestChanges();
  const { entries, leaves } = await store.readDirectory();
  const putBack = entries.filter(
    ({ endpoint }, place) => (newest.get(endpoint) ?? -1) > (leaves[place] ?? -1),
  );
  if (putBack.length === 0) return;
  throw new CausewayError('store-damaged', {
    detail:
      `The directory has an older entry than the audit log tells of ${putBack.map(({ endpoint }) => endpoint).join(', ')}: ` +
      'somebody has put it back.',
  });
}
