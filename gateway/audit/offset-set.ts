/**
 * Which leaves of a segment have a term: a set of numbers below {@link segmentLeaves}.
 *
 * ```
 * up to 255 members    offset u16 × n, rising, big-endian
 * more                 4,096 bits, lowest offset first
 * ```
 */

/** Leaves in a segment of the index. */
export const segmentLeaves = 4_096;
const bitmapBytes = segmentLeaves / 8;

export class OffsetSet {
  readonly #words = new Uint32Array(segmentLeaves / 32);

  /** Every offset below `end`. */
  static below(end: number): OffsetSet {
    const set = new OffsetSet();
    const whole = Math.floor(Math.min(end, segmentLeaves) / 32);
    set.#words.fill(0xffff_ffff, 0, whole);
    for (let offset = whole * 32; offset < Math.min(end, segmentLeaves); offset++) set.add(offset);
    return set;
  }

  /** Reads what {@link encode} wrote. */
  static decode(bytes: Uint8Array): OffsetSet {
    const set = new OffsetSet();
    set.addEncoded(bytes);
    return set;
  }

  get isEmpty(): boolean {
    return this.#words.every((word) => word === 0);
  }

  add(offset: number): void {
    const word = offset >>> 5;
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (offset & 31));
  }

  has(offset: number): boolean {
    return (((this.#words[offset >>> 5] ?? 0) >>> (offset & 31)) & 1) === 1;
  }

  addEncoded(bytes: Uint8Array): void {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (buffer.byteLength < bitmapBytes) {
      for (let at = 0; at < buffer.byteLength; at += 2) this.add(buffer.readUInt16BE(at));
      return;
    }
    for (let word = 0; word < this.#words.length; word++) {
      this.#words[word] = (this.#words[word] ?? 0) | buffer.readUInt32LE(word * 4);
    }
  }

  keepOnly(other: OffsetSet): void {
    for (let word = 0; word < this.#words.length; word++) {
      this.#words[word] = (this.#words[word] ?? 0) & (other.#words[word] ?? 0);
    }
  }

  remove(other: OffsetSet): void {
    for (let word = 0; word < this.#words.length; word++) {
      this.#words[word] = (this.#words[word] ?? 0) & ~(other.#words[word] ?? 0);
    }
  }

  /** The members, highest first. */
  *descending(): Generator<number> {
    for (let word = this.#words.length - 1; word >= 0; word--) {
      let bits = this.#words[word] ?? 0;
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits);
        yield word * 32 + bit;
        bits &= ~(1 << bit);
      }
    }
  }

  encode(): Buffer {
    const members = [...this.descending()].reverse();
    if (members.length * 2 < bitmapBytes) {
      const list = Buffer.allocUnsafe(members.length * 2);
      members.forEach((offset, place) => list.writeUInt16BE(offset, place * 2));
      return list;
    }
    const bitmap = Buffer.allocUnsafe(bitmapBytes);
    this.#words.forEach((word, place) => bitmap.writeUInt32LE(word, place * 4));
    return bitmap;
  }
}
