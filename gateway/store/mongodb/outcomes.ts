/** What is kept of the first outcome of ids, to be held against the log. */
import type { ClientSession } from 'mongodb';
import type { MessageId } from '../../../protocol/ids.ts';
import { matterOf } from '../accepted-unit.ts';
import type { KeptOutcome, OutcomePortion } from '../port.ts';
import { digestText } from '../statements.ts';
import type { Collections, MessageDocument } from './documents.ts';
import { idOf, messageIdOf, messagesOfId } from './keys.ts';

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
    const messages = await collections.message
      .find({ $or: some.map(messagesOfId) }, { session, hint: '_id_' })
      .toArray();
    outcomes.push(...(await outcomesOf(messages, collections.delivery, session)));
    for (const { unit } of messages) bytes += unit?.byteLength ?? 0;
    looked += some.length;
  }
  return { outcomes, looked };
}

async function outcomesOf(
  messages: readonly MessageDocument[],
  deliveries: Collections['delivery'],
  session: ClientSession,
): Promise<KeptOutcome[]> {
  const ranges = messages.flatMap(({ firstDelivery, recipients }) =>
    firstDelivery === undefined || recipients === undefined
      ? []
      : [{ _id: { $gte: firstDelivery, $lt: firstDelivery + recipients.length } }],
  );
  if (ranges.length === 0) return messages.map((message) => outcomeOf(message, []));
  const open = await deliveries
    .find({ $or: ranges, open: true }, { session, hint: '_id_', projection: { _id: 1 } })
    .map(({ _id }) => _id)
    .toArray();
  return messages.map((message) => outcomeOf(message, open));
}

/** @param open deliveries that have not come to an end */
function outcomeOf(message: MessageDocument, open: readonly number[]): KeptOutcome {
  const { record, digest, at, refusal, expiresAt, lane, category, severity, unit, listening } = message;
  const { firstDelivery = 0, recipients } = message;
  const end = firstDelivery + (recipients?.length ?? 0);
  const isUnderWay = open.some((id) => id >= firstDelivery && id < end);
  const [id, source] = [messageIdOf(message._id), message._id.source];
  const thread = message.thread && idOf(message.thread);
  return {
    ...{ message: id, source, leaf: record, at, envelope: digestText(digest), refusal },
    matter: matterOf({ id, source, expiresAt, category, severity, thread, unit, digest }, isUnderWay),
    ...{ lane, recipients, listening },
  };
}
