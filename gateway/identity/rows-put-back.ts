/**
 * Rows of the directory that were put back to an older entry, as to have a revoked endpoint come back. The entry is
 * genuine, and so is its leaf; but beside the rows the store notes each leaf that changed one. Cheap enough for a start;
 * whoever edits the notes as well is found by `gateway check` alone, which reads the whole log.
 */
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { DirectorySnapshot } from '../store/port.ts';

/**
 * @param newest the newest leaf about each endpoint, read before the directory: what another gateway changes in between is
 *   newer in the rows, and never older
 * @throws CausewayError `store-damaged` with the endpoints
 */
export function refuseRowsPutBack(
  { entries, leaves }: DirectorySnapshot,
  newest: ReadonlyMap<EndpointAddress, number>,
): void {
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
