/** The binary tree over the hashes of one tile: its nodes are computed when they are asked for, and kept. */
import { hashBytes, hashChildren } from './merkle.ts';
import { tileHeight, tileWidth } from './tile.ts';

export class TileTree {
  /** The hashes of the tile, one behind the other. */
  readonly bytes: Buffer;
  /** Inner nodes as in a heap: the root at 1, the children of n side by side at 2n and 2n + 1. */
  #nodes: Buffer | undefined;
  readonly #isKnown = new Uint8Array(tileWidth);

  /** @param bytes whole hashes, at most 256, which nobody changes any more */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** How many hashes the tile has. */
  get width(): number {
    return this.bytes.byteLength / hashBytes;
  }

  /**
   * The root of 2^height of the hashes, from `place` · 2^height on; a copy.
   * @throws RangeError when the tile has not all of them
   */
  node(height: number, place: number): Buffer {
    const isNode =
      height >= 0 && height <= tileHeight && place >= 0 && (place + 1) * 2 ** height <= this.width;
    if (!isNode) throw new RangeError('the tile has no such node');
    if (height === 0) return copyHash(this.bytes, place);
    const slot = 2 ** (tileHeight - height) + place;
    this.#nodes ??= Buffer.alloc(tileWidth * hashBytes);
    this.#compute(this.#nodes, slot);
    return copyHash(this.#nodes, slot);
  }

  #compute(nodes: Buffer, slot: number): void {
    if (this.#isKnown[slot] === 1) return;
    const children = 2 * slot;
    if (children >= tileWidth) {
      hashChildren(this.bytes, (children - tileWidth) * hashBytes, nodes, slot * hashBytes);
    } else {
      this.#compute(nodes, children);
      this.#compute(nodes, children + 1);
      hashChildren(nodes, children * hashBytes, nodes, slot * hashBytes);
    }
    this.#isKnown[slot] = 1;
  }
}

function copyHash(packed: Buffer, place: number): Buffer {
  return Buffer.from(packed.subarray(place * hashBytes, (place + 1) * hashBytes));
}
