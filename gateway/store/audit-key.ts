/** Whether a store was written with the audit key at hand, and still has what opens its leaves with it. */
import { CausewayError } from '../../protocol/errors.ts';
import { houseCase, type Store } from './port.ts';

/** Among so many leaves from the beginning there is one of the gateway's own: it enrolled somebody before anything else. */
export const leavesToTry = 50;

/**
 * With another key no body could be read, and new ones not with the right one.
 * @throws CausewayError `home-invalid`; `store-damaged` where the secret that goes with the key is gone from the store
 */
export async function refuseOtherAuditKey(store: Pick<Store, 'readLeaves'>): Promise<void> {
  let own = 0;
  let withoutSecret = 0;
  // One that does not open may have been changed in the store; that none does is the key.
  for (let index = 0; index < leavesToTry; index++) {
    const [leaf] = await store.readLeaves(index, 1);
    if (leaf === undefined) break;
    if (leaf.case !== houseCase) continue;
    if (leaf.opening !== undefined) return;
    own++;
    if (leaf.tampered === 'secret-gone') withoutSecret++;
  }
  if (own === 0) return;
  if (withoutSecret === own) {
    throw new CausewayError('store-damaged', {
      detail:
        "The secret that opens the gateway's own leaves is gone from it, so nobody could read what the log stands for. " +
        'Put a backup of the store in its place; audit.key stays.',
    });
  }
  throw new CausewayError('home-invalid', {
    detail:
      'audit.key is not the one that the store was written with, so nobody could read what the log stands for. ' +
      'Put the one from the backup in its place.',
  });
}
