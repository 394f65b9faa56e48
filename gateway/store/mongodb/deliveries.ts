/** Deliveries on their way to an end: delivered, settled by the recipient, or expired. */
import type { Digest } from '../../../protocol/ids.ts';
import { digestOf } from '../../../protocol/proof/merkle.ts';
import type { DeliveryId, DeliveryState, Settlement, SettlementResult } from '../port.ts';
import { deliveryReceipt } from '../statements.ts';
import type { DeliveryDocument, MessageDocument } from './documents.ts';
import type { Draft } from './draft.ts';
import type { OperationOf, Results } from './operations.ts';

type Receipt = Settlement['receipts'][number];

export function markDelivered(draft: Draft, deliveries: readonly DeliveryId[]): void {
  for (const id of deliveries) {
    const delivery = draft.deliveries.get(id);
    if (delivery?.state !== 'queued') continue;
    draft.changeDelivery(delivery, {
      state: 'delivered',
      deliveredAt: draft.at,
      deliveredRecord: draft.nextRecord,
    });
    tellSender(draft, 'delivered', delivery);
  }
}

export function settle(
  draft: Draft,
  { recipient, group, receipts }: OperationOf<'settle'>,
): SettlementResult['outcome'] {
  const found = receipts.map((receipt) => findDelivery(draft, recipient, receipt));
  const source = found[0]?.source;
  if (source === undefined || found.some((delivery) => delivery?.source !== source)) return 'unmatched';
  let changes = 0;
  const digest = digestOf(group);
  const first = draft.nextRecord;
  for (const [index, { kind }] of receipts.entries()) {
    // Read again: the same delivery may stand there twice.
    const delivery = draft.deliveries.get(found[index]?._id ?? 0);
    if (delivery === undefined || !mayBecome(delivery.state, kind)) continue;
    draft.changeDelivery(delivery, { state: kind, settledAt: draft.at, settledRecord: draft.nextRecord });
    note(draft, kind, delivery, digest);
    changes++;
  }
  if (changes === 0) return 'repeated';
  draft.settledGroups.push({ _id: first, bytes: group });
  draft.passOn(source, group);
  return 'settled';
}

export function expire(draft: Draft, { now, limit }: OperationOf<'expire'>): Results['expire'] {
  const isDue = ({ expiresAt }: DeliveryDocument, index: number): boolean =>
    index < limit && expiresAt <= now;
  const due = draft.due.filter(isDue);
  endDeliveries(draft, due);
  return { expired: due.map(({ _id }) => _id), nextDueAt: draft.due[due.length]?.expiresAt ?? null };
}

/** Ends open deliveries as expired. */
export function endDeliveries(draft: Draft, deliveries: readonly DeliveryDocument[]): void {
  for (const delivery of deliveries) {
    draft.changeDelivery(delivery, {
      state: 'expired',
      settledAt: draft.at,
      settledRecord: draft.nextRecord,
    });
    tellSender(draft, 'expired', delivery);
  }
}

/** True where the delivery that the caller names is the one that the receipt is about. */
export function isNamedRightly(
  draft: Draft,
  recipient: Settlement['recipient'],
  { message, envelopeDigest, delivery }: Receipt,
): boolean {
  const named = draft.deliveries.get(delivery ?? 0);
  return named?.recipient === recipient && named.message === message && named.digest.equals(envelopeDigest);
}

/** The delivery to this recipient of the message that the receipt is about, or undefined. */
export function deliveryByMessage(
  messages: readonly MessageDocument[],
  recipient: Settlement['recipient'],
  { envelopeDigest }: Receipt,
): DeliveryId | undefined {
  const message = messages.find(
    ({ digest, recipients }) => digest.equals(envelopeDigest) && recipients?.includes(recipient) === true,
  );
  if (message?.firstDelivery === undefined || message.recipients === undefined) return undefined;
  return message.firstDelivery + message.recipients.indexOf(recipient);
}

function findDelivery(
  draft: Draft,
  recipient: Settlement['recipient'],
  receipt: Receipt,
): DeliveryDocument | undefined {
  if (isNamedRightly(draft, recipient, receipt)) return draft.deliveries.get(receipt.delivery ?? 0);
  const id = deliveryByMessage(draft.messagesOf(receipt.message), recipient, receipt);
  return draft.deliveries.get(id ?? 0);
}

/** Final states stay, with one exception: what expired here may have reached the recipient all the same. */
function mayBecome(state: DeliveryState, kind: Receipt['kind']): boolean {
  return state === 'queued' || state === 'delivered' || (state === 'expired' && kind === 'stored');
}

function tellSender(draft: Draft, kind: 'delivered' | 'expired', delivery: DeliveryDocument): void {
  note(draft, kind, delivery);
  draft.tell(delivery.source, deliveryReceipt(kind, delivery, draft.at));
}

function note(
  draft: Draft,
  state: Exclude<DeliveryState, 'queued'>,
  { record: of, nth }: DeliveryDocument,
  receipt?: Digest,
): void {
  draft.leaves.delivery(state, { of, nth, receipt }, draft.at);
}
