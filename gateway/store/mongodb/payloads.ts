/** Payloads whose time is over: which are still kept, and taking them out of their messages. */
import type { AnyBulkWriteOperation, ClientSession } from 'mongodb';
import type { KeptPayload, PayloadPortion } from '../port.ts';
import { retirementLine, withoutPayload } from '../retired-unit.ts';
import type { Collections, DeliveryDocument, MessageDocument } from './documents.ts';
import type { Draft, EndedMessage } from './draft.ts';
import { messageIdOf, messageKey } from './keys.ts';
import type { Access } from './load.ts';
import type { OperationOf } from './operations.ts';

type KeptMessage = Required<Pick<MessageDocument, 'at' | 'record' | 'firstDelivery' | 'recipients'>> &
  Pick<MessageDocument, 'category'> & { readonly bytes: number };
type KnownDelivery = Pick<DeliveryDocument, '_id' | 'state' | 'settledAt' | 'unitBytes'>;

const keptFields = {
  at: 1,
  record: 1,
  category: 1,
  firstDelivery: 1,
  recipients: 1,
  bytes: { $binarySize: '$unit' },
} as const;

/** See `Store.readPayloads`. */
export async function readPayloads(
  { message, delivery }: Collections,
  { after, limit, before }: { readonly after: number; readonly limit: number; readonly before: number },
  session: ClientSession,
): Promise<PayloadPortion> {
  const found = await message
    .find<KeptMessage>(
      { record: { $gte: after }, unit: { $exists: true } },
      { session, hint: 'by_record', projection: keptFields },
    )
    .sort({ record: 1 })
    .limit(limit)
    .toArray();
  const end = found.findIndex(({ at }) => at >= before);
  const messages = end < 0 ? found : found.slice(0, end);
  const [first, last] = [messages[0], messages.at(-1)];
  if (first === undefined || last === undefined) return { payloads: [], through: after };
  // Ids of deliveries grow in the order of acceptance.
  const ids = { $gte: first.firstDelivery, $lt: last.firstDelivery + last.recipients.length };
  const deliveries = await delivery
    .find<KnownDelivery>({ _id: ids }, { session, projection: { state: 1, settledAt: 1, unitBytes: 1 } })
    .toArray();
  const byId = new Map(deliveries.map((each) => [each._id, each]));
  const payloads = messages.flatMap((each) => keptPayload(each, byId) ?? []);
  return { payloads, through: last.record + 1 };
}

/** Undefined where the payload went before: a delivery remembers how long the unit was. */
function keptPayload(
  { record, category, firstDelivery, recipients, bytes }: KeptMessage,
  byId: ReadonlyMap<number, KnownDelivery>,
): KeptPayload | undefined {
  const deliveries = recipients.flatMap((_, nth) => byId.get(firstDelivery + nth) ?? []);
  if (category === undefined || bytes < (deliveries[0]?.unitBytes ?? 0)) return undefined;
  const ends = deliveries.flatMap(({ settledAt }) => settledAt ?? []);
  return {
    position: record + 1,
    category,
    unitBytes: bytes,
    endedAt: ends.length === recipients.length ? Math.max(...ends) : null,
    isStored: deliveries.every(({ state }) => state === 'stored'),
  };
}

/** The draft knows the messages. @returns how many payloads it takes */
export function retirePayloads(draft: Draft, { line }: OperationOf<'retire-payloads'>): number {
  draft.retired = draft.ended.flatMap(({ unit, ...message }) => {
    const rest = withoutPayload(unit);
    return rest === undefined ? [] : [{ ...message, unit: rest }];
  });
  if (draft.retired.length === 0) return 0;
  const leaves = draft.retired.map(({ record }) => record);
  draft.leaves.entry(retirementLine(line, leaves), draft.at);
  return leaves.length;
}

export async function writeRetirement(
  retired: readonly EndedMessage[],
  { collections, session }: Access,
): Promise<void> {
  if (retired.length === 0) return;
  const updates = retired.map(({ _id, unit }): AnyBulkWriteOperation<MessageDocument> => ({
    updateOne: { filter: { _id: messageKey(_id.source, messageIdOf(_id)) }, update: { $set: { unit } } },
  }));
  await collections.message.bulkWrite(updates, { session });
}
