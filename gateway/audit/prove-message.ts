/** Collects the evidence about one message from the store and the published log. */
import type { Evidence, ProvenLeaf } from '../../protocol/audit/evidence.ts';
import { evidenceFormat } from '../../protocol/audit/evidence.ts';
import { CausewayError } from '../../protocol/errors.ts';
import type { MessageId } from '../../protocol/ids.ts';
import { parseCheckpoint } from '../../protocol/proof/checkpoint.ts';
import { leafHash } from '../../protocol/proof/merkle.ts';
import { parseNote } from '../../protocol/proof/note.ts';
import { proveInclusion, type TileReader } from '../../protocol/proof/tile-proof.ts';
import { verifyInclusion } from '../../protocol/proof/tree-proof.ts';
import { decodeUnit } from '../../protocol/wire/frame.ts';
import type { MessageEvidence, Store, StoredLeaf } from '../store/port.ts';
import { findEarlierExpiries } from './earlier-expiry.ts';
import type { PublishedCheckpoint } from './published-checkpoint.ts';

/** The published log, as far as a proof needs it. */
export type ProvingLog = {
  readonly read: TileReader;
  /** A checkpoint that has at least so many leaves, a cosigned one where there is one. */
  provingCheckpoint(size: number): Promise<PublishedCheckpoint>;
};

/**
 * The evidence about a message.
 * @param source needed only where several senders have used the id
 * @throws CausewayError `message-unknown`
 */
export async function proveMessage(
  store: Pick<Store, 'readEvidence' | 'readLeaves' | 'readLeafRuns'>,
  log: ProvingLog,
  id: MessageId,
  source?: string,
): Promise<Evidence> {
  const message = await findMessage(store, id, source);
  const found = await readEach(store, leafIndexesOf(message, await findEarlierExpiries(store, message)));
  const erasures = found.map(({ erasedBy }) => erasedBy).filter((index) => index !== undefined);
  const all = [...found, ...(await readEach(store, [...new Set(erasures)]))];
  all.sort((a, b) => a.index - b.index);
  const checkpoint = await log.provingCheckpoint(Math.max(...all.map(({ index }) => index)) + 1);
  const leaves: ProvenLeaf[] = [];
  for (const leaf of all) leaves.push(await proveLeaf(leaf, log.read, checkpoint.size));
  const unit = message.unit.byteLength === 0 ? undefined : decodeUnit(message.unit);
  const groups = message.deliveries
    .map(({ group }) => group?.toString('base64'))
    .filter((group) => group !== undefined);
  return {
    format: evidenceFormat,
    message: id,
    source: message.source,
    record: message.record,
    ...(unit !== undefined && {
      envelope: unit.envelope.toString('base64'),
      proof: unit.proof.toString('base64'),
    }),
    receipts: [...new Set(groups)],
    leaves,
    checkpoint: checkpoint.text,
  };
}

/** Leaves in the evidence that are not those of the log: somebody has changed them in the store, and they prove nothing. */
export function findRewritten({ leaves, checkpoint }: Evidence): number[] {
  const { size, root } = parseCheckpoint(parseNote(checkpoint).text);
  const isOfLog = ({ index, leaf, path }: ProvenLeaf): boolean =>
    verifyInclusion({
      ...{ leaf: leafHash(Buffer.from(leaf, 'latin1')), index, size, root },
      path: path.map((hash) => Buffer.from(hash, 'base64')),
    });
  return leaves.filter((leaf) => !isOfLog(leaf)).map(({ index }) => index);
}

/**
 * What the store has about a message.
 * @throws CausewayError `message-unknown`; `usage-invalid` where several senders have used the id and none is named
 */
export async function findMessage(
  store: Pick<Store, 'readEvidence'>,
  id: MessageId,
  source: string | undefined,
): Promise<MessageEvidence> {
  const found = (await store.readEvidence(id)).filter(
    (each) => source === undefined || each.source === source,
  );
  const [message] = found;
  if (message === undefined) throw new CausewayError('message-unknown', { detail: `It is ${id}.` });
  if (found.length === 1) return message;
  const senders = found.map((each) => each.source).join(', ');
  throw new CausewayError('usage-invalid', {
    detail: `${senders} have used this id: say which with --source.`,
  });
}

/** Everything that was recorded about the message, and the directory's entries then, in the order of the log. */
function leafIndexesOf(
  { record, deliveries, directory }: MessageEvidence,
  expiries: readonly number[],
): number[] {
  const steps = deliveries.flatMap(({ deliveredRecord, settledRecord }) => [deliveredRecord, settledRecord]);
  const all = [record, ...steps, ...expiries, ...directory].filter((index) => index !== null);
  return [...new Set(all)].sort((a, b) => a - b);
}

async function readEach(store: Pick<Store, 'readLeaves'>, indexes: readonly number[]): Promise<StoredLeaf[]> {
  const leaves: StoredLeaf[] = [];
  for (const index of indexes) {
    const [leaf] = await store.readLeaves(index, 1);
    if (leaf === undefined)
      throw new CausewayError('store-unavailable', { detail: `Leaf ${index} is missing.` });
    leaves.push(leaf);
  }
  return leaves;
}

async function proveLeaf(leaf: StoredLeaf, read: TileReader, size: number): Promise<ProvenLeaf> {
  const path = await proveInclusion(leaf.index, size, read);
  return {
    index: leaf.index,
    leaf: leaf.leaf,
    path: path.map((hash) => hash.toString('base64')),
    ...(leaf.opening === undefined ? {} : { opening: leaf.opening }),
    ...(leaf.tampered === undefined || leaf.tampered === 'rewritten' ? {} : { altered: leaf.tampered }),
  };
}
