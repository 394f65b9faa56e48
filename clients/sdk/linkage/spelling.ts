/** Names that a misspelled one may have been: for a forename that is in nobody's list. */
import { findLongForms, shortForms } from './short-forms.ts';
import { listedForenames } from './listed-forenames.ts';
import { loneForenames } from './lone-forenames.ts';
import { unifySpelling } from './spellings.ts';
import { readSound, readSpoken } from './sounds.ts';

const maxCandidates = 4;
/** Below this a name has too many neighbours. */
const minLetters = 3;
const minSureLetters = 4;
/** Kiara and Kaira, Noah and Noha are two names; from this length on hardly two are told apart by a swap. */
const minSwappedLetters = 7;

type Lexicon = {
  readonly rank: ReadonlyMap<string, number>;
  /** What is left of a name when one letter is dropped → the names. */
  readonly withoutLetter: ReadonlyMap<string, readonly string[]>;
  readonly bySound: ReadonlyMap<string, readonly string[]>;
  /** Two and three letters in a row that names have, their begin and end marked. */
  readonly rows: ReadonlySet<string>;
};

let built: Lexicon | undefined;

/** True for a forename that is known to be in use, long or short. */
export function isListedForename(name: string): boolean {
  return lexicon().rank.has(name);
}

/** Names that an unlisted one may have been. */
export type Corrections = {
  /** Those that it is another spelling of, or mistyped so that no child can be called so; the most frequent first. */
  readonly sure: readonly string[];
  /**
   * The others. No list has every name, and twins are called Khalid and Khalida, Jasleen and Jasveen, Oisin and Roisin:
   * these are for a person to look at.
   */
  readonly further: readonly string[];
};

/**
 * Listed forenames that sound like an unlisted one or are one typing error away: a letter dropped, added or changed, or
 * two swapped.
 */
export function findCorrections(name: string): Corrections {
  if (name.length < minLetters || isListedForename(name)) return { sure: [], further: [] };
  const { rank, withoutLetter, bySound } = lexicon();
  const mistyped = new Set<string>();
  for (const shorter of [name, ...dropOne(name)]) {
    if (rank.has(shorter)) mistyped.add(shorter);
    for (const near of withoutLetter.get(shorter) ?? []) if (isOneErrorAway(name, near)) mistyped.add(near);
  }
  const found = new Set([...mistyped, ...(bySound.get(readSound(name)) ?? [])]);
  const byRank = [...found].sort((one, other) => (rank.get(one) ?? 0) - (rank.get(other) ?? 0));
  // Erryn is Eryn mistyped, and Erin, which only sounds so, may be her twin.
  const isOnly = new Set([...mistyped].map(unifySpelling)).size === 1;
  const isSure = (near: string): boolean =>
    name.length >= minSureLetters &&
    (mistyped.size === 0 || mistyped.has(near)) &&
    (isSpellingOf(name, near) || (isOnly && mistyped.has(near) && isSlipIn(near, name)));
  return {
    sure: byRank.filter(isSure).slice(0, maxCandidates),
    further: byRank.filter((near) => !isSure(near)).slice(0, maxCandidates),
  };
}

/**
 * True when an unlisted name is spoken as `near`, or has letters in a row that no name has: two that stand in no name
 * side by side, or three twice; or three where neighbours have changed places, and in a long name any.
 */
function isSpellingOf(name: string, near: string): boolean {
  if (isOtherForm(name, near)) return false;
  const { rows } = lexicon();
  const strangeRows = (length: number): number => rowsOf(name, length).filter((row) => !rows.has(row)).length;
  if (strangeRows(2) > 0 || strangeRows(3) > 1) return true;
  if (name.slice(0, 1) !== near.slice(0, 1)) return false;
  if (readSpoken(name) === readSpoken(near)) return true;
  return isSwapped(name, near) && (name.length >= minSwappedLetters || strangeRows(3) > 0);
}

/** True when a name that stands alone begins and ends as the one written: it is at the end that forms differ. */
function isSlipIn(near: string, name: string): boolean {
  return (
    loneForenames.has(near) &&
    near.startsWith(name.slice(0, 1)) &&
    near.at(-1) === name.at(-1) &&
    !isOtherForm(name, near)
  );
}

/** The other sex's form of a name is made at its end: Karim and Karima, Simon and Simone, Hasan and Hasna. */
function isOtherForm(one: string, other: string): boolean {
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  if (long.length > short.length) return long.startsWith(short) && endsInVowel(long) && !endsInVowel(short);
  const endsOtherwise =
    one.slice(0, -2) === other.slice(0, -2) && !(one.endsWith('e') || other.endsWith('e'));
  return endsOtherwise && (endsInVowel(one) || endsInVowel(other));
}

function endsInVowel(name: string): boolean {
  return /[aeiou]h?$/.test(name);
}

/** True when two neighbouring letters have changed places. */
function isSwapped(one: string, other: string): boolean {
  return one.length === other.length && isOneErrorAway(one, other) && sortLetters(one) === sortLetters(other);
}

/** True when one letter dropped, added or changed, or two neighbours swapped, make one word the other. */
export function isOneErrorAway(one: string, other: string): boolean {
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  if (long.length - short.length > 1) return false;
  let start = 0;
  while (start < short.length && short[start] === long[start]) start++;
  if (long.length > short.length) return short.slice(start) === long.slice(start + 1);
  if (short.slice(start + 1) === long.slice(start + 1)) return true;
  return (
    short[start] === long[start + 1] &&
    short[start + 1] === long[start] &&
    short.slice(start + 2) === long.slice(start + 2)
  );
}

function lexicon(): Lexicon {
  return (built ??= build());
}

function build(): Lexicon {
  const rank = new Map<string, number>();
  for (const name of [
    ...listedForenames,
    ...shortForms(),
    ...shortForms().flatMap((short) => findLongForms(short)),
  ]) {
    if (!rank.has(name)) rank.set(name, rank.size);
  }
  const withoutLetter = new Map<string, string[]>();
  const bySound = new Map<string, string[]>();
  const rows = new Set<string>();
  for (const name of rank.keys()) {
    for (const row of [...rowsOf(name, 2), ...rowsOf(name, 3)]) rows.add(row);
    addTo(bySound, readSound(name), name);
    for (const shorter of dropOne(name)) addTo(withoutLetter, shorter, name);
  }
  return { rank, withoutLetter, bySound, rows };
}

/** What is left of a name when one letter is dropped, whichever. */
export function dropOne(name: string): string[] {
  return [...new Set(Array.from(name, (_, at) => name.slice(0, at) + name.slice(at + 1)))];
}

/** The letters of a name in the order of the alphabet. */
export function sortLetters(name: string): string {
  return Array.from(name).sort().join('');
}

/** Every `length` letters in a row, begin and end marked. */
function rowsOf(name: string, length: number): string[] {
  const marked = `^${name}$`;
  return Array.from({ length: Math.max(0, marked.length - length + 1) }, (_, at) =>
    marked.slice(at, at + length),
  );
}

function addTo(map: Map<string, string[]>, key: string, value: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
