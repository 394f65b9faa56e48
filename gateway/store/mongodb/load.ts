/** Reads into a draft what its operations need to know, in as few questions as possible. */
import { Binary, type ClientSession, type Filter } from 'mongodb';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import { unreadableId } from '../../../protocol/wire/receipt.ts';
import { claimedKeys } from '../claimed-keys.ts';
import { houseCase, openDeliveriesWanted, type CaseId, type DeliveryId } from '../port.ts';
import { caseOfLeaf } from '../stored-leaf.ts';
import { isSameSecret, type FoundBodies } from './case-bodies.ts';
import { deliveryByMessage, isNamedRightly } from './deliveries.ts';
import type { Collections, DeliveryDocument, MessageDocument } from './documents.ts';
import type { CaseMessage, Draft, EndedMessage } from './draft.ts';
import { idBinary, idOf, messageIdOf, messageKey, messagesOfId } from './keys.ts';
import { blocksFrom } from './leaf-runs.ts';
import type { Operation, OperationOf } from './operations.ts';
import type { RefusalBlocks } from './refusal-blocks.ts';

/** Collections, and the transaction in which they are read and written. */
export type Access = { readonly collections: Collections; readonly session: ClientSession };

type Settle = OperationOf<'settle'>;

const deliveriesAtOnce = 10_000;

const fieldsOfCase = {
  record: 1,
  category: 1,
  firstDelivery: 1,
  recipients: 1,
  bytes: { $binarySize: '$unit' },
} as const;
type MessageOfCase = Pick<MessageDocument, '_id' | 'record' | 'category' | 'firstDelivery' | 'recipients'> & {
  readonly bytes: number | null;
};

/**
 * One after the other: a transaction takes one question at a time.
 * @throws UnfetchedBlocks
 */
export async function load(
  draft: Draft,
  operations: readonly Operation[],
  access: Access,
  blocks: RefusalBlocks,
): Promise<void> {
  await loadFirstOutcomes(draft, operations, access);
  takeRefusals(draft, operations, blocks);
  await loadSecrets(draft, [...casesOf(operations), ...repeatedCases(draft, operations)], access);
  await loadDeliveries(draft, operations, access);
  for (const operation of operations) {
    if (operation.type === 'expire') await loadDue(draft, operation, access);
    if (operation.type === 'enrol') {
      await loadPermit(draft, operation.secretDigest, access);
      draft.areKeysTaken = await areKeysTaken(undefined, operation.entry, access);
    }
    if (operation.type === 'replace-entry') {
      await loadEntry(draft, operation.before.endpoint, access);
      draft.areKeysTaken = await areKeysTaken(operation.before, operation.after, access);
    }
    if (operation.type === 'retire-payloads') draft.ended = await loadEnded(operation, access);
    if (operation.type === 'erase-case') await loadCase(draft, operation, access);
  }
}

/** Reads the secrets of these cases. Cases without one stay unknown. */
export async function loadSecrets(
  draft: Draft,
  cases: Iterable<CaseId>,
  { collections, session }: Access,
): Promise<void> {
  const wanted = [...new Set(cases)].filter((id) => !draft.secrets.has(id));
  if (wanted.length === 0) return;
  const found = collections.caseSecret.find({ _id: { $in: wanted.map(idBinary) } }, { session });
  for await (const { _id, secret } of found) draft.secrets.know(idOf(_id), secret);
}

/** Reads how far the streams of these endpoints have come. Endpoints without a stream stay unknown. */
export async function loadStreams(
  draft: Draft,
  endpoints: Iterable<EndpointAddress>,
  access: Access,
): Promise<void> {
  const wanted = [...new Set(endpoints)].filter((endpoint) => !draft.streams.has(endpoint));
  if (wanted.length === 0) return;
  const { collections, session } = access;
  const found = collections.stream.find({ _id: { $in: wanted } }, { session });
  for (const stream of await found.toArray()) draft.streams.set(stream._id, stream);
}

/** The cases that leaves of these operations may belong to. */
function* casesOf(operations: readonly Operation[]): Generator<CaseId> {
  yield houseCase;
  for (const operation of operations) {
    if (operation.type === 'append-records' && operation.of !== undefined) yield operation.of;
    if (operation.type !== 'submit') continue;
    for (const { thread } of operation.messages) if (thread !== undefined) yield thread;
  }
}

async function loadFirstOutcomes(
  draft: Draft,
  operations: readonly Operation[],
  access: Access,
): Promise<void> {
  const keys = operations.flatMap((operation) =>
    operation.type === 'submit'
      ? operation.messages
          .filter(
            ({ id, ...message }) => message.verdict === 'accept' || (message.final && id !== unreadableId),
          )
          .map(({ id }) => messageKey(operation.source, id))
      : [],
  );
  if (keys.length > 0) await loadMessages(draft, { _id: { $in: keys } }, access);
}

