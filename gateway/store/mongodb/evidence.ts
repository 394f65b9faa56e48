/** What proves what became of a message, from the documents. */
import type { ClientSession } from 'mongodb';
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import type { MessageEvidence } from '../port.ts';
import type { Collections, DeliveryDocument, MessageDocument } from './documents.ts';
import { entriesUntil, messagesOfId } from './keys.ts';

const nothing = Buffer.alloc(0);

/** See `Store.readEvidence`. */
export async function readEvidence(
  collections: Collections,
  id: MessageId,
  session: ClientSession,
): Promise<MessageEvidence[]> {
  const messages = await collections.message
    .find(messagesOfId(id), { session })
    .sort({ record: 1 })
    .toArray();
  const evidence: MessageEvidence[] = [];
  for (const message of messages) evidence.push(await evidenceOf(collections, id, message, session));
  return evidence;
}

async function evidenceOf(
  collections: Collections,
  id: MessageId,
  message: MessageDocument,
  session: ClientSession,
): Promise<MessageEvidence> {
  const { record, firstDelivery = 0, recipients = [], unit = nothing } = message;
  const { source } = message._id;
  const found = await collections.delivery
    .find({ _id: { $gte: firstDelivery, $lt: firstDelivery + recipients.length } }, { session })
    .sort({ _id: 1 })
    .toArray();
  const moments = [
    [source, record] as const,
    ...found.flatMap(({ recipient, settledRecord = record }) =>
      [record, settledRecord].map((at) => [recipient, at] as const),
    ),
  ];
  const directory = new Set<number>();
  for (const [endpoint, at] of moments) {
    const leaf = await entryInForce(collections, endpoint, at, session);
    if (leaf !== undefined) directory.add(leaf);
  }
  const deliveries: MessageEvidence['deliveries'][number][] = [];
  for (const delivery of found) {
    const { recipient, state, deliveredRecord = null, settledRecord = null } = delivery;
    const group = await signedGroup(collections, delivery, session);
    deliveries.push({ recipient, state, deliveredRecord, settledRecord, group });
  }
  return { id, source, record, unit, directory: [...directory], deliveries };
}

async function entryInForce(
  { directoryChange }: Collections,
  endpoint: EndpointAddress,
  at: number,
  session: ClientSession,
): Promise<number | undefined> {
  const last = await directoryChange.findOne(entriesUntil(endpoint, at), { session, sort: { _id: -1 } });
  return last?._id.record;
}

/** A group stands under the first of the leaves that it brought about. */
async function signedGroup(
  { settledGroup }: Collections,
  { state, settledRecord }: DeliveryDocument,
  session: ClientSession,
): Promise<Buffer | undefined> {
  if ((state !== 'stored' && state !== 'refused') || settledRecord === undefined) return undefined;
  const group = await settledGroup.findOne({ _id: { $lte: settledRecord } }, { session, sort: { _id: -1 } });
  return group?.bytes;
}
