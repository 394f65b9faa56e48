/**
 * Merkle trees as in RFC 6962, section 2.1: leaves SHA-256(0x00 ‖ entry), nodes SHA-256(0x01 ‖ left ‖ right),
 * split at the largest power of two smaller than the size. Hashes are Buffers of 32 bytes; sizes and indices are
 * whole numbers up to 2^53 − 1.
 */
import { hash } from 'node:crypto';
import type { Digest } from '../ids.ts';

export const hashBytes = 32;

const scratch = Buffer.alloc(4096);
const maxScratchLeaves = 256;
const nodeScratch = Buffer.alloc(1 + 2 * hashBytes, 0x01);

// `binary` is latin1: the fastest output of one-shot hashing, which the type does not list.
const latin1 = 'binary' as 'hex';

/** SHA-256 of some bytes. */
export function sha256(bytes: Uint8Array): Buffer {
  return Buffer.from(hash('sha256', bytes, latin1), 'latin1');
}

/** SHA-256 of some bytes, as envelopes write it: base64url without padding. */
export function digestOf(bytes: Uint8Array): Digest {
  return hash('sha256', bytes, 'base64url') as Digest;
}

/** The hash of a leaf with this content. */
export function leafHash(entry: Uint8Array): Buffer {
  return Buffer.from(hashLeaf(entry), 'latin1');
}

/** The hash of a leaf with this content, in latin1: 32 characters. */
export function hashLeaf(entry: Uint8Array): string {
  const size = entry.byteLength + 1;
  const input = size <= scratch.byteLength ? scratch.subarray(0, size) : Buffer.alloc(size);
  input[0] = 0x00;
  input.set(entry, 1);
  return hash('sha256', input, latin1);
}

/** Room for the leaf hashes of one small tree, side by side. */
const treeScratch = Buffer.alloc(maxScratchLeaves * hashBytes);

/** The root of a tree with these entries, at least one. */
export function rootOfEntries(entries: readonly Uint8Array[]): Buffer {
  if (entries.length > maxScratchLeaves) return treeRoot(entries.map(leafHash));
  if (entries.length === 0) throw new RangeError('a tree has at least one leaf');
  entries.forEach((entry, index) =>
    treeScratch.write(hashLeaf(entry), index * hashBytes, hashBytes, 'latin1'),
  );
  // Level by level; an odd last hash rises as it is, which splits the tree where the RFC splits it.
  for (let size = entries.length; size > 1; size = Math.ceil(size / 2)) {
    const pairs = Math.floor(size / 2);
    for (let pair = 0; pair < pairs; pair++) {
      hashChildren(treeScratch, 2 * pair * hashBytes, treeScratch, pair * hashBytes);
    }
    if (size % 2 === 1) treeScratch.copyWithin(pairs * hashBytes, (size - 1) * hashBytes, size * hashBytes);
  }
  return Buffer.from(treeScratch.subarray(0, hashBytes));
}

/** The hash of a node over two others. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  nodeScratch.set(left, 1);
  nodeScratch.set(right, 1 + hashBytes);
  return sha256(nodeScratch);
}

/** Writes the hash of a node whose two children stand side by side in `from` to `to`; offsets in bytes. */
export function hashChildren(from: Buffer, fromOffset: number, to: Buffer, toOffset: number): void {
  from.copy(nodeScratch, 1, fromOffset, fromOffset + 2 * hashBytes);
  to.write(hash('sha256', nodeScratch, latin1), toOffset, hashBytes, 'latin1');
}

/** The root over at least one leaf hash. */
export function treeRoot(leaves: readonly Buffer[]): Buffer {
  return subtree(leaves, 0, leaves.length);
}

function subtree(leaves: readonly Buffer[], from: number, to: number): Buffer {
  const first = leaves[from];
  if (first === undefined) throw new RangeError('a tree has at least one leaf');
  if (to - from === 1) return first;
  const middle = from + largestPowerBelow(to - from);
  return nodeHash(subtree(leaves, from, middle), subtree(leaves, middle, to));
}

/** The largest power of two smaller than a size of at least 2: where RFC 6962 splits a tree. */
export function largestPowerBelow(size: number): number {
  const last = size - 1;
  const high = Math.floor(last / 2 ** 32);
  return high > 0 ? 2 ** (63 - Math.clz32(high)) : 2 ** (31 - Math.clz32(last));
}

/** The hashes that stand one behind the other in some bytes; views, not copies. */
export function splitHashes(
  packed: Uint8Array,
  from = 0,
  count = packed.byteLength / hashBytes - from,
): Buffer[] {
  const { buffer, byteOffset } = packed;
  return Array.from({ length: count }, (_, index) =>
    Buffer.from(buffer, byteOffset + (from + index) * hashBytes, hashBytes),
  );
}

function halve(value: number): number {
  return Math.floor(value / 2);
}

/** How many hashes the path of leaf `index` in a tree of `size` leaves has. */
export function pathLength(index: number, size: number): number {
  let length = 0;
  for (let node = index, last = size - 1; last > 0; node = halve(node), last = halve(last)) {
    if (node % 2 === 1 || node < last) length++;
  }
  return length;
}

/**
 * The root that a leaf hash and its path lead to (RFC 9162, 2.1.3.2).
 * `path` holds its hashes one behind the other.
 * @returns `undefined` when the leaf is no hash or the path's length does not fit index and size
 */
export function rootFromPath(
  leaf: Buffer,
  index: number,
  size: number,
  path: Uint8Array,
): Buffer | undefined {
  if (leaf.byteLength !== hashBytes || index >= size) return undefined;
  if (path.byteLength !== pathLength(index, size) * hashBytes) return undefined;
  let result = leaf;
  let offset = 0;
  for (let node = index, last = size - 1; last > 0; node = halve(node), last = halve(last)) {
    const isRight = node % 2 === 1;
    if (!isRight && node === last) continue;
    const sibling = path.subarray(offset, offset + hashBytes);
    offset += hashBytes;
    result = isRight ? nodeHash(sibling, result) : nodeHash(result, sibling);
  }
  return result;
}
