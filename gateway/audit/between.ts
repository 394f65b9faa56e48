/**
 * Proves that nothing was removed or changed between two checkpoints, and tells what is missing otherwise.
 *
 * The proof is a consistency proof from the tiles of the published log; and the leaves that the findings are counted
 * from are hashed on the way, so that they are exactly what the two checkpoints sign.
 */
import { isCausewayError } from '../../protocol/errors.ts';
import { Frontier } from '../../protocol/proof/frontier.ts';
import { proveConsistency, rootFromTiles, type TileReader } from '../../protocol/proof/tile-proof.ts';
import { verifyConsistency } from '../../protocol/proof/tree-proof.ts';
import { eachLeaf } from '../store/each-leaf.ts';
import type { Store } from '../store/port.ts';
import { PeriodAccount, type PeriodFindings } from './period-account.ts';

/** A size of the log and its root. */
export type TreeHead = { readonly size: number; readonly root: Buffer };

export type BetweenReport =
  | { readonly proven: true; readonly path: readonly Buffer[]; readonly findings: PeriodFindings }
  /** `why` is a sentence. */
  | { readonly proven: false; readonly why: string };

export type BetweenSources = {
  readonly store: Pick<Store, 'readLeaves'>;
  readonly read: TileReader;
  /** The size of the published log. */
  readonly size: number;
  /** All that take part in the sharing agreement. */
  readonly agencies: Iterable<string>;
  readonly onProgress?: (done: number) => void;
};

/** @param to the later one; where it has fewer leaves than `from`, the log went back */
export async function reportBetween(
  from: TreeHead,
  to: TreeHead,
  sources: BetweenSources,
): Promise<BetweenReport> {
  const proof = await proveContinued(from, to, sources);
  if (typeof proof === 'string') return { proven: false, why: proof };
  const account = new PeriodAccount(from.size);
  const tree = new Frontier();
  const differs = ({ size, root }: TreeHead): boolean => tree.size === size && !tree.root().equals(root);
  let different = differs(from) ? from : undefined;
  for await (const leaf of eachLeaf(sources.store, 0, to.size)) {
    tree.append([Buffer.from(leaf.leaf, 'latin1')]);
    account.note(leaf);
    if (leaf.index % 4_096 === 0) sources.onProgress?.(leaf.index);
    different ??= [from, to].find(differs);
    if (different !== undefined) return { proven: false, why: notInStore(different) };
  }
  if (tree.size < to.size) {
    return {
      proven: false,
      why: `The store has only ${tree.size} leaves of the ${to.size} that the later checkpoint signs.`,
    };
  }
  return { proven: true, path: proof, findings: account.findings(sources.agencies) };
}

/** @returns the consistency proof, or why there is none */
async function proveContinued(
  from: TreeHead,
  to: TreeHead,
  { read, size }: BetweenSources,
): Promise<Buffer[] | string> {
  const beyond = [from, to].find((head) => head.size > size);
  if (beyond !== undefined) {
    return `The log was rolled back: it had ${leaves(beyond.size)}, and has only ${size} now.`;
  }
  try {
    for (const head of [from, to]) {
      if (!(await rootFromTiles(head.size, read)).equals(head.root)) return forked(head);
    }
    if (from.size > to.size) return wentBack(from, to);
    const path = await proveConsistency(from.size, to.size, read);
    // Every log begins with the empty one, which has no proof.
    const isProven =
      from.size === 0 ||
      verifyConsistency({ fromSize: from.size, fromRoot: from.root, size: to.size, root: to.root, path });
    return isProven ? path : 'The consistency proof does not lead from the one checkpoint to the other.';
  } catch (error) {
    // A tile that is missing or damaged: the log cannot prove what it should.
    const words = error instanceof Error && !isCausewayError(error) ? error.message : String(error);
    return `The proof cannot be made from the published tiles: ${words}.`;
  }
}

function forked({ size, root }: TreeHead): string {
  return `The checkpoint of ${size} leaves with the root ${root.toString('base64')} is not of this log: its first ${size} leaves have another root. One of the two was forked.`;
}

/** Both are of this log, and only the times at which they were kept say which of them is the later one. */
function wentBack(from: TreeHead, to: TreeHead): string {
  return `The earlier checkpoint has ${leaves(from.size)}, the later one only ${to.size}: the log was rolled back in between, or the clock of the gateway was set back.`;
}

/** So many leaves, in words. */
export function leaves(size: number): string {
  return size === 1 ? '1 leaf' : `${size} leaves`;
}

function notInStore({ size }: TreeHead): string {
  return `The first ${size} leaves of the store are not those that the checkpoint of ${size} leaves signs.`;
}
