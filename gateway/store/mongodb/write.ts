/** Writes a draft, in its transaction. */
import type { AnyBulkWriteOperation } from 'mongodb';
import type { StreamChanges } from './carry-out.ts';
import type { AcceptanceDocument, BlockDocument, DeliveryDocument, StreamDocument } from './documents.ts';
import type { DeliveryChange, Draft } from './draft.ts';
import { writeErasure } from './erasure.ts';
import { groupsBetween, idBinary } from './keys.ts';
import type { Access } from './load.ts';
import { writeMarks } from './marks.ts';
import { writeRetirement } from './payloads.ts';

/** What was made of the draft. */
export type Written = {
  readonly block: BlockDocument;
  readonly acceptances: readonly AcceptanceDocument[];
  readonly streams: StreamChanges;
};

/**
 * The block goes first: where another gateway has added one at this height, or is about to, the transaction ends
 * here and nothing else was written in vain.
 */
export async function write(
  draft: Draft,
  { block, acceptances, streams }: Written,
  access: Access,
): Promise<void> {
  const { collections, session } = access;
  await collections.block.insertOne(block, { session });
  if (draft.newMessages.length > 0) await collections.message.insertMany(draft.newMessages, { session });
  if (acceptances.length > 0) await collections.acceptance.insertMany(acceptances, { session });
  const deliveries = draft.newDeliveries.flatMap((id) => draft.deliveries.get(id) ?? []);
  if (deliveries.length > 0) await collections.delivery.insertMany(deliveries, { session });
  const changes = [...deliveryUpdates(draft.deliveryChanges)];
  if (changes.length > 0) await collections.delivery.bulkWrite(changes, { session });
  await writeStreams(draft, streams, access);
  await writeAdministration(draft, access);
  await writeRetirement(draft.retired, access);
  await writeMarks(draft.marks, access);
  await writeCases(draft, access);
}

async function writeStreams(
  draft: Draft,
  { groups, forgotten }: StreamChanges,
  { collections, session }: Access,
): Promise<void> {
  const touched = new Set([...draft.told.keys(), ...forgotten.map(([endpoint]) => endpoint)]);
  const states = [...touched].map((endpoint): AnyBulkWriteOperation<StreamDocument> => {
    const { last, forgotten: mark } = draft.streams.get(endpoint) ?? { last: 0, forgotten: 0 };
    const update = { $set: { last, forgotten: mark } };
    return { updateOne: { filter: { _id: endpoint }, update, upsert: true } };
  });
  if (states.length > 0) await collections.stream.bulkWrite(states, { session });
  const { settledGroups } = draft;
  if (settledGroups.length > 0) await collections.settledGroup.insertMany(settledGroups, { session });
  const fresh = groups.map(({ document }) => document);
  if (fresh.length > 0) await collections.receiptGroup.insertMany(fresh, { session });
  for (const [endpoint, through] of forgotten) {
    await collections.receiptGroup.deleteMany(groupsBetween(endpoint, 0, through), { session });
  }
}

/** Fresh secrets, and the end of one. Nobody writes into a case in the group that erases it: that stands alone. */
async function writeCases(draft: Draft, access: Access): Promise<void> {
  const { collections, session } = access;
  if (draft.erasure !== undefined) await writeErasure(draft.erasure, access);
  const fresh = [...draft.secrets.fresh].map(([id, secret]) => ({ _id: idBinary(id), secret }));
  if (fresh.length > 0) await collections.caseSecret.insertMany(fresh, { session });
}

async function writeAdministration(draft: Draft, { collections, session }: Access): Promise<void> {
  const { newPermit, usedPermit, newEntry } = draft;
  if (newPermit !== undefined) {
    const { endpoint } = newPermit;
    await collections.permit.deleteMany({ endpoint }, { session });
    await collections.permit.insertOne(newPermit, { session });
  }
  if (usedPermit !== undefined) {
    const { _id, usedAt } = usedPermit;
    await collections.permit.updateOne({ _id }, { $set: { usedAt } }, { session });
  }
  if (newEntry !== undefined) {
    const { _id, version, entry, record } = newEntry;
    await collections.entry.updateOne(
      { _id },
      { $set: { version, entry, record } },
      { session, upsert: true },
    );
    await collections.directoryChange.insertOne({ _id: { endpoint: _id, record } }, { session });
  }
}

/** Each for itself: each names its own leaves. */
function* deliveryUpdates(
  changes: ReadonlyMap<number, DeliveryChange>,
): Generator<AnyBulkWriteOperation<DeliveryDocument>> {
  for (const [_id, change] of changes) {
    const isFinal = change.settledAt !== undefined;
    const update = { $set: change, ...(isFinal ? { $unset: { open: 1 as const } } : {}) };
    yield { updateOne: { filter: { _id }, update } };
  }
}
