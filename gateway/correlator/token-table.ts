/**
 * Token → the records that have it: the port that finds candidates, and its engine in memory.
 *
 * The engine is one open-addressed table in typed arrays, so tens of millions of tokens cost about 25 bytes each and
 * no work of the garbage collector. A token is told by sixty of its bits (`token-keys.ts`); whoever decides on a link
 * compares whole tokens again.
 */
import type { TokenKeys } from './token-keys.ts';

/** A store-backed engine needs no more than this: its cost follows the tokens of one description, not history. */
export type TokenTable = {
  /** Calls back for each record that shares a token, as often as it shares one, and then adds the record. */
  readonly admit: (keys: TokenKeys, record: number, found: (other: number) => void) => void;
  readonly remove: (keys: TokenKeys, record: number) => void;
};

/**
 * Records found by one token at most. What so many share tells nobody apart; and nobody can make a search slow by
 * flooding one token.
 */
export const maxRecordsPerToken = 200;

const none = -1;
const unused = -2;

export class MemoryTokenTable implements TokenTable {
  #capacity: number;
  #used = 0;
  #high: Uint32Array;
  #low: Uint32Array;
  /** First posting of the slot; `none` for one whose records are all gone, -2 for one never used. */
  #head: Int32Array;
  #count: Uint8Array;
  #postingRecord = new Int32Array(1024);
  #postingNext = new Int32Array(1024);
  #postings = 0;
  #free = none;

  constructor(capacity = 4096) {
    this.#capacity = capacity;
    this.#high = new Uint32Array(capacity);
    this.#low = new Uint32Array(capacity);
    this.#head = new Int32Array(capacity).fill(unused);
    this.#count = new Uint8Array(capacity);
  }

  /** Bytes of the arrays. */
  get bytes(): number {
    return this.#capacity * 13 + this.#postingRecord.byteLength * 2;
  }

  admit({ high, low, count }: TokenKeys, record: number, found: (other: number) => void): void {
    while ((this.#used + count) * 3 >= this.#capacity * 2) this.#grow();
    for (let key = 0; key < count; key += 1) {
      const slot = this.#takeSlot(high[key] ?? 0, low[key] ?? 0);
      const first = this.#head[slot] ?? none;
      for (let at = first; at >= 0; at = this.#postingNext[at] ?? none) found(this.#postingRecord[at] ?? 0);
      const holders = this.#count[slot] ?? 0;
      if (holders >= maxRecordsPerToken) continue;
      const at = this.#takePosting();
      this.#postingRecord[at] = record;
      this.#postingNext[at] = first;
      this.#head[slot] = at;
      this.#count[slot] = holders + 1;
    }
  }

  remove({ high, low, count }: TokenKeys, record: number): void {
    for (let key = 0; key < count; key += 1) {
      this.#removeOne(this.#slotOf(high[key] ?? 0, low[key] ?? 0), record);
    }
  }

  #removeOne(slot: number, record: number): void {
    let before = none;
    for (let at = this.#head[slot] ?? none; at >= 0; at = this.#postingNext[at] ?? none) {
      if (this.#postingRecord[at] === record) {
        const next = this.#postingNext[at] ?? none;
        if (before === none) this.#head[slot] = next;
        else this.#postingNext[before] = next;
        this.#postingNext[at] = this.#free;
        this.#free = at;
        this.#count[slot] = (this.#count[slot] ?? 1) - 1;
        return;
      }
      before = at;
    }
  }

  /** The slot of a token, made where it has none. */
  #takeSlot(high: number, low: number): number {
    const slot = this.#slotOf(high, low);
    if (this.#head[slot] === unused) {
      this.#high[slot] = high;
      this.#low[slot] = low;
      this.#head[slot] = none;
      this.#used += 1;
    }
    return slot;
  }

  /** The slot of a token, or the empty one where it would be put. */
  #slotOf(high: number, low: number): number {
    const mask = this.#capacity - 1;
    let slot = (high ^ Math.imul(low, 0x9e3779b1)) & mask;
    while (this.#head[slot] !== unused && !(this.#high[slot] === high && this.#low[slot] === low)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #takePosting(): number {
    if (this.#free !== none) {
      const at = this.#free;
      this.#free = this.#postingNext[at] ?? none;
      return at;
    }
    if (this.#postings === this.#postingRecord.length) {
      this.#postingRecord = enlarge(this.#postingRecord);
      this.#postingNext = enlarge(this.#postingNext);
    }
    return this.#postings++;
  }

  /** Leaves behind the slots whose records are gone, and doubles where that is not room enough. */
  #grow(): void {
    const [high, low, head, count] = [this.#high, this.#low, this.#head, this.#count];
    const live = head.reduce((sum, first) => sum + (first >= 0 ? 1 : 0), 0);
    if (live * 3 >= this.#capacity) this.#capacity *= 2;
    this.#high = new Uint32Array(this.#capacity);
    this.#low = new Uint32Array(this.#capacity);
    this.#head = new Int32Array(this.#capacity).fill(unused);
    this.#count = new Uint8Array(this.#capacity);
    this.#used = live;
    for (let old = 0; old < head.length; old += 1) {
      const first = head[old] ?? none;
      if (first < 0) continue;
      const slot = this.#slotOf(high[old] ?? 0, low[old] ?? 0);
      this.#high[slot] = high[old] ?? 0;
      this.#low[slot] = low[old] ?? 0;
      this.#head[slot] = first;
      this.#count[slot] = count[old] ?? 0;
    }
  }
}

function enlarge(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
