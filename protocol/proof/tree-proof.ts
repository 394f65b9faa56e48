/**
 * Inclusion and consistency proofs of RFC 6962, checked.
 *
 * Sizes and indices are whole numbers up to 2^53 − 1; anything else does not verify. A tree of size 0 has no
 * proofs: whoever allows it as a beginning, as the witness protocol does, says so itself.
 */
import { hashBytes, nodeHash, rootFromPath } from './merkle.ts';

/** That a leaf stands at an index of a tree: the path goes from the leaf's sibling to below the root. */
export type InclusionClaim = {
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly path: readonly Uint8Array[];
  readonly root: Uint8Array;
};

/** That the tree of `size` leaves begins with all the leaves of the older tree, in their order. */
export type ConsistencyClaim = {
  readonly fromSize: number;
  readonly fromRoot: Uint8Array;
  readonly size: number;
  readonly root: Uint8Array;
  readonly path: readonly Uint8Array[];
};

/** True for a whole number from 0 to 2^53 − 1. */
export function isTreeSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Checks an inclusion proof (RFC 9162, 2.1.3.2). */
export function verifyInclusion({ leaf, index, size, path, root }: InclusionClaim): boolean {
  if (!isTreeSize(index) || !isTreeSize(size) || index >= size) return false;
  if (![leaf, root, ...path].every(isHash)) return false;
  const result = rootFromPath(Buffer.from(leaf), index, size, Buffer.concat(path));
  return result?.equals(root) ?? false;
}

/** Checks a consistency proof (RFC 9162, 2.1.4.2). */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { fromSize, size, path } = claim;
  const fromRoot = Buffer.from(claim.fromRoot);
  const root = Buffer.from(claim.root);
  if (!isTreeSize(fromSize) || !isTreeSize(size) || fromSize === 0 || fromSize > size) return false;
  if (fromSize === size) return path.length === 0 && fromRoot.equals(root);
  if (![fromRoot, root, ...path].every(isHash)) return false;
  const roots = rootsFromConsistency(fromSize, fromRoot, size, path);
  return roots !== undefined && roots.older.equals(fromRoot) && roots.newer.equals(root);
}

/** The two roots that a path leads to, or `undefined` when its length does not fit the sizes. */
function rootsFromConsistency(
  fromSize: number,
  fromRoot: Buffer,
  size: number,
  path: readonly Uint8Array[],
): { older: Buffer; newer: Buffer } | undefined {
  let node = fromSize - 1;
  let last = size - 1;
  while (node % 2 === 1) {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  // An older tree that is one perfect subtree of the newer one is where the path begins.
  const hashes = node === 0 ? [fromRoot, ...path] : path;
  const [first, ...rest] = hashes;
  if (first === undefined) return undefined;
  let older: Buffer = Buffer.from(first);
  let newer = older;
  for (const hash of rest) {
    if (last === 0) return undefined;
    if (node % 2 === 1 || node === last) {
      older = nodeHash(hash, older);
      newer = nodeHash(hash, newer);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      newer = nodeHash(newer, hash);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? { older, newer } : undefined;
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.byteLength === hashBytes;
}
