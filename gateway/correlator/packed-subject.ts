/** A description as numbers: its packed token sets, the keys of all its tokens, and what tells it from others. */
import {
  headerWords,
  maxWordsOfSubject,
  packSubject,
  wordsOfSet,
  type PackedTokens,
} from '../../protocol/linkage/packed-set.ts';
import type { SubjectTokens } from '../../protocol/linkage/subject-tokens.ts';

/** Tokens, each in two halves, in `words` at the places of `at`, as many as `count`. */
export type TokenKeys = { readonly words: Int32Array; readonly at: Int32Array; readonly count: number };

/** Takes one description after the other; what it says of one is overwritten by the next. */
export class PackedSubject implements TokenKeys {
  words = new Int32Array(512);
  at = new Int32Array(128);
  /** Words that are used. */
  length = 0;
  count = 0;

  /** Packs what was told of a subject, the newest epoch first. */
  pack(subject: SubjectTokens): void {
    this.#makeRoom(maxWordsOfSubject);
    this.#addAllKeys(packSubject(subject, this.words, 0));
  }

  /** Takes what was packed before. */
  read({ words, from, length }: PackedTokens): void {
    this.#makeRoom(length);
    for (let word = 0; word < length; word += 1) this.words[word] = words[from + word] ?? 0;
    this.#addAllKeys(length);
  }

  /** 52 bits folded from all words. Whoever relies on it compares the words as well. */
  fold(): number {
    const { words, length } = this;
    let a = length;
    let b = 0x9e3779b1;
    for (let at = 0; at < length; at += 1) {
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
    const own = this.words;
    for (let at = 0; at < this.length; at += 1) if (own[at] !== words[from + at]) return false;
    return true;
  }

  #addAllKeys(length: number): void {
    this.length = this.count = 0;
    while (this.length < length) this.#addKeys();
  }

  /** Notes where the tokens of the set stand that begins at the present length. */
  #addKeys(): void {
    const { words } = this;
    const written = words[this.length + 4] ?? 0;
    const readings = words[this.length + 5] ?? 0;
    let at = this.length + headerWords;
    while (this.count + written + readings > this.at.length) this.at = enlarge(this.at, this.count);
    for (let token = 0; token < written; token += 1, at += 2) this.at[this.count++] = at;
    for (let token = 0; token < readings; token += 1, at += 3) this.at[this.count++] = at + 1;
    this.length += wordsOfSet(words, this.length);
  }

  #makeRoom(words: number): void {
    while (this.words.length < words) this.words = enlarge(this.words, this.length);
  }
}

function enlarge(array: Int32Array<ArrayBuffer>, used: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array.subarray(0, used));
  return larger;
}