/** Messages whose ids come again, with what became of them, and whether the envelope is the same. */
function* repeated(
  draft: Draft,
  operations: readonly Operation[],
): Generator<{ readonly before: MessageDocument; readonly isSame: boolean }> {
  for (const operation of operations) {
    if (operation.type !== 'submit') continue;
    for (const { id, envelopeDigest } of operation.messages) {
      const before = draft.message(operation.source, id);
      if (before !== undefined) yield { before, isSame: envelopeDigest.equals(before.digest) };
    }
  }
}

/** What was refused is told again as its leaf says it. */
function takeRefusals(draft: Draft, operations: readonly Operation[], blocks: RefusalBlocks): void {
  const records = [...repeated(draft, operations)].flatMap(({ before: { refusal, record }, isSame }) =>
    refusal !== undefined && isSame ? [record] : [],
  );
  for (const [record, row] of blocks.of(records)) draft.refusals.set(record, row);
}

/** The cases of messages whose ids come again: the leaf about another envelope is of the case, as is what was refused. */
function* repeatedCases(draft: Draft, operations: readonly Operation[]): Generator<CaseId> {
  for (const { before, isSame } of repeated(draft, operations)) {
    if (before.thread !== undefined && !isSame) yield idOf(before.thread);
  }
  for (const [record, row] of draft.refusals) {
    const of = caseOfLeaf(row, record);
    if (of !== undefined) yield of;
  }
}

async function loadMessages(draft: Draft, filter: Filter<MessageDocument>, access: Access): Promise<void> {
  const { collections, session } = access;
  const found = collections.message.find(filter, { session, projection: { unit: 0 } });
  for (const message of await found.toArray()) draft.knowMessage(message);
}

async function loadDeliveries(draft: Draft, operations: readonly Operation[], access: Access): Promise<void> {
  const named = operations.flatMap((operation): readonly DeliveryId[] => {
    if (operation.type === 'mark-delivered') return operation.deliveries;
    return operation.type === 'settle' ? operation.receipts.flatMap(({ delivery }) => delivery ?? []) : [];
  });
  await loadDeliveriesById(draft, named, access);
  const settlements = operations.filter((operation): operation is Settle => operation.type === 'settle');
  const unnamed = settlements.flatMap(({ recipient, receipts }) =>
    receipts
      .filter((receipt) => !isNamedRightly(draft, recipient, receipt))
      .map((receipt) => ({ recipient, receipt })),
  );
  if (unnamed.length === 0) return;
  const ids = new Set(unnamed.map(({ receipt }) => receipt.message));
  await loadMessages(draft, { $or: [...ids].map(messagesOfId) }, access);
  const found = unnamed.flatMap(
    ({ recipient, receipt }) =>
      deliveryByMessage(draft.messagesOf(receipt.message), recipient, receipt) ?? [],
  );
  await loadDeliveriesById(draft, found, access);
}

async function loadDeliveriesById(
  draft: Draft,
  ids: readonly DeliveryId[],
  { collections, session }: Access,
): Promise<void> {
  const unknown = [...new Set(ids)].filter((id) => !draft.deliveries.has(id) && id < draft.head.nextDelivery);
  if (unknown.length === 0) return;
  const found = collections.delivery.find({ _id: { $in: unknown } }, { session });
  for (const delivery of await found.toArray()) draft.deliveries.set(delivery._id, delivery);
}

async function loadDue(
  draft: Draft,
  { limit }: OperationOf<'expire'>,
  { collections, session }: Access,
): Promise<void> {
  const soonest = collections.delivery
    .find({ open: true }, { session, hint: 'expiry' })
    .sort({ expiresAt: 1, _id: 1 })
    .limit(limit + 1);
  draft.due = await soonest.toArray();
}

async function loadPermit(
  draft: Draft,
  secretDigest: Buffer,
  { collections, session }: Access,
): Promise<void> {
  const permit = await collections.permit.findOne({ _id: new Binary(secretDigest) }, { session });
  if (permit !== null) draft.permits.set(secretDigest.toString('hex'), permit);
}

async function loadEntry(
  draft: Draft,
  endpoint: EndpointAddress,
  { collections, session }: Access,
): Promise<void> {
  const entry = await collections.entry.findOne({ _id: endpoint }, { session });
  if (entry !== null) draft.entries.set(endpoint, entry);
}

