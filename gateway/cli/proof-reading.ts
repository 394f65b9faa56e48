/** Who takes a proof out of the house is recorded first, in the case that it is about. */
import type { MessageId } from '../../protocol/ids.ts';
import { houseCase, type CaseId, type MessageEvidence, type Store, type StoredLeaf } from '../store/port.ts';
import { openLeaf } from '../store/stored-leaf.ts';
import { recordReading } from './record-reading.ts';

const kind = 'audit.proof-made';

export type AboutMessage = { readonly message: MessageId; readonly source?: string | undefined };

/**
 * Nothing of what is found is shown before this. Where several senders have used the id, there is no proof, and the reading
 * belongs to the case of none.
 * @returns what the store has under the id
 */
export async function recordMessageProof(
  store: Store,
  { message, source }: AboutMessage,
): Promise<readonly MessageEvidence[]> {
  const found = (await store.readEvidence(message)).filter(
    (each) => source === undefined || each.source === source,
  );
  const [only, ...others] = found;
  const leaf = only === undefined || others.length > 0 ? undefined : await readLeaf(store, only.record);
  await recordReading(store, kind, { message, source, ...caseNamed(leaf?.case) });
  return found;
}

/** @returns the leaf; undefined where the log had none of this index before the reading, which is a leaf itself */
export async function recordLeafProof(store: Store, index: number): Promise<StoredLeaf | undefined> {
  const leaf = await readLeaf(store, index);
  await recordReading(store, kind, { leaf: index, ...caseNamed(leaf && (await caseOf(store, leaf))) });
  return leaf;
}

/** A step of a delivery belongs to the case of the acceptance that it continues. */
async function caseOf(store: Store, leaf: StoredLeaf): Promise<CaseId | undefined> {
  const { of } = openLeaf(leaf);
  return leaf.case ?? (of === undefined ? undefined : (await readLeaf(store, of))?.case);
}

function caseNamed(id: CaseId | undefined): { case?: CaseId } {
  return id === undefined || id === houseCase ? {} : { case: id };
}

async function readLeaf(store: Store, index: number): Promise<StoredLeaf | undefined> {
  const [leaf] = await store.readLeaves(index, 1);
  return leaf;
}
