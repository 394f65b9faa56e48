/**
 * Token → the records that have it: the port that finds candidates, and its engine in memory.
 *
 * The engine is one open-addressed table in typed arrays, so tens of millions of tokens cost about 30 bytes each and
 * no work of the garbage collector. A slot is four words that lie in one line of the processor's cache: the token in
 * two halves, the first record, and the posting of the next one. Most tokens have one record and no posting.
 */
import type { TokenKeys } from './packed-subject.ts';

/** A store-backed engine needs no more than this: its cost follows the tokens of one description, not history. */
export type TokenTable = {
  /**
   * Calls back for each record that shares a token, as often as it shares one, and then adds the record.
   * @param agency a number for whose description it is
   * @returns whether some token was left without it, because its agency has too many there
   */
  readonly admit: (
    keys: TokenKeys,
    record: number,
    found: (other: number) => void,
    agency?: number,
  ) => boolean;
  /** Counts a record for no agency any more, since several have described it so. */
  readonly share: (record: number) => void;
  readonly remove: (keys: TokenKeys, record: number) => void;
};

/**
 * Records found by one token at most. What so many share tells nobody apart; and nobody can make a search slow by
 * flooding one token.
 */
export const maxRecordsPerToken = 200;

/** So many of them at most were described by one agency alone, so that none can fill a token and hide what follows. */
export const maxRecordsPerTokenOfAgency = 50;

/** The number of no agency in particular, which only the first bound holds for. */
export const noAgency = 0;

/** Of records: numbers are kept plus one, so that empty memory means an unused slot. */
const unused = 0;
const gone = -1;
/** Of postings, which begin at 2. */
const none = 0;
const wordsPerSlot = 4;
/** Below so many, 16 MiB, it is cheaper to have too many than to move them again. */
const fastGrowthSlots = 2 ** 20;
/**
 * Slots of a table that has become too small that are moved for each token that comes: the larger one is far from full
 * when all are. To move millions at one stroke would hold up all that the thread does for a second.
 */
const movedPerToken = 8;
/** Within a slot. */
const recordWord = 2;
const nextWord = 3;

export class MemoryTokenTable implements TokenTable {
  #capacity: number;
  #used = 0;
  /** The record's word is `gone` for a slot whose records are all gone, and `unused` for one never taken. */
  #slots: Int32Array;
  /** Slots that have a record, those that are still to be moved included. */
  #live = 0;
  /** The table that is being left, and how many of its words are. */
  #old: Int32Array | undefined;
  #left = 0;
  /** The agency of each record. */
  #agencies = new Int32Array(1024);
  /** Two words each: a record, and the next posting. */
  #postings = new Int32Array(2048);
  #postingsEnd = 2;
  #free = none;
  /** Read by nobody: without it the compiler would leave out the reading of the slots, whose result nothing needs. */
  #lastRead = 0;

  /** @param capacity slots, a power of two */
  constructor(capacity = 4096) {
    this.#capacity = capacity;
    this.#slots = new Int32Array(capacity * wordsPerSlot);
  }

  /** Bytes of the arrays. */
  get bytes(): number {
    const slots = this.#slots.byteLength + (this.#old?.byteLength ?? 0);
    return slots + this.#postings.byteLength + this.#agencies.byteLength;
  }

