/**
 * Room for packed token sets: runs of numbers in blocks that the garbage collector never looks into. What is given
 * back is used again for runs of its size.
 */
import type { PackedTokens } from '../../protocol/linkage/packed-set.ts';

/** Words of a block: a run never reaches over the end of one. */
const blockWords = 1 << 18;
/** Runs are whole multiples of so many words, so that few sizes are told apart. */
const step = 8;

export class PackedStore {
  readonly #blocks: Int32Array[] = [];
  /** Freed runs by size in steps. */
  readonly #free: number[][] = [];
  #end = 0;

  /** Bytes of the blocks. */
  get bytes(): number {
    return this.#blocks.length * blockWords * 4;
  }

  /** Keeps a copy, of at most the words of a block. @returns its place */
  put({ words, from, length }: PackedTokens): number {
    const size = Math.ceil(length / step);
    const place = this.#free[size]?.pop() ?? this.#take(size * step);
    const block = this.blockOf(place);
    const at = this.offsetOf(place);
    for (let word = 0; word < length; word += 1) block[at + word] = words[from + word] ?? 0;
    return place;
  }

  release(place: number, length: number): void {
    const size = Math.ceil(length / step);
    const free = this.#free[size];
    if (free === undefined) this.#free[size] = [place];
    else free.push(place);
  }

  blockOf(place: number): Int32Array {
    return this.#blocks[Math.floor(place / blockWords)] ?? nothing;
  }

  offsetOf(place: number): number {
    return place % blockWords;
  }

  #take(words: number): number {
    const left = this.#blocks.length * blockWords - this.#end;
    if (left < words) {
      this.#end = this.#blocks.length * blockWords;
      this.#blocks.push(new Int32Array(blockWords));
    }
    const place = this.#end;
    this.#end += words;
    return place;
  }
}

const nothing = new Int32Array(0);
