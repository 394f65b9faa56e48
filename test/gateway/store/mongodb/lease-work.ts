/** What gateways do one at a time: whoever holds the lease writes under it until it is refused, and looks at no clock. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../../../gateway/store/port.ts';
import { isCausewayError } from '../../../../protocol/errors.ts';

const leaseName = 'fault-run';
/** Others may have it after so long, while its holder still writes. */
export const leaseMs = 1_000;
const pauseMs = 50;

/** @param onHolding told after each write under the lease; @param onLost when a write was refused */
export async function workUnderLease(
  store: Pick<Store, 'takeLease' | 'appendRecords'>,
  isEnded: () => boolean,
  onHolding: () => void,
  onLost: () => void,
): Promise<void> {
  while (!isEnded()) {
    try {
      const lease = await store.takeLease(leaseName, leaseMs);
      while (lease !== undefined && !isEnded()) {
        await store.appendRecords([{ kind: 'test.happened', epoch: lease.epoch }], lease);
        onHolding();
        await sleep(pauseMs);
      }
    } catch (error) {
      if (isCausewayError(error, 'lease-lost')) onLost();
      else if (!isCausewayError(error, 'store-unavailable')) throw error;
    }
    await sleep(pauseMs);
  }
}
