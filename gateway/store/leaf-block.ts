/**
 * The leaves of one commit group and the bodies that belong to them, as an engine keeps them in one row.
 *
 * ```
 * leaves   (length u16 | leaf) × count                             big-endian; the form of an entry bundle
 * bodies   (leaf u32 | case 16 | length u32 | sealed body) × n     leaf: its place in the block
 * ```
 */
import { uuidFromBytes, uuidToBytes } from '../../protocol/uuid.ts';
import type { CaseId } from './port.ts';

/** Bytes that grow. */
class GrowingBytes {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #length = 0;

  /** Room for so many more bytes. @returns where they begin */
  #reserve(length: number): number {
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.byteLength) {
      const larger = Buffer.allocUnsafeSlow(2 * this.#length);
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
    }
    return start;
  }

  addUint16(value: number): void {
    const at = this.#reserve(2);
    this.#bytes.writeUInt16BE(value, at);
  }

  addUint32(value: number): void {
    const at = this.#reserve(4);
    this.#bytes.writeUInt32BE(value, at);
  }

  addBytes(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.byteLength);
    this.#bytes.set(bytes, at);
  }

  addAscii(text: string): void {
    const at = this.#reserve(text.length);
    this.#bytes.write(text, at, text.length, 'latin1');
  }

  /** A view, good until the next change. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }
}

/** Collects the leaves of a commit. */
export class LeafBlock {
  readonly #leaves = new GrowingBytes();
  readonly #bodies = new GrowingBytes();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Views, good until the next change. */
  get leaves(): Buffer {
    return this.#leaves.view();
  }

  get bodies(): Buffer {
    return this.#bodies.view();
  }

  /** Adds a leaf: plain ASCII, at most 65,535 bytes. @returns its place in the block */
  add(leaf: string, body?: { readonly of: CaseId; readonly sealed: Buffer }): number {
    this.#leaves.addUint16(leaf.length);
    this.#leaves.addAscii(leaf);
    if (body !== undefined) {
      this.#bodies.addUint32(this.#count);
      this.#bodies.addBytes(uuidToBytes(body.of));
      this.#bodies.addUint32(body.sealed.byteLength);
      this.#bodies.addBytes(body.sealed);
    }
    return this.#count++;
  }

  clear(): void {
    this.#leaves.clear();
    this.#bodies.clear();
    this.#count = 0;
  }
}

/** How many leaves a block has; undefined where its bytes do not add up. */
export function countLeaves(leaves: Buffer): number | undefined {
  let count = 0;
  let offset = 0;
  for (; offset + 2 <= leaves.byteLength; offset += 2 + leaves.readUInt16BE(offset)) count++;
  return offset === leaves.byteLength ? count : undefined;
}

/** The leaves of a block, as views. */
export function splitLeaves(leaves: Buffer): Buffer[] {
  const split: Buffer[] = [];
  for (let offset = 0; offset < leaves.byteLength;) {
    const end = offset + 2 + leaves.readUInt16BE(offset);
    split.push(leaves.subarray(offset + 2, end));
    offset = end;
  }
  return split;
}

/** One leaf, as a view; undefined where the block has none at this place. */
export function leafAt(leaves: Buffer, place: number): Buffer | undefined {
  let offset = 0;
  for (let nth = 0; offset + 2 <= leaves.byteLength; nth++) {
    const end = offset + 2 + leaves.readUInt16BE(offset);
    if (end > leaves.byteLength) return undefined;
    if (nth === place) return leaves.subarray(offset + 2, end);
    offset = end;
  }
  return undefined;
}

type BlockBody = { readonly of: CaseId; readonly sealed: Buffer };

/** The body of one leaf, as a view; undefined where the block has none for it. */
export function bodyAt(bodies: Buffer, place: number): BlockBody | undefined {
  for (let offset = 0; offset + 24 <= bodies.byteLength;) {
    const start = offset + 24;
    const end = start + bodies.readUInt32BE(offset + 20);
    if (end > bodies.byteLength) return undefined;
    if (bodies.readUInt32BE(offset) === place)
      return { of: uuidFromBytes(bodies, offset + 4), sealed: bodies.subarray(start, end) };
    offset = end;
  }
  return undefined;
}

/** Bodies by the place of their leaf in the block. */
export type BlockBodies = ReadonlyMap<number, BlockBody>;

/** The bodies of a block, as views; undefined where its bytes cannot be told apart. */
export function splitBodies(bodies: Buffer): BlockBodies | undefined {
  const split = new Map<number, { readonly of: CaseId; readonly sealed: Buffer }>();
  for (let offset = 0; offset < bodies.byteLength;) {
    const start = offset + 24;
    if (start > bodies.byteLength) return undefined;
    const end = start + bodies.readUInt32BE(offset + 20);
    if (end > bodies.byteLength) return undefined;
    split.set(bodies.readUInt32BE(offset), {
      of: uuidFromBytes(bodies, offset + 4),
      sealed: bodies.subarray(start, end),
    });
    offset = end;
  }
  return split;
}
