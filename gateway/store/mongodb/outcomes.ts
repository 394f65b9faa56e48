/** What is kept of the first outcome of ids, to be held against the log. */
import { isDeepStrictEqual } from 'node:util';
import type { ClientSession, Filter } from 'mongodb';
import type { MessageId } from '../../../protocol/ids.ts';
import { digestOf } from '../../../protocol/proof/merkle.ts';
import { matterOf } from '../accepted-unit.ts';
import type { DeliveryId, KeptCount, KeptDelivery, KeptGroup, KeptOutcome, OutcomePortion } from '../port.ts';
import { digestText } from '../statements.ts';
import type { Collections, DeliveryDocument, MessageDocument } from './documents.ts';
import { idOf, messageIdOf, messagesOfId } from './keys.ts';
import { countLeaves } from './leaves.ts';

/** What one reading looks at, about. */
const maxReadBytes = 1024 * 1024;
/** How many ids are looked up at once. */
const idsAtOnce = 64;

/** See `Store.readOutcomes`. */
export async function readOutcomes(
  collections: Collections,
  ids: readonly MessageId[],
  session: ClientSession,
): Promise<OutcomePortion> {
  const outcomes: KeptOutcome[] = [];
  let [looked, bytes] = [0, 0];
  while (looked < ids.length && bytes < maxReadBytes) {
    const some = ids.slice(looked, looked + idsAtOnce);
    const sizes = await sizesOf(some, collections.message, session);
    const end = some.findIndex((id) => (bytes += sizes.get(id) ?? 0) >= maxReadBytes);
    const within = end < 0 ? some : some.slice(0, end + 1);
    const messages = await collections.message.find(ofIds(within), { session, hint: '_id_' }).toArray();
    outcomes.push(...(await outcomesOf(messages, collections.delivery, session)));
    looked += within.length;
  }
  return { outcomes, looked };
}

/** Said with each reading: the client's own read concern would take its place, and each would be of another moment. */
const atOneMoment = { readConcern: { level: 'snapshot' } } as const;

/** See `Store.countKept`. @param session in which all that is asked is of one moment */
export async function countKept(
  { block, message, delivery }: Collections,
  session: ClientSession,
): Promise<KeptCount> {
  const leaves = await countLeaves(block, session, atOneMoment);
  const asked = { session, hint: '_id_', ...atOneMoment } as const;
  const messages = await message.countDocuments({}, asked);
  return { messages, deliveries: await delivery.countDocuments({}, asked), leaves };
}

/** See `Store.readKeptGroups`. */
export async function readKeptGroups(
  { settledGroup }: Collections,
  from: number,
  to: number,
  session: ClientSession,
): Promise<KeptGroup[]> {
  const range = { _id: { $gte: from, $lt: to } };
  const found = settledGroup.find(range, { session, hint: '_id_', batchSize: 64 }).sort({ _id: 1 });
  const groups: KeptGroup[] = [];
  // One by one: together they may be large.
  for await (const { _id: leaf, bytes } of found) groups.push({ leaf, digest: digestOf(bytes) });
  return groups;
}

/** How large the documents of each id are together, in bytes. */
async function sizesOf(
  ids: readonly MessageId[],
  messages: Collections['message'],
  session: ClientSession,
): Promise<ReadonlyMap<MessageId, number>> {
  const sizes = new Map<MessageId, number>();
  const found = messages
    .find(ofIds(ids), { session, hint: '_id_' })
    .project<Pick<MessageDocument, '_id'> & { bytes: number }>({ bytes: { $bsonSize: '$$ROOT' } });
  for await (const { _id, bytes } of found) {
    const id = messageIdOf(_id);
    sizes.set(id, (sizes.get(id) ?? 0) + bytes);
  }
  return sizes;
}

function ofIds(ids: readonly MessageId[]): Filter<MessageDocument> {
  return { $or: ids.map(messagesOfId) };
}

/** What a delivery repeats of its message, and how far it has come. */
const heldFields = {
  ...{ _id: 1, message: 1, source: 1, digest: 1, recipient: 1, lane: 1, expiresAt: 1, record: 1, nth: 1 },
  ...{ state: 1, open: 1, deliveredAt: 1, deliveredRecord: 1, settledAt: 1, settledRecord: 1 },
} as const;
type HeldDelivery = Pick<DeliveryDocument, keyof typeof heldFields>;
type HeldDeliveries = ReadonlyMap<DeliveryId, HeldDelivery>;

async function outcomesOf(
  messages: readonly MessageDocument[],
  deliveries: Collections['delivery'],
  session: ClientSession,
): Promise<KeptOutcome[]> {
  const held = new Map<DeliveryId, HeldDelivery>();
  const ranges = messages.flatMap(({ firstDelivery, recipients }) =>
    firstDelivery === undefined || recipients === undefined
      ? []
      : [{ _id: { $gte: firstDelivery, $lt: firstDelivery + recipients.length } }],
  );
  if (ranges.length > 0) {
    const asked = { session, hint: '_id_' } as const;
    const found = deliveries.find({ $or: ranges }, asked).project<HeldDelivery>(heldFields);
    for await (const delivery of found) held.set(delivery._id, delivery);
  }
  return messages.map((message) => outcomeOf(message, held));
}

function outcomeOf(message: MessageDocument, held: HeldDeliveries): KeptOutcome {
  const { record, digest, at, refusal, expiresAt, lane, category, severity, unit, listening } = message;
  const { firstDelivery = 0, recipients } = message;
  const deliveries = recipients?.map((_, nth) => held.get(firstDelivery + nth)) ?? [];
  const isUnderWay = deliveries.some((delivery) => delivery?.open === true);
  const areItsOwn = deliveries.every((delivery, nth) => delivery && isOf(message, delivery, nth));
  const [id, source] = [messageIdOf(message._id), message._id.source];
  const thread = message.thread && idOf(message.thread);
  return {
    ...{ message: id, source, leaf: record, at, envelope: digestText(digest), refusal },
    matter: matterOf({ id, source, expiresAt, category, severity, thread, unit, digest }, isUnderWay),
    ...{ lane, recipients: areItsOwn ? recipients : undefined, listening },
    deliveries: deliveries.map((delivery, nth) =>
      delivery && isPlacedIn(message, delivery, nth) ? keptDelivery(delivery) : undefined,
    ),
  };
}

function keptDelivery(held: HeldDelivery): KeptDelivery {
  const { recipient, state, open, deliveredAt, deliveredRecord, settledAt, settledRecord } = held;
  return {
    ...{ recipient, state, isOpen: open === true },
    delivered: { at: deliveredAt ?? null, leaf: deliveredRecord ?? null },
    settled: { at: settledAt ?? null, leaf: settledRecord ?? null },
  };
}

/** @param nth which of the message's deliveries it is, from 0 */
function isOf(message: MessageDocument, held: HeldDelivery, nth: number): boolean {
  const { digest, lane, expiresAt, recipients } = message;
  const repeated = [held.message, held.source, held.digest, held.recipient, held.lane, held.expiresAt];
  const id = messageIdOf(message._id);
  return (
    isPlacedIn(message, held, nth) &&
    isDeepStrictEqual(repeated, [id, message._id.source, digest, recipients?.[nth], lane, expiresAt])
  );
}

function isPlacedIn({ record }: MessageDocument, held: HeldDelivery, nth: number): boolean {
  return held.record === record && held.nth === nth;
}
