/** Does a checkpoint continue the one that was verified last? */
import { isCausewayError } from '../../../protocol/errors.ts';
import type { Checkpoint } from '../../../protocol/proof/checkpoint.ts';
import { proveConsistency, rootFromTiles, type TileReader } from '../../../protocol/proof/tile-proof.ts';
import { verifyConsistency } from '../../../protocol/proof/tree-proof.ts';

/** Proof that a tree is not a continuation: at the older size it has another root. */
export type ForkProof = { readonly root: Buffer; readonly path: readonly Buffer[] };

/**
 * `same`, `grown`: it does · `smaller`: it is an older view, or the log was set back · `forked`: it certainly does
 * not · `unproven`: what the log gives does not lead to its own checkpoint, so nothing can be said.
 */
export type Judgement =
  | { readonly verdict: 'same' | 'grown' | 'smaller' | 'unproven' }
  | { readonly verdict: 'forked'; readonly proof: ForkProof | undefined };

type Tree = Pick<Checkpoint, 'size' | 'root'>;

/**
 * Compares a checkpoint with the one before.
 * @param seen undefined at the first time: then there is nothing to continue
 * @throws what reading a tile throws
 */
export async function judgeCheckpoint(
  seen: Tree | undefined,
  shown: Tree,
  read: TileReader,
): Promise<Judgement> {
  if (seen === undefined) return { verdict: 'grown' };
  if (shown.size < seen.size) return { verdict: 'smaller' };
  if (shown.size === seen.size) {
    return shown.root.equals(seen.root) ? { verdict: 'same' } : { verdict: 'forked', proof: undefined };
  }
  if (seen.size === 0) return { verdict: 'grown' };
  try {
    const path = await proveConsistency(seen.size, shown.size, read);
    if (isContinuation(seen, shown, path)) return { verdict: 'grown' };
    // Only what leads to the signed root says anything about the log; the rest may be a damaged tile.
    const root = await rootFromTiles(seen.size, read);
    const isProven = isContinuation({ size: seen.size, root }, shown, path);
    return isProven ? { verdict: 'forked', proof: { root, path } } : { verdict: 'unproven' };
  } catch (error) {
    if (isCausewayError(error, 'log-malformed') || error instanceof RangeError)
      return { verdict: 'unproven' };
    throw error;
  }
}

function isContinuation(older: Tree, newer: Tree, path: readonly Buffer[]): boolean {
  return verifyConsistency({
    ...{ fromSize: older.size, fromRoot: older.root },
    ...{ size: newer.size, root: newer.root, path },
  });
}