/**
 * Entries are texts, so the server looks through all others: some milliseconds for thousands, at an enrolment or a new
 * subkey only. What is read here still holds at the commit, as for everything in a draft.
 */
async function areKeysTaken(
  before: DirectoryEntry | undefined,
  after: DirectoryEntry,
  { collections, session }: Access,
): Promise<boolean> {
  const claimed = claimedKeys(before, after);
  if (claimed === undefined) return false;
  const { encryptionKey: previousEncryptionKey } = claimed;
  const members = Object.entries({ ...claimed, previousEncryptionKey }).filter(([, key]) => key !== null);
  const texts = members.map((member) => JSON.stringify(Object.fromEntries([member])).slice(1, -1));
  const holdsOne = { $or: texts.map((text) => ({ $ne: [{ $indexOfBytes: ['$entry', text] }, -1] })) };
  const other = await collections.entry.findOne(
    { _id: { $ne: after.endpoint }, $expr: holdsOne },
    { session, projection: { _id: 1 } },
  );
  return other !== null;
}

/** The messages at these positions that are no longer under way. */
async function loadEnded(
  { positions }: OperationOf<'retire-payloads'>,
  { collections, session }: Access,
): Promise<EndedMessage[]> {
  const records = positions.map((position) => position - 1);
  const messages = await collections.message
    .find<EndedMessage & Required<Pick<MessageDocument, 'firstDelivery' | 'recipients'>>>(
      { record: { $in: records }, unit: { $exists: true } },
      { session, hint: 'by_record', projection: { record: 1, firstDelivery: 1, recipients: 1, unit: 1 } },
    )
    .sort({ record: 1 })
    .toArray();
  const ids = messages.flatMap(({ firstDelivery, recipients }) =>
    recipients.map((_, nth) => firstDelivery + nth),
  );
  const open = await collections.delivery
    .find({ _id: { $in: ids }, open: true }, { session, hint: '_id_', projection: { _id: 1 } })
    .toArray();
  const isOpen = new Set(open.map(({ _id }) => _id));
  return messages.filter(
    ({ firstDelivery, recipients }) => !recipients.some((_, nth) => isOpen.has(firstDelivery + nth)),
  );
}

/** What the store holds of the case that is to be erased. */
async function loadCase(
  draft: Draft,
  { id, underWay, found }: OperationOf<'erase-case'>,
  access: Access,
): Promise<void> {
  // Read again: what is remembered may have been deleted beside the gateways, and the erasure says so.
  draft.secrets.forget(id);
  await loadSecrets(draft, [id], access);
  const { collections, session } = access;
  const ofCase = collections.message.find<MessageOfCase>(
    { thread: idBinary(id) },
    { session, projection: fieldsOfCase },
  );
  const deliveries: DeliveryId[] = [];
  const messages: CaseMessage[] = [];
  let emptied = 0;
  for await (const { _id, record, category, bytes, firstDelivery = 0, recipients = [] } of ofCase) {
    // None of these is under way any more.
    if (category === undefined && bytes === 0) {
      emptied++;
      continue;
    }
    messages.push({ _id: messageKey(_id.source, messageIdOf(_id)), record });
    recipients.forEach((_, nth) => deliveries.push(firstDelivery + nth));
  }
  const open = await openAmong(deliveries, openDeliveriesWanted(underWay), access);
  draft.caseState = { messages, emptied, open, bodies: await bodiesSince(draft, id, found, access) };
}

/** What was found before the transaction, and what has come since. */
async function bodiesSince(
  draft: Draft,
  id: CaseId,
  found: FoundBodies | undefined,
  { collections, session }: Access,
): Promise<readonly number[] | undefined> {
  const secret = draft.knownSecrets.get(id);
  if (secret === undefined) return [];
  if (found === undefined || !isSameSecret(found.secret, secret)) return undefined;
  const open = draft.openBodies(id, secret);
  for await (const block of blocksFrom(collections.block, found.asOf, ['at', 'bodies'], session))
    open.take(block);
  return [...found.leaves, ...open.leaves];
}

/** Those of the deliveries that are open, until as many are found as are wanted. */
async function openAmong(
  ids: readonly DeliveryId[],
  wanted: number,
  { collections, session }: Access,
): Promise<readonly DeliveryDocument[]> {
  const open: DeliveryDocument[] = [];
  for (let from = 0; from < ids.length && open.length < wanted; from += deliveriesAtOnce) {
    const some = { $in: ids.slice(from, from + deliveriesAtOnce) };
    const found = collections.delivery.find({ _id: some, open: true }, { session, hint: '_id_' });
    for await (const delivery of found) {
      open.push(delivery);
      if (open.length >= wanted) break;
    }
  }
  return open;
}
