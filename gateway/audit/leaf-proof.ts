/** The proof of one leaf in one file (c2sp.org/tlog-proof), which holds the leaf itself as its extra data. */
import { CausewayError } from '../../protocol/errors.ts';
import { formatLogProof } from '../../protocol/proof/log-proof.ts';
import { leafHash } from '../../protocol/proof/merkle.ts';
import { proveInclusion } from '../../protocol/proof/tile-proof.ts';
import { verifyInclusion } from '../../protocol/proof/tree-proof.ts';
import type { StoredLeaf } from '../store/port.ts';
import type { ProvingLog } from './prove-message.ts';

export type LeafProof = {
  /** The whole file. */
  readonly text: string;
  /** Leaves under its checkpoint. */
  readonly size: number;
};

/** @throws CausewayError `log-proof-invalid` where the store's leaf is not the one that was published there */
export async function proveLeafInFile(
  { index, leaf }: Pick<StoredLeaf, 'index' | 'leaf'>,
  log: ProvingLog,
): Promise<LeafProof> {
  const { size, root, text: checkpoint } = await log.provingCheckpoint(index + 1);
  const path = await proveInclusion(index, size, log.read);
  const extra = Buffer.from(leaf, 'latin1');
  // Where the store was restored from an older copy, another leaf was published in its place.
  if (!verifyInclusion({ leaf: leafHash(extra), index, size, root, path })) {
    const detail = `Leaf ${index} of the store is not the one that the log proves there; \`causeway gateway check\` says why.`;
    throw new CausewayError('log-proof-invalid', { detail });
  }
  return { text: formatLogProof({ index, path, checkpoint, extra }), size };
}
