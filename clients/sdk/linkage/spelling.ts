/** Names that a misspelled one may have been: for a forename that is in nobody's list. */
import { findLongForms, shortForms } from './short-forms.ts';
import { listedForenames } from './listed-forenames.ts';
import { readSound } from './sounds.ts';

const maxCandidates = 4;
/** Below this a name has too many neighbours. */
const minLetters = 3;
const minLikelyLetters = 4;

type Lexicon = {
  readonly rank: ReadonlyMap<string, number>;
  /** What is left of a name when one letter is dropped → the names. */
  readonly withoutLetter: ReadonlyMap<string, readonly string[]>;
  readonly bySound: ReadonlyMap<string, readonly string[]>;
};

let built: Lexicon | undefined;

/** True for a forename that is known to be in use, long or short. */
export function isListedForename(name: string): boolean {
  return lexicon().rank.has(name);
}

/** Names that an unlisted one may have been. */
export type Corrections = {
  /**
   * Those that begin alike and, where one typing error can tell how it came about, are that near; the most frequent
   * first.
   */
  readonly likely: readonly string[];
  /**
   * The others. Twins are given names that rhyme, Jayden and Kayden, Oisin and Roisin, while typing seldom errs at the
   * first letter: these are for a person to look at.
   */
  readonly further: readonly string[];
};

/**
 * Listed forenames that sound like an unlisted one or are one typing error away: a letter dropped, added or changed, or
 * two swapped.
 */
export function findCorrections(name: string): Corrections {
  if (name.length < minLetters || isListedForename(name)) return { likely: [], further: [] };
  const { rank, withoutLetter, bySound } = lexicon();
  const mistyped = new Set<string>();
  for (const shorter of [name, ...dropOne(name)]) {
    if (rank.has(shorter)) mistyped.add(shorter);
    for (const near of withoutLetter.get(shorter) ?? []) if (isOneErrorAway(name, near)) mistyped.add(near);
  }
  const found = new Set([...mistyped, ...(bySound.get(readSound(name)) ?? [])]);
  const byRank = [...found].sort((one, other) => (rank.get(one) ?? 0) - (rank.get(other) ?? 0));
  // Erryn is Eryn mistyped, and Erin, which only sounds so, may be her twin.
  const isLikely = (near: string): boolean =>
    name.length >= minLikelyLetters &&
    near.startsWith(name.slice(0, 1)) &&
    (mistyped.size === 0 || mistyped.has(near));
  return {
    likely: byRank.filter(isLikely).slice(0, maxCandidates),
    further: byRank.filter((near) => !isLikely(near)).slice(0, maxCandidates),
  };
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
  for (const name of rank.keys()) {
    addTo(bySound, readSound(name), name);
    for (const shorter of dropOne(name)) addTo(withoutLetter, shorter, name);
  }
  return { rank, withoutLetter, bySound };
}

/** What is left of a name when one letter is dropped, whichever. */
export function dropOne(name: string): string[] {
  return [...new Set(Array.from(name, (_, at) => name.slice(0, at) + name.slice(at + 1)))];
}

function addTo(map: Map<string, string[]>, key: string, value: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
