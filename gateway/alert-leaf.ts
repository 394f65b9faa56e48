/** Finds the leaf `alert.raised` of an alert that was sent. */
import type { MessageId } from '../protocol/ids.ts';
import { readAlertRecord, type AlertRecord } from './correlator/alert-record.ts';
import type { Store } from './store/port.ts';

const leavesAtOnce = 500;

/**
 * It stands soon after the leaf of the acceptance, unless a crash came between.
 * @param acceptance index of the leaf of the acceptance
 * @returns undefined where there is none, or its case was erased
 */
export async function findAlertLeaf(
  store: Pick<Store, 'readLeaves'>,
  id: MessageId,
  acceptance: number,
): Promise<AlertRecord | undefined> {
  for (let from = acceptance + 1; ;) {
    const leaves = await store.readLeaves(from, leavesAtOnce);
    for (const { entry } of leaves) {
      if (entry.kind === 'alert.raised' && entry.message === id) return readAlertRecord(entry);
    }
    const last = leaves.at(-1);
    if (last === undefined) return undefined;
    from = last.index + 1;
  }
}
