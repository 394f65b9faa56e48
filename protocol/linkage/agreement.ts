/** What two token sets have in common, recipe by recipe, as bits: a comparison allocates nothing. */
import { codesByPlace, headerWords } from './packed-set.ts';
import { recipes } from './recipes.ts';

/**
 * How a recipe agrees: `written` when the values as written are the same, `reading` when one side's written values
 * are another reading of the other's, `guess` when only other readings meet.
 */
export const manners = ['written', 'reading', 'guess'] as const;
export type Manner = (typeof manners)[number];

/** A recipe that both sides emitted and that agrees. */
export type Agreement = { readonly recipe: string; readonly manner: Manner };

/** What agrees in one manner and in no better one. */
type Agreeing = {
  /** Recipes, a bit each by their place in the catalogue, and from place 32 on in `high`. */
  low: number;
  high: number;
  /** Codes, by the bits of `bitsOf`. */
  codes: number;
};

/** Two records compared. One object takes the findings of many comparisons, one after the other. */
export type Comparison = {
  readonly written: Agreeing;
  readonly reading: Agreeing;
  readonly guess: Agreeing;
  /** Codes that a side emitted, in whatever recipe. */
  codesLeft: number;
  codesRight: number;
};

export function makeComparison(): Comparison {
  const nothing = (): Agreeing => ({ low: 0, high: 0, codes: 0 });
  return { written: nothing(), reading: nothing(), guess: nothing(), codesLeft: 0, codesRight: 0 };
}

/**
 * Compares two packed sets, in `a` from `left` on and in `b` from `right` on, and overwrites `found`. Symmetric. Sets
 * of different epochs agree in nothing.
 */
export function compareTokenSets(
  a: Int32Array,
  left: number,
  b: Int32Array,
  right: number,
  found: Comparison,
): void {
  const { written, reading, guess } = found;
  written.low = written.high = written.codes = 0;
  reading.low = reading.high = reading.codes = 0;
  guess.low = guess.high = guess.codes = 0;
  found.codesLeft = wordAt(a, left + 3);
  found.codesRight = wordAt(b, right + 3);
  if (a[left] !== b[right]) return;
  compareWritten(a, left, b, right, written);
  const [readingsLeft, readingsRight] = [wordAt(a, left + 5), wordAt(b, right + 5)];
  if (readingsLeft === 0 && readingsRight === 0) return;
  if (readingsLeft > 0) compareReadings(a, left, b, right, found);
  if (readingsRight > 0) compareReadings(b, right, a, left, found);
  reading.low &= ~written.low;
  reading.high &= ~written.high;
  guess.low &= ~(written.low | reading.low);
  guess.high &= ~(written.high | reading.high);
  reading.codes = codesOf(reading) & ~written.codes;
  guess.codes = codesOf(guess) & ~(written.codes | reading.codes);
}

/** The agreeing recipes by name, in the order of the catalogue. */
export function listAgreements(found: Comparison): Agreement[] {
  return recipes.flatMap(({ name }, place) => {
    const manner = manners.find((one) => hasPlace(found[one].low, found[one].high, place));
    return manner === undefined ? [] : [{ recipe: name, manner }];
  });
}

const namesByBits = new Map<number, readonly string[]>();
const maxLists = 10_000;

/** Their names alone. Few combinations occur, so lists are shared. */
export function agreeingNames({ written, reading, guess }: Comparison): readonly string[] {
  const low = written.low | reading.low | guess.low;
  const high = written.high | reading.high | guess.high;
  const key = (high & 0xfffff) * 2 ** 32 + (low >>> 0);
  const known = namesByBits.get(key);
  if (known !== undefined) return known;
  const names = recipes.flatMap(({ name }, place) => (hasPlace(low, high, place) ? [name] : []));
  if (namesByBits.size < maxLists) namesByBits.set(key, names);
  return names;
}

function compareWritten(a: Int32Array, left: number, b: Int32Array, right: number, agreeing: Agreeing): void {
  let i = left + headerWords;
  let j = right + headerWords;
  for (let word = 1; word <= 2; word += 1) {
    const inLeft = wordAt(a, left + word);
    const inRight = wordAt(b, right + word);
    let equal = 0;
    for (let rest = inLeft | inRight; rest !== 0; rest &= rest - 1) {
      const bit = rest & -rest;
      const isLeft = (inLeft & bit) !== 0;
      const isRight = (inRight & bit) !== 0;
      if (isLeft && isRight && a[i] === b[j] && a[i + 1] === b[j + 1]) {
        equal |= bit;
        agreeing.codes |= codesAt(31 - Math.clz32(bit) + (word === 1 ? 0 : 32));
      }
      if (isLeft) i += 2;
      if (isRight) j += 2;
    }
    if (word === 1) agreeing.low = equal;
    else agreeing.high = equal;
  }
}

/** Holds the readings of one side against all that the other side has of the same recipes. */
function compareReadings(
  a: Int32Array,
  left: number,
  b: Int32Array,
  right: number,
  { reading, guess }: Comparison,
): void {
  const firstOther = right + headerWords + 2 * wordAt(b, right + 4);
  const endOther = firstOther + 3 * wordAt(b, right + 5);
  let other = firstOther;
  const first = left + headerWords + 2 * wordAt(a, left + 4);
  const end = first + 3 * wordAt(a, left + 5);
  for (let at = first; at < end; at += 3) {
    const place = wordAt(a, at);
    const written = placeOfWritten(b, right, place);
    if (written < 0) continue;
    if (a[at + 1] === b[written] && a[at + 2] === b[written + 1]) setPlace(reading, place);
    // Readings are sorted by recipe, on either side.
    while (other < endOther && wordAt(b, other) < place) other += 3;
    for (let one = other; one < endOther && b[one] === place; one += 3) {
      if (a[at + 1] === b[one + 1] && a[at + 2] === b[one + 2]) setPlace(guess, place);
    }
  }
}

/** Where the written token of a recipe stands; -1 where it was not emitted. */
function placeOfWritten(words: Int32Array, at: number, place: number): number {
  const [low, high] = [wordAt(words, at + 1), wordAt(words, at + 2)];
  if (!hasPlace(low, high, place)) return -1;
  const before =
    place < 32
      ? countBits(low & ((1 << place) - 1))
      : countBits(low) + countBits(high & ((1 << (place - 32)) - 1));
  return at + headerWords + 2 * before;
}

function hasPlace(low: number, high: number, place: number): boolean {
  return place < 32 ? ((low >>> place) & 1) === 1 : ((high >>> (place - 32)) & 1) === 1;
}

function setPlace(agreeing: Agreeing, place: number): void {
  if (place < 32) agreeing.low |= 1 << place;
  else agreeing.high |= 1 << (place - 32);
}

function codesOf({ low, high }: Agreeing): number {
  let found = 0;
  for (let rest = low; rest !== 0; rest &= rest - 1) found |= codesAt(31 - Math.clz32(rest & -rest));
  for (let rest = high; rest !== 0; rest &= rest - 1) found |= codesAt(63 - Math.clz32(rest & -rest));
  return found;
}

function codesAt(place: number): number {
  return codesByPlace[place] ?? 0;
}

function wordAt(words: Int32Array, at: number): number {
  return words[at] ?? 0;
}

function countBits(bits: number): number {
  let rest = bits - ((bits >>> 1) & 0x55555555);
  rest = (rest & 0x33333333) + ((rest >>> 2) & 0x33333333);
  return Math.imul((rest + (rest >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
