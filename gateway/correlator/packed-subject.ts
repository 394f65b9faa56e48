/** A packed description as the index looks at it: the keys of all its tokens, and what tells it from others. */
import { headerWords, wordsOfSet, type PackedTokens } from '../../protocol/linkage/packed-set.ts';

/** Tokens, each in two halves, in `words` at the places of `at`, as many as `count`. */
export type TokenKeys = { readonly words: Int32Array; readonly at: Int32Array; readonly count: number };

/** Looks at one description after the other, where it stands; what it says of one is overwritten by the next. */
export class PackedSubject implements TokenKeys {
  words: Int32Array = new Int32Array(0);
  from = 0;
  /** Words that are used. */
  length = 0;
  at = new Int32Array(128);
  count = 0;

  read({ words, from, length }: PackedTokens): void {
    this.words = words;
    this.from = from;
    this.length = length;
    this.count = 0;
  }

  /** 52 bits folded from all words. Whoever relies on it compares the words as well. */
  fold(): number {
    const { words, from, length } = this;
    let a = length;
    let b = 0x9e3779b1;
    for (let at = from; at < from + length; at += 1) {
      const word = words[at] ?? 0;
      a = Math.imul(a ^ word, 0x85ebca6b);
      a ^= a >>> 13;
      b = Math.imul(b + word, 0xc2b2ae35);
      b ^= b >>> 15;
    }
    return (a >>> 6) * 2 ** 26 + (b >>> 6);
  }

  /** True when these very words stand there. */
  equals(words: Int32Array, from: number): boolean {
    const { words: own, from: start, length } = this;
    for (let at = 0; at < length; at += 1) if (own[start + at] !== words[from + at]) return false;
    return true;
  }

  /** Notes where the tokens of all sets stand: until then, there are no keys. */
  findKeys(): void {
    const { words, from, length } = this;
    this.count = 0;
    for (let set = from; set < from + length; set += wordsOfSet(words, set)) this.#addKeys(set);
  }

  /** @param set where the set begins */
  #addKeys(set: number): void {
    const { words } = this;
    const written = words[set + 4] ?? 0;
    const readings = words[set + 5] ?? 0;
    let at = set + headerWords;
    while (this.count + written + readings > this.at.length) this.#makeRoom();
    for (let token = 0; token < written; token += 1, at += 2) this.at[this.count++] = at;
    for (let token = 0; token < readings; token += 1, at += 3) this.at[this.count++] = at + 1;
  }

  #makeRoom(): void {
    const larger = new Int32Array(this.at.length * 2);
    larger.set(this.at);
    this.at = larger;
  }
}
