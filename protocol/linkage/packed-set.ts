/**
 * A token set as numbers, to be compared with very many others without a string or an allocation.
 *
 * | Words          | Content                                                                   |
 * | -------------- | ------------------------------------------------------------------------- |
 * | 0              | the epoch                                                                 |
 * | 1, 2           | the recipes that were emitted, a bit each, in the order of the catalogue  |
 * | 3              | the codes in them, a bit each                                             |
 * | 4, 5           | how many written tokens follow, and how many readings                     |
 * | 2 each         | the written tokens, in the order of their recipes                         |
 * | 3 each         | the readings: the place of the recipe, and the token                      |
 *
 * A token is told by its first ten characters. Tokens are outputs of a keyed hash, so those are sixty bits of chance:
 * among a thousand million tokens hardly one pair meets by accident, and one token alone links nobody.
 */
import { createHash } from 'node:crypto';
import { codes, maxTokens, recipes, type Code } from './recipes.ts';
import type { SubjectTokens, TokenSet } from './subject-tokens.ts';

/** Words before the first token. */
export const headerWords = 6;

const codeNames = Object.keys(codes) as Code[];

/** The bit of a code; there are fewer than 32. */
export function bitsOf(...parts: readonly Code[]): number {
  return parts.reduce((bits, part) => bits | (1 << codeNames.indexOf(part)), 0);
}

/** The codes of each recipe, by its place in the catalogue. */
export const codesByPlace = Int32Array.from(recipes, (recipe) => bitsOf(...recipe.codes));

/**
 * A number for the form of packed sets: the layout above, and the catalogues that its places and bits come from. What
 * was packed by another version may have another one, and then means something else here.
 */
export const packedForm = createHash('sha256')
  .update(JSON.stringify([1, codeNames, recipes, maxTokens]))
  .digest()
  .readInt32LE();

const placeByName = new Map(recipes.map(({ name }, place) => [name, place]));

/** A packed set has no more words than these. */
export const maxWordsOfSet = headerWords + 3 * maxTokens;

/** So has a subject: in a time of change it has the sets of two epochs. */
export const maxWordsOfSubject = 2 * maxWordsOfSet;

/** The packed sets of one subject, the newest epoch first, in `words` from `from` on. */
export type PackedTokens = { readonly words: Int32Array; readonly from: number; readonly length: number };

const listed: (readonly string[] | undefined)[] = recipes.map(() => undefined);

/**
 * Writes a set into `words` from `at` on; recipes that this version does not know are passed over,
 * and so are readings beyond the most tokens of a set.
 * @returns where it ends
 */
export function packTokenSet({ epoch, tokens }: TokenSet, words: Int32Array, at: number): number {
  let [low, high, emitted] = [0, 0, 0];
  for (const name in tokens) {
    const place = placeByName.get(name);
    const list = tokens[name];
    if (place === undefined || list === undefined || list.length === 0) continue;
    listed[place] = list;
    if (place < 32) low |= 1 << place;
    else high |= 1 << (place - 32);
    emitted |= codesByPlace[place] ?? 0;
  }
  let end = at + headerWords;
  for (const list of listed) {
    const written = list?.[0];
    if (written === undefined) continue;
    words[end] = halfOf(written, 0);
    words[end + 1] = halfOf(written, 5);
    end += 2;
  }
  words[at] = epoch;
  words[at + 1] = low;
  words[at + 2] = high;
  words[at + 3] = emitted;
  const written = (end - at - headerWords) / 2;
  const endOfAll = packReadings(words, end, maxTokens - written);
  words[at + 4] = written;
  words[at + 5] = (endOfAll - end) / 3;
  return endOfAll;
}

/** Writes all sets of a subject, the newest epoch first. @returns where they end */
export function packSubject(subject: SubjectTokens, words: Int32Array, at: number): number {
  const end = packTokenSet(subject, words, at);
  return subject.previous === undefined ? end : packTokenSet(subject.previous, words, end);
}

/** Room for one subject, which is copied from here at once. */
const packing = new Int32Array(maxWordsOfSubject);

/** What was told of a subject, packed by itself. */
export function packTokens(subject: SubjectTokens): PackedTokens {
  const length = packSubject(subject, packing, 0);
  return { words: packing.slice(0, length), from: 0, length };
}

function packReadings(words: Int32Array, from: number, most: number): number {
  const last = from + 3 * most;
  let end = from;
  for (let place = 0; place < listed.length; place += 1) {
    const list = listed[place];
    if (list === undefined) continue;
    for (let reading = 1; reading < list.length && end < last; reading += 1) {
      const token = list[reading] ?? '';
      words[end] = place;
      words[end + 1] = halfOf(token, 0);
      words[end + 2] = halfOf(token, 5);
      end += 3;
    }
    listed[place] = undefined;
  }
  return end;
}

/** Words that a packed set takes. */
export function wordsOfSet(words: Int32Array, at: number): number {
  return headerWords + 2 * (words[at + 4] ?? 0) + 3 * (words[at + 5] ?? 0);
}

/** Five characters in one word. The alphabet lies within 78 codes, and 78⁵ is less than 2³². */
function halfOf(token: string, from: number): number {
  let half = token.charCodeAt(from);
  half = Math.imul(half, 78) + token.charCodeAt(from + 1);
  half = Math.imul(half, 78) + token.charCodeAt(from + 2);
  half = Math.imul(half, 78) + token.charCodeAt(from + 3);
  return (Math.imul(half, 78) + token.charCodeAt(from + 4)) | 0;
}

/** The same of a token in bytes. */
export function halfOfBytes(bytes: Uint8Array, from: number): number {
  let half = bytes[from] ?? 0;
  half = Math.imul(half, 78) + (bytes[from + 1] ?? 0);
  half = Math.imul(half, 78) + (bytes[from + 2] ?? 0);
  half = Math.imul(half, 78) + (bytes[from + 3] ?? 0);
  return (Math.imul(half, 78) + (bytes[from + 4] ?? 0)) | 0;
}
