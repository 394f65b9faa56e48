/**
 * Whether two records are about one person, from their tokens alone.
 *
 * | Tier       | Needs                                                                                      |
 * | ---------- | ------------------------------------------------------------------------------------------ |
 * | `same`     | forename and birth date, with surname or place; or an identifier and forename or birth date |
 * | `possible` | as much as there is, where one side lacks a part; or a guess at the forename               |
 * | `conflict` | the family, the date or the place agree, but both sides have a forename and it differs     |
 * | `none`     | too little                                                                                 |
 *
 * A forename that both sides have and that differs is what tells twins and siblings apart, so it forbids `same` and
 * `possible`. Links are between two records: that A is B and B is C does not make A C.
 */
import { compareTokenSets, emittedCodes, type Agreement, type Comparison, type Manner } from './agreement.ts';
import { codes, evidenceTypes, type Code, type EvidenceType } from './recipes.ts';
import { tokenSetsOf, type SubjectTokens, type TokenSet } from './subject-tokens.ts';

export const tiers = ['same', 'possible', 'conflict', 'none'] as const;
export type Tier = (typeof tiers)[number];

/** A decision that explains itself. */
export type Link = {
  readonly tier: Tier;
  /** The recipes that agree, by name. */
  readonly agreements: readonly Agreement[];
  /** The evidence that the agreeing recipes carry. */
  readonly evidence: readonly EvidenceType[];
  /** Evidence that both sides have and in which nothing agrees. */
  readonly differing: readonly EvidenceType[];
  /** Evidence that one side lacks. */
  readonly missing: readonly EvidenceType[];
};

/** Compares two subjects in an epoch that both have, and decides. Symmetric. */
export function decideLink(left: SubjectTokens, right: SubjectTokens): Link {
  const rights = tokenSetsOf(right);
  for (const set of tokenSetsOf(left)) {
    const other = rights.find(({ epoch }) => epoch === set.epoch);
    if (other !== undefined) return decideTier(set, other);
  }
  return { tier: 'none', agreements: [], evidence: [], differing: [], missing: [] };
}

/** Decides for two sets of one epoch. */
export function decideTier(left: TokenSet, right: TokenSet): Link {
  const comparison = compareTokenSets(left, right);
  const [typesLeft, typesRight] = [emittedTypes(left), emittedTypes(right)];
  const evidence = evidenceTypes.filter((type) => bestManner(comparison, type) !== undefined);
  const missing = evidenceTypes.filter((type) => !typesLeft.has(type) || !typesRight.has(type));
  const differing = evidenceTypes.filter((type) => !evidence.includes(type) && !missing.includes(type));
  const tier = evidence.length === 0 ? 'none' : tierOf(readFacts(comparison, missing));
  return { tier, agreements: comparison.agreements, evidence, differing, missing };
}

/** What the decision rests on. */
type Facts = {
  readonly forename: 'written' | 'reading' | 'guessed' | 'initial' | 'missing' | 'differs';
  /** How much of the date agrees: 3 the whole, 2 all but one part, 1 month and day of another decade. */
  readonly date: 0 | 1 | 2 | 3;
  /** 2 the surname, 1 a fuzzy code of it. */
  readonly surname: 0 | 1 | 2;
  /** 2 the postcode or the house, 1 the district. */
  readonly place: 0 | 1 | 2;
  readonly identifier: 'agrees' | 'differs' | 'missing';
  readonly dateMissing: boolean;
  /** The first letters of both names agree, in either order. */
  readonly initials: boolean;
  /** What one side has as forename begins as the other's surname, and the other way round. */
  readonly swapped: boolean;
};

function tierOf(facts: Facts): Tier {
  const { forename, date, identifier, initials } = facts;
  if (forename === 'differs')
    return identifier === 'agrees' && (date > 1 || initials) ? 'possible' : 'conflict';
  if (identifier === 'agrees' && isIdentified(facts)) return 'same';
  if ((forename === 'written' || forename === 'reading') && isSame(facts)) return 'same';
  return isPossible(facts) ? 'possible' : 'none';
}

/** The number agrees. A date alone adds little to a number that holds it, so it needs a third. */
function isIdentified({ forename, date, surname, place }: Facts): boolean {
  if (forename === 'written' || forename === 'reading') return true;
  return date > 1 && (surname > 0 || place > 0);
}

function isSame({ forename, date, surname, place, identifier }: Facts): boolean {
  if (identifier === 'differs') {
    return forename === 'written' && date === 3 && place === 2 && surname === 2;
  }
  if (date === 3) return surname > 0 || place === 2;
  return date === 2 && surname === 2 && place === 2;
}

function isPossible({ forename, date, dateMissing, surname, place, identifier, swapped }: Facts): boolean {
  if (identifier === 'agrees') return true;
  if (forename === 'written' || forename === 'reading') {
    if (dateMissing) return place === 2;
    return date === 3 || (date > 0 && (place === 2 || (surname === 2 && place > 0)));
  }
  return date === 3 && (surname > 0 || swapped);
}

function readFacts({ agreeing, onBothSides }: Comparison, missing: readonly EvidenceType[]): Facts {
  const has = (...parts: Code[]): boolean =>
    parts.some((part) => agreeing.has(part) && agreeing.get(part) !== 'guess');
  const dateParts = (['birth-year-month', 'birth-year-day', 'birth-month-day'] as const).filter((part) =>
    has(part),
  );
  const differ = identifierCodes.some((part) => onBothSides.has(part));
  return {
    forename: readForename({ agreeing, onBothSides }, missing),
    date: readDate(has('birth'), dateParts.length, agreeing.has('birth-month-day')),
    surname: has('family') ? 2 : has(...fuzzySurnameCodes) ? 1 : 0,
    place: has('postcode', 'address') ? 2 : has('street', 'district') ? 1 : 0,
    identifier: has(...identifierCodes) ? 'agrees' : differ ? 'differs' : 'missing',
    dateMissing: missing.includes('birthDate'),
    initials: has('initials'),
    swapped: agreeing.get('swapped-starts') === 'reading',
  };
}

function readDate(whole: boolean, parts: number, monthAndDay: boolean): Facts['date'] {
  if (whole || parts > 1) return 3;
  if (parts === 1) return 2;
  return monthAndDay ? 1 : 0;
}

const identifierCodes = ['chi', 'nhs', 'local'] as const;
const fuzzySurnameCodes = ['family-sound', 'family-start', 'family-end', 'family-letters'] as const;

function readForename(
  { agreeing, onBothSides }: Pick<Comparison, 'agreeing' | 'onBothSides'>,
  missing: readonly EvidenceType[],
): Facts['forename'] {
  const manner = agreeing.get('given');
  if (manner === 'written' || manner === 'reading') return manner;
  // Two names that nobody knows and that sound alike are one in two spellings.
  if (agreeing.has('given-sound')) return 'reading';
  const mayBe = manner === 'guess' || agreeing.has('given-near');
  if (mayBe || agreeing.get('swapped-starts') === 'reading') return 'guessed';
  if (onBothSides.has('given')) return 'differs';
  if (agreeing.has('given-initial')) return 'initial';
  return missing.includes('forename') ? 'missing' : 'differs';
}

function bestManner({ agreeing }: Comparison, type: EvidenceType): Manner | undefined {
  return [...agreeing].find(([part]) => codes[part].type === type)?.[1];
}

function emittedTypes(set: TokenSet): Set<EvidenceType> {
  return new Set([...emittedCodes(set)].map((part) => codes[part].type));
}
