/** What kinds of token that agree say, in words: an alert and its explanation name recipes, people read evidence. */
import { codes, recipes, type Code } from '../protocol/linkage/recipes.ts';

const words = {
  given: 'forename',
  'given-sound': 'sound of the forename',
  'given-near': 'forename but for a letter',
  'given-initial': 'initial of the forename',
  'swapped-starts': 'names in each other’s fields',
  initials: 'initials',
  family: 'surname',
  'family-sound': 'sound of the surname',
  'family-start': 'start of the surname',
  'family-end': 'end of the surname',
  'family-close': 'surname but for a letter',
  birth: 'birth date',
  'birth-year-month': 'birth year and month',
  'birth-year-day': 'birth year and day',
  'birth-month-day': 'birth month and day',
  postcode: 'postcode',
  address: 'address',
  street: 'street',
  district: 'postcode district',
  chi: 'CHI number',
  nhs: 'NHS number',
  local: 'number of an agency',
  sex: 'sex',
} as const satisfies Record<Code, string>;

const codesByRecipe = new Map(recipes.map((recipe) => [recipe.name, recipe.codes]));

/**
 * The evidence that agrees, each once and in the order of the catalogue. A part of a value, such as its sound, is named
 * only where the whole does not agree. A kind that this version does not know stands as it is.
 */
export function describeTokenTypes(types: readonly string[]): string[] {
  const agreeing = new Set(types.flatMap((type) => codesByRecipe.get(type) ?? []));
  const whole = new Set([...agreeing].filter((one) => codes[one].strength === 'full').map(typeOf));
  const known = (Object.keys(words) as Code[]).filter(
    (one) => agreeing.has(one) && (codes[one].strength === 'full' || !whole.has(typeOf(one))),
  );
  return [...known.map((one) => words[one]), ...types.filter((type) => !codesByRecipe.has(type))];
}

function typeOf(one: Code): string {
  return codes[one].type;
}
