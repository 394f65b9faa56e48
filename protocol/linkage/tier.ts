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
import { compareTokenSets, emits, type Agreement, type Comparison } from './agreement.ts';
import { codes, type Code, type EvidenceType } from './recipes.ts';
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
  const facts = readFacts(comparison, left, right);
  const evidence = [...new Set([...comparison.agreeingWithGuesses].map((part) => codes[part].type))];
  return {
    tier: tierOf(facts),
    agreements: comparison.agreements,
    evidence,
    differing: [...comparison.onBothSides].filter((type) => !evidence.includes(type)),
    missing: missingOf(left, right),
  };
}

/** What the decision rests on. `date` counts the parts of the date that agree: 3 for all. */
type Facts = {
  readonly forename: 'agrees' | 'guessed' | 'initial' | 'differs' | 'missing' | 'unsure';
  readonly date: 0 | 2 | 3;
  readonly dateMissing: boolean;
  readonly surname: 0 | 1 | 2;
  readonly place: boolean;
  readonly identifier: 'agrees' | 'differs' | 'missing';
  readonly any: boolean;
};

function tierOf(facts: Facts): Tier {
  const { forename, date, identifier, any } = facts;
  if (!any) return 'none';
  if (forename === 'differs') return identifier === 'agrees' && date === 3 ? 'possible' : 'conflict';
  if (identifier === 'agrees' && (forename === 'agrees' || date > 0)) return 'same';
  if (forename === 'agrees' && isSame(facts)) return 'same';
  return isPossible(facts) ? 'possible' : 'none';
}

function isSame({ date, surname, place, identifier }: Facts): boolean {
  if (identifier === 'differs') return date === 3 && surname === 2 && place;
  if (date === 3) return surname > 0 || place;
  return date === 2 && surname === 2 && place;
}

function isPossible({ forename, date, dateMissing, surname, place }: Facts): boolean {
  if (forename === 'agrees') {
    if (dateMissing) return surname === 2 && place;
    return date === 2 ? surname > 0 || place : date === 3 && (surname > 0 || place);
  }
  if (forename === 'guessed') return date === 3 && surname + Number(place) > 0;
  return (forename === 'missing' || forename === 'initial') && date === 3 && surname > 0;
}

function readFacts(comparison: Comparison, left: TokenSet, right: TokenSet): Facts {
  const { agreeing, agreeingWithGuesses, onBothSides, agreements } = comparison;
  const has = (...parts: Code[]): boolean => parts.some((part) => agreeing.has(part));
  const parts = (['birth-year-month', 'birth-year-day', 'birth-month-day'] as const).filter((part) =>
    has(part),
  );
  const identified = has('chi', 'nhs', 'local');
  return {
    forename: readForename(comparison, left, right),
    date: has('birth') || parts.length > 1 ? 3 : parts.length === 1 ? 2 : 0,
    dateMissing: !emits(left, 'birthDate') || !emits(right, 'birthDate'),
    surname: has('family') ? 2 : has('family-sound', 'family-start') ? 1 : 0,
    place: has('postcode', 'address'),
    identifier: identified ? 'agrees' : identifiersDiffer(comparison) ? 'differs' : 'missing',
    any: agreements.length > 0 && agreeingWithGuesses.size > 0 && onBothSides.size > 0,
  };
}

function identifiersDiffer({ codesOnBothSides }: Comparison): boolean {
  return (['chi', 'nhs', 'local'] as const).some((part) => codesOnBothSides.has(part));
}

function readForename(comparison: Comparison, left: TokenSet, right: TokenSet): Facts['forename'] {
  const { agreeing, agreeingWithGuesses, codesOnBothSides } = comparison;
  if (agreeing.has('given') || agreeing.has('given-sound')) return 'agrees';
  if (agreeingWithGuesses.has('given') || agreeingWithGuesses.has('given-sound')) return 'guessed';
  if (codesOnBothSides.has('given')) return 'differs';
  if (agreeing.has('given-initial')) return 'initial';
  return emits(left, 'forename') && emits(right, 'forename') ? 'differs' : 'missing';
}

function missingOf(left: TokenSet, right: TokenSet): EvidenceType[] {
  const all: EvidenceType[] = ['forename', 'surname', 'birthDate', 'place', 'identifier'];
  return all.filter((type) => !emits(left, type) || !emits(right, type));
}
