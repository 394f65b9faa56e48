/** Finds what the log says of an alert that was sent. */
import { correlatorAddress, type MessageId } from '../../protocol/ids.ts';
import { readAlertRecord, type AlertRecord } from '../correlator/alert-record.ts';
import type { RecordEntry, Store } from '../store/port.ts';

type LeafStore = Pick<Store, 'readLeaves'>;

/** What is looked for mostly stands among the first few: each leaf that is read has to be opened. */
const leavesAtFirst = 16;
const leavesAtOnce = 500;
/** Further on nothing is looked for: more than a gateway writes before it has recorded again what a crash kept from it. */
const leavesInAll = 100_000;

/**
 * The leaf `alert.raised`. It stands soon after the leaf of the acceptance, unless a crash came between.
 * @param acceptance index of the leaf of the acceptance
 * @returns undefined where there is none that can be read
 */
export async function findAlertLeaf(
  store: LeafStore,
  id: MessageId,
  acceptance: number,
): Promise<AlertRecord | 'erased' | undefined> {
  const found = await findFrom(store, acceptance, 'alert.raised', id);
  return found === undefined || found === 'erased' ? found : readAlertRecord(found);
}

/** What it says of an alert that was sent under this id; undefined also where its case was erased. */
export async function findSentAlert(
  store: LeafStore & Pick<Store, 'readMessage'>,
  id: MessageId,
): Promise<AlertRecord | undefined> {
  const sent = await store.readMessage(correlatorAddress, id);
  const found = sent && (await findAlertLeaf(store, id, sent.record));
  return found === 'erased' ? undefined : found;
}

/**
 * Whether nothing more is to be recorded of an alert that was sent: the leaf `alert.raised` stands, or its case was
 * erased, and another leaf would tell again what nobody is to know.
 * @param acceptance index of the leaf of the acceptance
 */
export async function isAlertTold(store: LeafStore, id: MessageId, acceptance: number): Promise<boolean> {
  return (await findFrom(store, acceptance, 'alert.raised', id)) !== undefined;
}

/**
 * Whether nothing more is to be recorded of a reminder that was sent: the leaf `alert.overdue`, which is written right
 * after it was accepted, stands, or its case was erased.
 * @param reminder index of the leaf of that acceptance
 */
export async function isOverdueOnRecord(store: LeafStore, id: MessageId, reminder: number): Promise<boolean> {
  return (await findFrom(store, reminder, 'alert.overdue', id)) !== undefined;
}

/**
 * The leaf of this kind about an alert, behind the acceptance that it follows.
 * @returns `erased` where the acceptance was: what followed it has no body any more, and would be looked for to the end
 */
async function findFrom(
  store: LeafStore,
  acceptance: number,
  wanted: string,
  id: MessageId,
): Promise<RecordEntry | 'erased' | undefined> {
  let limit = leavesAtFirst;
  for (let from = acceptance; from < acceptance + leavesInAll; limit = leavesAtOnce) {
    const leaves = await store.readLeaves(from, limit);
    const [first] = leaves;
    if (from === acceptance && first?.index === acceptance && first.erased) return 'erased';
    const found = leaves.find(({ entry: { kind, message } }) => kind === wanted && message === id);
    if (found !== undefined) return found.entry;
    const last = leaves.at(-1);
    if (last === undefined) return undefined;
    from = last.index + 1;
  }
  return undefined;
}
