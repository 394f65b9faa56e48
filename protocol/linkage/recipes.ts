/**
 * The recipe catalogue: what a token is made of, and what it is worth when two records share it.
 *
 * A recipe is a list of codes; its token stands for all of them at once, so a shared token says that every one of
 * them agrees. No recipe has a single code, and none that may carry `same` lacks the forename or an identifier.
 */

/** What a code is evidence of. */
export const evidenceTypes = ['forename', 'surname', 'birthDate', 'place', 'identifier', 'sex'] as const;
export type EvidenceType = (typeof evidenceTypes)[number];

/** `full` stands for the whole value, `part` for a fuzzy code or a part of it. */
export type Strength = 'full' | 'part';

export type CodeMeaning = { readonly type: EvidenceType; readonly strength: Strength };

const code = (type: EvidenceType, strength: Strength): CodeMeaning => ({ type, strength });

/** Code → what it is evidence of. */
export const codes = {
  given: code('forename', 'full'),
  'given-sound': code('forename', 'part'),
  'given-near': code('forename', 'part'),
  'given-initial': code('forename', 'part'),
  /** How forename and surname begin, and as another reading the other way round: only that tells of a swap. */
  'swapped-starts': code('forename', 'part'),
  /** First letters of forename and surname, in either order. */
  initials: code('surname', 'part'),
  family: code('surname', 'full'),
  'family-sound': code('surname', 'part'),
  'family-start': code('surname', 'part'),
  'family-end': code('surname', 'part'),
  /** The surname and what is left of it when a letter is dropped. */
  'family-close': code('surname', 'part'),
  birth: code('birthDate', 'full'),
  'birth-year-month': code('birthDate', 'part'),
  'birth-year-day': code('birthDate', 'part'),
  'birth-month-day': code('birthDate', 'part'),
  postcode: code('place', 'full'),
  address: code('place', 'full'),
  street: code('place', 'part'),
  district: code('place', 'part'),
  chi: code('identifier', 'full'),
  nhs: code('identifier', 'full'),
  local: code('identifier', 'full'),
  sex: code('sex', 'full'),
} as const satisfies Record<string, CodeMeaning>;
export type Code = keyof typeof codes;

/** A recipe: its name on the wire and its codes. The order of the catalogue is the order in which room is given. */
export type Recipe = { readonly name: string; readonly codes: readonly Code[] };

const recipe = (name: string, ...codes: Code[]): Recipe => ({ name, codes });

export const recipes: readonly Recipe[] = [
  recipe('name-birth', 'given', 'family', 'birth'),
  recipe('chi-given', 'chi', 'given'),
  recipe('chi-birth', 'chi', 'birth'),
  recipe('chi-family', 'chi', 'family'),
  recipe('chi-initials', 'chi', 'initials'),
  recipe('chi-postcode', 'chi', 'postcode'),
  recipe('chi-street', 'chi', 'street'),
  recipe('nhs-given', 'nhs', 'given'),
  recipe('nhs-birth', 'nhs', 'birth'),
  recipe('nhs-family', 'nhs', 'family'),
  recipe('nhs-initials', 'nhs', 'initials'),
  recipe('nhs-postcode', 'nhs', 'postcode'),
  recipe('nhs-street', 'nhs', 'street'),
  recipe('local-given', 'local', 'given'),
  recipe('local-birth', 'local', 'birth'),
  recipe('local-family', 'local', 'family'),
  recipe('local-initials', 'local', 'initials'),
  recipe('local-postcode', 'local', 'postcode'),
  recipe('local-street', 'local', 'street'),
  recipe('given-birth-postcode', 'given', 'birth', 'postcode'),
  recipe('given-birth-address', 'given', 'birth', 'address'),
  recipe('family-sound-birth', 'given', 'family-sound', 'birth'),
  recipe('family-start-birth', 'given', 'family-start', 'birth'),
  recipe('family-end-birth', 'given', 'family-end', 'birth'),
  recipe('name-year-month', 'given', 'family', 'birth-year-month'),
  recipe('name-year-day', 'given', 'family', 'birth-year-day'),
  recipe('name-month-day', 'given', 'family', 'birth-month-day'),
  recipe('name-postcode', 'given', 'family', 'postcode'),
  recipe('given-address', 'given', 'address'),
  recipe('name-district', 'given', 'family', 'district'),
  recipe('given-year-month-address', 'given', 'birth-year-month', 'address'),
  recipe('given-year-day-address', 'given', 'birth-year-day', 'address'),
  recipe('given-month-day-address', 'given', 'birth-month-day', 'address'),
  recipe('sound-family-birth', 'given-sound', 'family', 'birth'),
  recipe('sound-birth-address', 'given-sound', 'birth', 'address'),
  recipe('swapped-birth', 'swapped-starts', 'birth'),
  recipe('near-family-birth', 'given-near', 'family', 'birth'),
  recipe('near-birth-address', 'given-near', 'birth', 'address'),
  recipe('near-birth-postcode', 'given-near', 'birth', 'postcode'),
  recipe('given-birth-street', 'given', 'birth', 'street'),
  recipe('given-birth-district', 'given', 'birth', 'district'),
  recipe('family-birth', 'family', 'birth'),
  recipe('sex-family-birth', 'sex', 'family', 'birth'),
  recipe('family-birth-postcode', 'family', 'birth', 'postcode'),
  recipe('family-birth-address', 'family', 'birth', 'address'),
  recipe('birth-address', 'birth', 'address'),
  recipe('birth-postcode', 'birth', 'postcode'),
  recipe('initial-family-birth', 'given-initial', 'family', 'birth'),
  recipe('family-close-birth', 'given', 'family-close', 'birth'),
];

/** Tokens of one person under one epoch, other readings included. */
export const maxTokens = 60;

/** True when a recipe has a code of this evidence. */
export function carries({ codes: parts }: Recipe, type: EvidenceType): boolean {
  return parts.some((part) => codes[part].type === type);
}
