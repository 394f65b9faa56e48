/**
 * The ids that a consumer has seen, without work for the garbage collector: a `Set` of strings copies all of them
 * whenever it grows, which is a fifth of a consumer's time in the rounds in which that happens.
 */
import type { MessageId } from '../../protocol/ids.ts';
import { uuidToBytes } from '../../protocol/uuid.ts';

const wordsPerId = 4;

export class IdMemory {
  /** Open addressing. A UUIDv7 begins with its time, so that its first two words are never both zero. */
  readonly #words: Uint32Array;
  readonly #mask: number;
  readonly #capacity: number;
  #size = 0;

  /** @param slots a power of two; three quarters of them can be taken */
  constructor(slots = 2 ** 22) {
    this.#words = new Uint32Array(slots * wordsPerId);
    this.#mask = slots - 1;
    this.#capacity = slots * 0.75;
  }

  /** @returns whether the id was new. @throws RangeError when the memory is full */
  add(id: MessageId): boolean {
    const bytes = uuidToBytes(id);
    const first = bytes.readUInt32BE(0);
    const second = bytes.readUInt32BE(4);
    const third = bytes.readUInt32BE(8);
    const fourth = bytes.readUInt32BE(12);
    const words = this.#words;
    // The last word of a UUIDv7 is random.
    for (let slot = fourth & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * wordsPerId;
      if (
        words[at] === first &&
        words[at + 1] === second &&
        words[at + 2] === third &&
        words[at + 3] === fourth
      ) {
        return false;
      }
      if (words[at] === 0 && words[at + 1] === 0) {
        if (++this.#size > this.#capacity) throw new RangeError('more ids than the bench can remember');
        words[at] = first;
        words[at + 1] = second;
        words[at + 2] = third;
        words[at + 3] = fourth;
        return true;
      }
    }
  }
}
