/** The readings of a forename and of a surname: as written first, then what else it may stand for. */
import { findLongForms } from './short-forms.ts';
import { readSkeleton, readSound } from './sounds.ts';
import { findCorrections, isListedForename } from './spelling.ts';
import { readWords } from './words.ts';

/** What stands in the field when nobody knows the name, or there is none yet. */
const noName = new Set(
  'baby babyboy babygirl unborn unknown notknown nk na none test infant newborn twin male female boy girl child unnamed nil null no not'.split(
    ' ',
  ),
);
const titles = new Set('mr mrs ms miss mx dr master'.split(' '));
const minPartLetters = 3;

/** Readings of a forename, and its codes. Empty lists where there is no name. */
export type GivenName = {
  readonly readings: readonly string[];
  /** For a forename that is in no list: how it sounds. Listed names have none, so two of them never meet in it. */
  readonly sounds: readonly string[];
  readonly initial: readonly string[];
};

const nothing: GivenName = { readings: [], sounds: [], initial: [] };

/** Reads the forename of a `given` field; further forenames are left aside. */
export function readGivenName(text: string): GivenName {
  const groups = readWords(text).filter((group) => !titles.has(group.join('')));
  const [first] = groups;
  if (first === undefined || noName.has(first[0] ?? '') || noName.has(first.join(''))) return nothing;
  const written = first.join('');
  const initial = [written.slice(0, 1)];
  if (written.length === 1) return { ...nothing, initial };
  const parts = first.length > 1 ? first.filter((part) => part.length >= minPartLetters) : [];
  const readings = new Set([written, ...findLongForms(written)]);
  for (const part of parts.length > 0 ? [first[0] ?? ''] : []) readings.add(part);
  const joined = groups.length > 1 && first.length === 1 ? written + (groups[1]?.join('') ?? '') : undefined;
  if (joined !== undefined && isListedForename(joined)) readings.add(joined);
  if (isListedForename(written) || parts.length > 0) return { readings: [...readings], sounds: [], initial };
  for (const candidate of findCorrections(written)) readings.add(candidate);
  return { readings: [...readings], sounds: [readSound(written)], initial };
}

/** Readings of a surname, and its codes. */
export type FamilyName = {
  readonly readings: readonly string[];
  readonly sounds: readonly string[];
  readonly starts: readonly string[];
};

/** Reads a surname; the parts of a double one are readings of their own. */
export function readFamilyName(text: string): FamilyName {
  const parts = readWords(text).flat().map(unifyPrefix);
  const written = unifyPrefix(parts.join(''));
  if (written.length < 2 || noName.has(written)) return { readings: [], sounds: [], starts: [] };
  const long = parts.length > 1 ? parts.filter((part) => part.length >= minPartLetters) : [];
  const readings = [...new Set([written, ...long])];
  if (long.length > 1) readings.push([...long].sort().join(' '));
  const named = long.length > 1 ? long.slice(0, 2) : [written];
  return {
    readings,
    sounds: [...new Set(named.map(readSkeleton))],
    starts: [...new Set(named.map((name) => name.slice(0, 4)))],
  };
}

function unifyPrefix(part: string): string {
  return part.replace(/^mac(?=[a-z]{3})/, 'mc');
}
