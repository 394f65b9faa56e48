/**
 * Token → the records that have it: the port that finds candidates, and its engine in memory.
 *
 * The engine is one open-addressed table in typed arrays, so tens of millions of tokens cost 25 bytes each and no
 * work of the garbage collector. A token is told by its first sixty bits, which are as good as random; whoever decides
 * on a link compares whole tokens again.
 */

/** A store-backed engine needs no more than this: its cost follows the tokens of one notice, not history. */
export type TokenTable = {
  /** Calls back for each record that has the token; a record may come several times for several tokens. */
  readonly find: (token: string, found: (record: number) => void) => void;
  readonly add: (token: string, record: number) => void;
  readonly remove: (token: string, record: number) => void;
};

/**
 * Records found by one token at most. What so many share tells nobody apart; and nobody can make a search slow by
 * flooding one token.
 */
export const maxRecordsPerToken = 200;

const none = -1;
const digits = new Uint8Array(128);
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
for (let value = 0; value < alphabet.length; value += 1) digits[alphabet.charCodeAt(value)] = value;

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

  find(token: string, found: (record: number) => void): void {
    const slot = this.#slotOf(highOf(token), lowOf(token));
    for (let at = this.#head[slot] ?? none; at >= 0; at = this.#postingNext[at] ?? none) {
      found(this.#postingRecord[at] ?? 0);
    }
  }

  add(token: string, record: number): void {
    if (this.#used * 3 >= this.#capacity * 2) this.#grow();
    const [high, low] = [highOf(token), lowOf(token)];
    const slot = this.#slotOf(high, low);
    if (this.#head[slot] === unused) {
      this.#high[slot] = high;
      this.#low[slot] = low;
      this.#head[slot] = none;
      this.#used += 1;
    }
    const count = this.#count[slot] ?? 0;
    if (count >= maxRecordsPerToken) return;
    const at = this.#takePosting();
    this.#postingRecord[at] = record;
    this.#postingNext[at] = this.#head[slot] ?? none;
    this.#head[slot] = at;
    this.#count[slot] = count + 1;
  }

  remove(token: string, record: number): void {
    const slot = this.#slotOf(highOf(token), lowOf(token));
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

const unused = -2;

/** The first thirty bits of a token in base64url. */
export function highOf(token: string): number {
  return thirtyBits(token, 0);
}

/** The next thirty. */
export function lowOf(token: string): number {
  return thirtyBits(token, 5);
}

function thirtyBits(token: string, from: number): number {
  let bits = 0;
  for (let at = from; at < from + 5; at += 1) {
    bits = (bits << 6) | (digits[token.charCodeAt(at) & 127] ?? 0);
  }
  return bits;
}

function enlarge(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
