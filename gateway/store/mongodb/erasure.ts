/** Erasing a case: its secret, what its messages were about and what was packed of it, and their ciphertexts. */
import { endedAtOnce, erasureMark, houseCase, type ErasureOutcome } from '../port.ts';
import { endDeliveries } from './deliveries.ts';
import type { Draft, Erasure } from './draft.ts';
import { idBinary } from './keys.ts';
import type { Access } from './load.ts';
import type { OperationOf } from './operations.ts';

const nothing = Buffer.alloc(0);
const acceptancesAtOnce = 10_000;

/** The draft knows the case; the first outcomes of its messages' ids stay. */
export function eraseCase(draft: Draft, { id, underWay, line }: OperationOf<'erase-case'>): ErasureOutcome {
  if (id === houseCase) return 'unknown';
  const { records, open } = draft.caseState;
  if (open.length > 0 && underWay === 'wait') return 'pending';
  endDeliveries(draft, open.slice(0, endedAtOnce));
  if (open.length > endedAtOnce) return 'pending';
  if (records.length === 0 && !draft.secrets.has(id)) return 'unknown';
  draft.secrets.forget(id);
  draft.erasure = { case: id, record: draft.nextRecord, records };
  draft.leaves.entry(line, draft.at);
  return 'erased';
}

/** Destroys what the draft says. The oplog and the journal lose it as they go round. */
export async function writeErasure(
  { case: id, record, records }: Erasure,
  { collections, session }: Access,
): Promise<void> {
  await collections.caseErasure.insertOne({ _id: { case: idBinary(id), record } }, { session });
  await collections.mark.updateOne(
    { _id: erasureMark },
    { $set: { value: record } },
    { session, upsert: true },
  );
  await collections.caseSecret.deleteOne({ _id: idBinary(id) }, { session });
  await collections.message.updateMany(
    { thread: idBinary(id) },
    { $unset: { category: 1, severity: 1, thread: 1 }, $set: { unit: nothing } },
    { session },
  );
  for (let from = 0; from < records.length; from += acceptancesAtOnce) {
    const some = { $in: records.slice(from, from + acceptancesAtOnce) };
    await collections.acceptance.updateMany({ _id: some }, { $set: { packed: nothing } }, { session });
  }
}
