/** The end of a move: the database is opened for gateways, and the log says who moved it, in one transaction. */
import type { CaseVault } from '../case-vault.ts';
import { LeafMaker } from '../leaf-maker.ts';
import { houseCase, type RecordEntry } from '../port.ts';
import { emptyHead, headAfter, nextBlock } from './block.ts';
import { owners } from './collections.ts';
import { idBinary } from './keys.ts';
import type { Access } from './load.ts';
import { mover } from './moved-documents.ts';

export type MoveRecord = {
  readonly entry: RecordEntry;
  /** ms since 1970 */
  readonly at: number;
  readonly vault: CaseVault;
};

/** @returns false, with nothing written, where another process has opened it */
export async function openForGateways(
  { entry, at, vault }: MoveRecord,
  { collections, session }: Access,
): Promise<boolean> {
  const { block, caseSecret, meta } = collections;
  const opened = await meta.updateOne(
    { _id: 'form', owner: owners.move },
    { $set: { owner: owners.gateways } },
    { session },
  );
  if (opened.matchedCount === 0) return false;
  const last = await block.findOne({}, { session, sort: { _id: -1 }, hint: '_id_' });
  const head = last === null ? emptyHead : headAfter(last);
  const _id = idBinary(houseCase);
  const kept = await caseSecret.findOne({ _id }, { session });
  const secret = kept?.secret ?? vault.createSecret();
  if (kept === null) await caseSecret.insertOne({ _id, secret }, { session });
  const leaves = new LeafMaker(vault, { secretOf: () => secret });
  leaves.entry(JSON.stringify(entry), at);
  const news = { queues: [], streams: [], versions: head.versions };
  const content = { at, block: leaves.block, nextDelivery: head.nextDelivery, news };
  await block.insertOne(nextBlock(head, content, { writer: mover, attempt: 0 }), { session });
  return true;
}
