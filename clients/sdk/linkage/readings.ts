/** From a person's details to what the tokens are made of: the readings of every code. */
import { carries, maxTokens, recipes, type Code, type Recipe } from '../../../protocol/linkage/recipes.ts';
import { readBirthDate, readBirthParts } from './birth-date.ts';
import { checkChiNumber, checkNhsNumber, readTenDigits } from './identifiers.ts';
import { maySwap, readFamilyName, readGivenName } from './names.ts';
import { readDistrict, readHouse, readPostcode } from './place.ts';
import { readSex } from './sex.ts';
import type { SubjectDetails } from './subject.ts';

/** Code → its readings, the written one first; an empty list where the component is missing. */
export type Readings = Readonly<Record<Code, readonly string[]>>;

/** What one token is made of. */
export type TokenInput = { readonly recipe: string; readonly text: string };

const startLetters = 3;
/** A misspelled forename as written, its sound and that of the likeliest right ones. */
const guessesHeld = 4;
/** Where the surname may be a forename: Jayden and Kayden come near each other, and are twins. */
const noNearness = { 'family-start': [], 'family-end': [], 'family-close': [] };
const separator = '\u001f';

/** @returns `isUnsure` where forename and surname may stand in each other's place */
function readPerson(subject: SubjectDetails): { readonly readings: Readings; readonly isUnsure: boolean } {
  const sex = readSex(subject.sex ?? '');
  const [chi, nhs] = [readTenDigits(subject.chi ?? ''), readTenDigits(subject.nhsNumber ?? '')];
  const [isChi, isNhs] = [checkChiNumber(chi ?? '') === 'ok', checkNhsNumber(nhs ?? '') === 'ok'];
  // One that fails its check still tells who may be meant; but that it differs from another says little.
  const unsure = [isChi ? undefined : chi, isNhs ? undefined : nhs];
  const given = readGivenName(subject.given ?? '', sex);
  const family = readFamilyName(subject.family ?? '');
  const house = readHouse(subject.address ?? '');
  const postcode = readPostcode(subject.postcode ?? '');
  const birth = readBirthParts(readBirthDate(subject.birthDate ?? ''));
  const readings = {
    given: given.readings,
    'given-sound': given.sounds,
    'given-near': given.near,
    'given-initial': given.initial,
    'swapped-starts': readStarts(given.written, family.readings),
    initials: readInitials(given.initial, family.readings),
    family: family.readings,
    'family-sound': family.sounds,
    'family-start': family.starts,
    'family-end': family.ends,
    'family-close': family.close,
    birth: birth.whole,
    'birth-year-month': birth.yearMonth,
    'birth-year-day': birth.yearDay,
    'birth-month-day': birth.monthDay,
    postcode: optional(postcode),
    district: optional(readDistrict(postcode ?? '')),
    address: optional(house.house),
    street: optional(house.street),
    chi: optional(isChi ? chi : undefined),
    nhs: optional(isNhs ? nhs : undefined),
    local: [readLocalId(subject.localId ?? ''), ...unsure].flatMap(optional),
    sex: optional(sex),
  };
  return { readings, isUnsure: maySwap(given, family) };
}

/**
 * The inputs of a person's tokens, at most {@link maxTokens}, in the catalogue's order; of each recipe the written
 * values first. A recipe with a missing component has none. Room goes to every recipe's first before any other (see `allot`).
 */
export function tokenInputs(subject: SubjectDetails): TokenInput[] {
  const { readings, isUnsure } = readPerson(subject);
  const byRecipe = recipes.map((recipe) => {
    const texts = combine(recipe, isUnsure ? { ...readings, ...noNearness } : readings);
    const isSwayed = isUnsure && texts.length > 0 && restsOnForename(recipe);
    return { name: recipe.name, texts: isSwayed ? holdBySurname(texts, readings) : texts };
  });
  const counts = allot(byRecipe.map(({ name, texts }) => ({ name, most: texts.length })));
  return byRecipe.flatMap(({ name, texts }, at) =>
    texts.slice(0, counts[at]).map((text) => ({ recipe: name, text })),
  );
}

/** How many tokens each recipe has: a first, then what guesses at the forename need to meet, then what else there is. */
function allot(wanted: readonly { readonly name: string; readonly most: number }[]): number[] {
  const counts = wanted.map(({ most }) => Math.min(1, most));
  let room = maxTokens - counts.reduce((sum, count) => sum + count, 0);
  for (const limit of [guessesHeld, maxTokens]) {
    for (const [at, { name, most }] of wanted.entries()) {
      if (limit === guessesHeld && !name.startsWith('near-')) continue;
      const more = Math.max(0, Math.min(room, Math.min(most, limit) - (counts[at] ?? 0)));
      counts[at] = (counts[at] ?? 0) + more;
      room -= more;
    }
  }
  return counts;
}

/** True for a recipe that takes the forename and neither the surname nor an identifier to hold it. */
function restsOnForename(recipe: Recipe): boolean {
  return carries(recipe, 'forename') && !carries(recipe, 'surname') && !carries(recipe, 'identifier');
}

/**
 * Where forename and surname may have changed places, the surname joins the written value, and what would stand
 * without it becomes another reading: two such records then agree only when both names do, for otherwise twins whose
 * names were both swapped would agree in their surname.
 */
function holdBySurname(texts: readonly string[], { family }: Readings): string[] {
  return [`${texts[0] ?? ''}${separator}${family[0] ?? ''}`, ...texts];
}

/**
 * The first readings together, then with one of them read in another way; in the whole name both at once, for a second
 * name and half of a double surname are left out together. A close surname stands beside the written values alone.
 */
function combine({ name, codes: parts }: Recipe, readings: Readings): string[] {
  const lists = parts.map((part) => readings[part]);
  if (lists.some((list) => list.length === 0)) return [];
  const written = lists.map((list) => list[0] ?? '');
  const varied = parts.includes('family-close') ? [parts.indexOf('family-close')] : parts.map((_, at) => at);
  const texts = new Set([join(parts, written)]);
  for (const at of varied)
    for (const reading of others(lists[at])) texts.add(join(parts, written.with(at, reading)));
  if (name === 'name-birth') {
    for (const given of others(readings.given))
      for (const family of others(readings.family))
        texts.add(
          join(parts, written.with(parts.indexOf('given'), given).with(parts.indexOf('family'), family)),
        );
  }
  return [...texts];
}

/** All but the first. */
function others(list: readonly string[] = []): readonly string[] {
  return list.slice(1);
}

/** Forename and surname stand in either order, for the forms on which they change places. */
function join(parts: readonly Code[], values: readonly string[]): string {
  const isName = (at: number): boolean => parts[at] === 'given' || parts[at] === 'family';
  const names = values.filter((_, at) => isName(at)).sort();
  const rest = values.filter((_, at) => !isName(at));
  return [...names, ...rest].join(separator);
}

function readLocalId(text: string): string | undefined {
  const plain = text
    .normalize('NFKD')
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
  return plain.length < 5 || /^(.)\1*$/u.test(plain) ? undefined : plain;
}

function readStarts(given: string, [family]: readonly string[]): string[] {
  if (given === '' || family === undefined) return [];
  const starts = [given.slice(0, startLetters), family.slice(0, startLetters)];
  return [starts.join('-'), starts.reverse().join('-')];
}

function readInitials([given]: readonly string[], [family]: readonly string[]): string[] {
  if (given === undefined || family === undefined) return [];
  return [[given, family.slice(0, 1)].sort().join('')];
}

function optional(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}
