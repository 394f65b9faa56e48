/** The readings of a forename and of a surname: as written first, then what else it may stand for. */
import { readLongForms } from './short-forms.ts';
import { unifySpelling } from './spellings.ts';
import { readSkeleton, readSound } from './sounds.ts';
import { dropOne, findCorrections, isListedForename, sortLetters } from './spelling.ts';
import { readWords } from './words.ts';

/** What stands in the field when nobody knows the name, or there is none yet. */
const noName = new Set(
  `baby babyboy babygirl infant newborn twin triplet unborn unknown unk notknown nk na none test male female boy girl child unnamed
  nil null no not tbc tba tbd fnu lnu awaiting pending anon anonymous ubb nn son daughter fetus foetus stillborn stillbirth
  expected expecting bump un born`.split(/\s+/u),
);
/** What stands before the mother's name, a number or nothing while a child has no name: BabyBoy, Twin A, S/O Fatima. */
const noNameYet =
  /^(?:baby(?!lon)|infant|newborn|unborn|twin(?!kle)|triplet|(?:son|daughter|child|boy|girl)of)/u;
/** B/O, S/O, D/O and C/O, which leave a letter and an o; Bo by itself is a name. */
const mothersChild = /^(?:[bcds]-o(?:f)?|[bcds]of)$/u;
/** What is no surname. Na, No, Test and Child are; who has one is called so. */
const noSurname = new Set(
  'unknown unk notknown nk none null nil unnamed tbc tba tbd fnu lnu awaiting pending anon anonymous nosurname notgiven baby babyboy babygirl infant newborn unborn ubb'.split(
    ' ',
  ),
);
const titles = new Set('mr mrs ms miss mx dr master'.split(' '));
const minPartLetters = 3;
/** Of shorter surnames too many are a letter apart: Lee and Lea, Chan and Chen. */
const minCloseLetters = 5;
const maxNear = 14;

/** Readings of a forename, and its codes. Empty lists where there is no name. */
export type GivenName = {
  /** The first name alone, and with the second name where there is one, as written. */
  readonly first: string;
  readonly written: string;
  /**
   * All that is told apart by, with the second name where there is one, comes first; of a short form, and of a
   * misspelling that leaves no doubt, the name that it stands for, so that two such records meet in it.
   */
  readonly readings: readonly string[];
  /** How a forename in no list sounds. Listed names have none, so two of them never meet in it. */
  readonly sounds: readonly string[];
  /**
   * How it and a long form that may be meant sound; for a name in no list also how it may have sounded, and what is left
   * when a letter is dropped. Where the first reading is not the written one, the written one comes first here: only
   * that tells what was written.
   */
  readonly near: readonly string[];
  readonly initial: readonly string[];
};

const nothing: GivenName = { first: '', written: '', readings: [], sounds: [], near: [], initial: [] };

/**
 * Reads the forename of a `given` field. The second one belongs to it, and the first one alone is another reading: so
 * Muhammad Ali may be Muhammad, and is not Muhammad Hassan, his twin. Further ones are left aside.
 */
export function readGivenName(text: string, sex?: 'F' | 'M'): GivenName {
  const groups = readWords(text).filter((group) => !titles.has(group.join('')));
  const [first] = groups;
  if (first === undefined || isNoName(first, groups[1]?.join('') ?? '')) return nothing;
  const written = unifySpelling(first.join(''));
  const initial = [written.slice(0, 1)];
  if (written.length === 1) return { ...nothing, initial };
  const second = groups[1]?.join('') ?? '';
  const both = second.length > 1 ? written + unifySpelling(second) : written;
  const parts = first.length > 1 ? first.filter((part) => part.length >= minPartLetters) : [];
  const { sure: long, guesses } = readLongForms(written, sex);
  const tail = both.slice(written.length);
  const sound = readSound(written);
  if (isListedForename(written) || parts.length > 0) {
    const readings = readAs([...long, written], tail);
    if (parts.length > 0) readings.add(first[0] ?? '');
    const near = [...(long.length > 0 ? [asWritten(written)] : []), sound, ...guesses.map(readSound)];
    return { first: written, written: both, readings: [...readings], sounds: [], near, initial };
  }
  const { sure, further } = findCorrections(written);
  const right = [...new Set(sure.map(unifySpelling))];
  const isSure = right.length === 1;
  const readings = readAs(isSure ? [...right, written] : [written, ...right], tail);
  const corrected = [...sure, ...further].map(readSound);
  const near = [
    ...(isSure ? [asWritten(written)] : []),
    sound,
    ...corrected,
    written,
    sortLetters(written),
    ...dropOne(written),
  ];
  const sounds = [...new Set([readSound(both), sound])];
  return {
    first: written,
    written: both,
    readings: [...readings],
    sounds,
    near: [...new Set(near)].slice(0, maxNear),
    initial,
  };
}

/** What no sound is. */
function asWritten(name: string): string {
  return `=${name}`;
}

/** A reading of the first name stands beside the second one too, and first: Kate Rose is Katherine Rose. */
function readAs(names: readonly string[], second: string): Set<string> {
  return new Set(names.flatMap((name) => [name + second, name]));
}

function isNoName(group: readonly string[], next: string): boolean {
  const [word = '', whole] = [group[0], group.join('')];
  if (noName.has(word) || noName.has(whole) || mothersChild.test(group.join('-'))) return true;
  return noNameYet.test(whole) || noNameYet.test(whole + next);
}

/**
 * True when the forename is in no list and the surname is in the list of forenames: the two may stand in each
 * other's place, and for twins then "forename" and address agree.
 */
export function maySwap(given: GivenName, family: FamilyName): boolean {
  const [forename, surname = ''] = [given.first, family.readings[0]];
  return forename !== '' && surname !== '' && !isListedForename(forename) && isListedForename(surname);
}

/** Readings of a surname, and its codes. */
export type FamilyName = {
  readonly readings: readonly string[];
  readonly sounds: readonly string[];
  readonly starts: readonly string[];
  readonly ends: readonly string[];
  /**
   * What surnames a letter apart have in common: the name, and what is left when one letter is dropped. Of short and of
   * double ones the letters in the order of the alphabet.
   */
  readonly close: readonly string[];
};

/** Reads a surname; the parts of a double one are readings of their own. */
export function readFamilyName(text: string): FamilyName {
  const parts = readWords(text).flat().map(unifySurname);
  const written = unifySurname(parts.join(''));
  if (written.length < 2 || noSurname.has(written))
    return { readings: [], sounds: [], starts: [], ends: [], close: [] };
  const long = parts.length > 1 ? parts.filter((part) => part.length >= minPartLetters) : [];
  const readings = [...new Set([written, ...long])];
  if (long.length > 1) readings.push([...long].sort().join(' '));
  const named = long.length > 1 ? long.slice(0, 2) : [written];
  return {
    readings,
    sounds: [...new Set(named.map(readSkeleton))],
    starts: [...new Set(named.map((name) => name.slice(0, 4)))],
    ends: [...new Set(named.map((name) => name.slice(-4)))],
    close:
      named.length > 1 || written.length < minCloseLetters
        ? [...new Set(named.map(sortLetters))]
        : [written, ...dropOne(written)],
  };
}

/** Mac and Mc are one; and a name that is a forename too has one spelling in both places. */
function unifySurname(part: string): string {
  return unifySpelling(part.replace(/^mac(?=[a-z]{3})/, 'mc'));
}