  admit(
    { words, at, count }: TokenKeys,
    record: number,
    found: (other: number) => void,
    agency: number = noAgency,
  ): boolean {
    let isLeftOut = false;
    this.#noteAgency(record, agency);
    while ((this.#used + count) * 3 >= this.#capacity * 2) this.#grow();
    if (this.#old !== undefined) this.#moveSome(this.#old, count * movedPerToken);
    this.#fetchSlots({ words, at, count });
    for (let key = 0; key < count; key += 1) {
      const place = at[key] ?? 0;
      const slot = this.#takeSlot(words[place] ?? 0, words[place + 1] ?? 0);
      const first = this.#slots[slot + recordWord] ?? unused;
      if (first <= 0) {
        this.#slots[slot + recordWord] = record + 1;
        this.#live += 1;
        continue;
      }
      found(first - 1);
      let holders = 1;
      let ofAgency = this.#isOf(agency, first - 1);
      const next = this.#slots[slot + nextWord] ?? none;
      for (let posting = next; posting !== none; posting = this.#postings[posting + 1] ?? none) {
        const other = (this.#postings[posting] ?? 0) - 1;
        found(other);
        holders += 1;
        ofAgency += this.#isOf(agency, other);
      }
      if (holders >= maxRecordsPerToken) continue;
      if (ofAgency >= maxRecordsPerTokenOfAgency) {
        isLeftOut = true;
        continue;
      }
      const posting = this.#takePosting();
      this.#postings[posting] = record + 1;
      this.#postings[posting + 1] = next;
      this.#slots[slot + nextWord] = posting;
    }
    return isLeftOut;
  }

  share(record: number): void {
    this.#agencies[record] = noAgency;
  }

  /** Reads from all slots before anything depends on one: the waits for memory, most of an admission, then overlap. */
  #fetchSlots({ words, at, count }: TokenKeys): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let read = 0;
    for (let key = 0; key < count; key += 1) {
      const place = at[key] ?? 0;
      read ^= slots[(homeOf(words[place] ?? 0, words[place + 1] ?? 0) & mask) + recordWord] ?? 0;
    }
    this.#lastRead = read;
  }

  #noteAgency(record: number, agency: number): void {
    if (record >= this.#agencies.length) {
      const larger = new Int32Array(Math.max(record + 1, this.#agencies.length * 2));
      larger.set(this.#agencies);
      this.#agencies = larger;
    }
    this.#agencies[record] = agency;
  }

  /** 1 where the record is of this agency, so that it can be summed. */
  #isOf(agency: number, record: number): number {
    return agency !== noAgency && this.#agencies[record] === agency ? 1 : 0;
  }

  remove({ words, at, count }: TokenKeys, record: number): void {
    this.#fetchSlots({ words, at, count });
    for (let key = 0; key < count; key += 1) {
      const place = at[key] ?? 0;
      const slot = this.#slotOf(words[place] ?? 0, words[place + 1] ?? 0);
      if (this.#slots[slot + recordWord] !== unused) this.#removeOne(slot, record + 1);
    }
  }

  /** @param record as it is kept */
  #removeOne(slot: number, record: number): void {
    const slots = this.#slots;
    const postings = this.#postings;
    let posting = slots[slot + nextWord] ?? none;
    if (slots[slot + recordWord] === record) {
      slots[slot + recordWord] = posting === none ? gone : (postings[posting] ?? gone);
      if (posting === none) {
        this.#live -= 1;
        return;
      }
      slots[slot + nextWord] = postings[posting + 1] ?? none;
      this.#freePosting(posting);
      return;
    }
    let before = none;
    while (posting !== none && postings[posting] !== record) {
      before = posting;
      posting = postings[posting + 1] ?? none;
    }
    if (posting === none) return;
    const next = postings[posting + 1] ?? none;
    if (before === none) slots[slot + nextWord] = next;
    else postings[before + 1] = next;
    this.#freePosting(posting);
  }

  /** The slot of a token, made where it has none. */
  #takeSlot(high: number, low: number): number {
    const slot = this.#slotOf(high, low);
    if (this.#slots[slot + recordWord] === unused) {
      this.#slots[slot] = high;
      this.#slots[slot + 1] = low;
      this.#slots[slot + recordWord] = gone;
      this.#used += 1;
    }
    return slot;
  }

  /** The slot of a token, or the empty one where it would be put. */
  #slotOf(high: number, low: number): number {
    const slot = this.#search(this.#slots, high, low);
    if (this.#old !== undefined && this.#slots[slot + recordWord] === unused) {
      const from = this.#search(this.#old, high, low);
      if ((this.#old[from + recordWord] ?? gone) > 0) this.#move(this.#old, from, slot);
    }
    return slot;
  }

  #search(slots: Int32Array, high: number, low: number): number {
    const mask = slots.length - 1;
    let slot = homeOf(high, low) & mask;
    while (slots[slot + recordWord] !== unused && !(slots[slot] === high && slots[slot + 1] === low)) {
      slot = (slot + wordsPerSlot) & mask;
    }
    return slot;
  }

  #takePosting(): number {
    if (this.#free !== none) {
      const posting = this.#free;
      this.#free = this.#postings[posting + 1] ?? none;
      return posting;
    }
    if (this.#postingsEnd === this.#postings.length) {
      const larger = new Int32Array(this.#postings.length * 2);
      larger.set(this.#postings);
      this.#postings = larger;
    }
    this.#postingsEnd += 2;
    return this.#postingsEnd - 2;
  }

  #freePosting(posting: number): void {
    this.#postings[posting + 1] = this.#free;
    this.#free = posting;
  }

  /** Begins to leave behind the slots whose records are gone, in a larger table where that is not room enough. */
  #grow(): void {
    if (this.#old !== undefined) this.#moveSome(this.#old, this.#old.length / wordsPerSlot);
    // Where hardly any slot was left behind, more and more records come, as while history is read.
    const isFilling = this.#live * 2 >= this.#capacity && this.#capacity < fastGrowthSlots;
    if (this.#live * 3 >= this.#capacity) this.#capacity *= isFilling ? 4 : 2;
    this.#old = this.#slots;
    this.#left = 0;
    this.#slots = new Int32Array(this.#capacity * wordsPerSlot);
    this.#used = 0;
  }

  /** Moves the records of the next slots. */
  #moveSome(old: Int32Array, slots: number): void {
    const end = Math.min(old.length, this.#left + slots * wordsPerSlot);
    for (let slot = this.#left; slot < end; slot += wordsPerSlot) {
      if ((old[slot + recordWord] ?? gone) <= 0) continue;
      this.#move(old, slot, this.#search(this.#slots, old[slot] ?? 0, old[slot + 1] ?? 0));
    }
    this.#left = end;
    if (end === old.length) this.#old = undefined;
  }

  /** Moves a slot of the old table to an empty one. */
  #move(old: Int32Array, from: number, to: number): void {
    for (let word = 0; word < wordsPerSlot; word += 1) this.#slots[to + word] = old[from + word] ?? 0;
    old[from + recordWord] = gone;
    this.#used += 1;
  }
}

/** Where the search for a token begins, as a word of a table of any size: the mask of the table is for who searches. */
function homeOf(high: number, low: number): number {
  let mixed = Math.imul(high, 0x85ebca6b) ^ Math.imul(low, 0x9e3779b1);
  mixed ^= mixed >>> 15;
  return mixed * wordsPerSlot;
}
