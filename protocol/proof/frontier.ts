/**
 * The right edge of a growing tree: one hash for each perfect subtree, at most 53 of them, whatever the size.
 *
 * Appending a leaf costs one node hash on average, and the root of the present size at most 52.
 */
import { CausewayError } from '../errors.ts';
import { hashBytes, leafHash, nodeHash, sha256, splitHashes } from './merkle.ts';
import { isTreeSize } from './tree-proof.ts';

/** Told of every perfect subtree when it is complete: its height (0 is a leaf) and its hash. */
export type NodeObserver = (height: number, hash: Buffer) => void;

/** The root of the tree without leaves. */
export const emptyRoot: Buffer = sha256(Buffer.alloc(0));

export class Frontier {
  /** Height → hash of the perfect subtree of that height; in use where the size has that bit. */
  readonly #nodes: Buffer[] = [];
  readonly #observe: NodeObserver | undefined;
  #size = 0;

  constructor(observe?: NodeObserver) {
    this.#observe = observe;
  }

  /**
   * A frontier as {@link hashes} gave it.
   * @param hashes the hashes of the perfect subtrees from left to right
   * @throws CausewayError `log-malformed` when their number does not fit the size
   */
  static restore(size: number, hashes: readonly Uint8Array[], observe?: NodeObserver): Frontier {
    const frontier = new Frontier(observe);
    const heights = isTreeSize(size) ? heightsOf(size) : [];
    const fits = heights.length === hashes.length && hashes.every((hash) => hash.byteLength === hashBytes);
    if (!isTreeSize(size) || !fits) {
      throw new CausewayError('log-malformed', { detail: 'The frontier does not fit its size.' });
    }
    heights.forEach((height, index) => (frontier.#nodes[height] = Buffer.from(hashes[index] ?? [])));
    frontier.#size = size;
    return frontier;
  }

  /** How many leaves there are. */
  get size(): number {
    return this.#size;
  }

  /** Appends entries. */
  append(entries: readonly Uint8Array[]): void {
    for (const entry of entries) this.appendLeaf(leafHash(entry));
  }

  /** Appends leaf hashes that stand one behind the other. */
  appendLeaves(packed: Uint8Array): void {
    for (const leaf of splitHashes(packed)) this.appendLeaf(leaf);
  }

  /** Appends one leaf hash. The frontier keeps the Buffer: it must not be changed afterwards. */
  appendLeaf(leaf: Buffer): void {
    let hash = leaf;
    let height = 0;
    this.#observe?.(0, hash);
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      hash = nodeHash(this.#nodes[height] ?? hash, hash);
      height++;
      this.#observe?.(height, hash);
    }
    this.#nodes[height] = hash;
    this.#size++;
  }

  /** The hashes of the perfect subtrees, from left to right, for {@link restore}. */
  hashes(): Buffer[] {
    return heightsOf(this.#size).map((height) => this.#nodes[height] ?? emptyRoot);
  }

  /** The root of the present size. */
  root(): Buffer {
    return (
      this.hashes().reduceRight<Buffer | undefined>(
        (right, left) => (right === undefined ? left : nodeHash(left, right)),
        undefined,
      ) ?? emptyRoot
    );
  }
}

/** The heights of the perfect subtrees of a tree, from left to right. */
function heightsOf(size: number): number[] {
  const heights: number[] = [];
  for (let rest = size, height = 0; rest > 0; rest = Math.floor(rest / 2), height++) {
    if (rest % 2 === 1) heights.unshift(height);
  }
  return heights;
}
