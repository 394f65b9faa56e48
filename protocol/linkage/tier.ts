/**
 * Whether two records are about one person, from their tokens alone.
 *
 * | Tier       | Needs                                                                                      |
 * | ---------- | ------------------------------------------------------------------------------------------ |
 * | `same`     | forename and birth date, with surname or place; or an identifier and forename or birth date |
 * | `possible` | as much as there is, where one side lacks a part; or a guess at the forename; or an identifier |
 * | `conflict` | something agrees, but a forename, a CHI or NHS number or, of an unnamed child, the sex differs |
 * | `none`     | too little                                                                                 |
 *
 * A forename that both sides have and that differs is what tells twins and siblings apart, so it forbids `same`, and
 * `possible` unless an identifier agrees: then one of them has the other's number, and a person has to look. Where a
 * forename is missing, the sex tells them apart in its place. Links are between two records: that A is B and B is C
 * does not make A C.
 */
import {
  compareTokenSets,
  listAgreements,
  makeComparison,
  type Agreement,
  type Comparison,
} from './agreement.ts';
import { bitsOf, maxWordsOfSet, packTokenSet } from './packed-set.ts';
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

/** Compares two subjects in the newest epoch that both have, in whatever order they say so, and decides. Symmetric. */
export function decideLink(left: SubjectTokens, right: SubjectTokens): Link {
  const rights = tokenSetsOf(right);
  const [newest] = tokenSetsOf(left)
    .flatMap((set) => {
      const other = rights.find(({ epoch }) => epoch === set.epoch);
      return other === undefined ? [] : [{ set, other }];
    })
    .sort((one, two) => two.set.epoch - one.set.epoch);
  if (newest !== undefined) return decideTier(newest.set, newest.other);
  return { tier: 'none', agreements: [], evidence: [], differing: [], missing: [] };
}

/** Decides for two sets of one epoch. */
export function decideTier(left: TokenSet, right: TokenSet): Link {
  const found = makeComparison();
  compareTokenSets(pack(left), 0, pack(right), 0, found);
  const tier = decideCompared(found);
  const agreeing = agreeingCodes(found);
  const evidence = typesOf(agreeing);
  const typesLeft = typesOf(found.codesLeft);
  const typesRight = typesOf(found.codesRight);
  const missing = evidenceTypes.filter((type) => !typesLeft.includes(type) || !typesRight.includes(type));
  const differing = evidenceTypes.filter((type) => !evidence.includes(type) && !missing.includes(type));
  return { tier, agreements: listAgreements(found), evidence, differing, missing };
}

/** Decides from what two sets were found to have in common, and explains nothing. */
export function decideCompared(found: Comparison): Tier {
  return agreeingCodes(found) === 0 ? 'none' : tierOf(readFacts(found));
}

function pack(set: TokenSet): Int32Array {
  const words = new Int32Array(maxWordsOfSet);
  packTokenSet(set, words, 0);
  return words;
}

function agreeingCodes({ written, reading, guess }: Comparison): number {
  return written.codes | reading.codes | guess.codes;
}

function typesOf(bits: number): EvidenceType[] {
  return evidenceTypes.filter((type) => (bits & bitsByType[type]) !== 0);
}

type Compared = 'agrees' | 'differs' | 'missing';

/** What the decision rests on. */
type Facts = {
  readonly forename: 'written' | 'reading' | 'guessed' | 'initial' | 'missing' | 'differs';
  /** It is written the same, letter by letter or in a known spelling: neither a short form nor a correction. */
  readonly spelledAlike: boolean;
  /** How much of the date agrees: 3 the whole, 2 all but one part, 1 month and day of another decade. */
  readonly date: 0 | 1 | 2 | 3;
  /** The whole agrees only when day and month change places on one side. */
  readonly dateSwapped: boolean;
  /** 2 the surname, 1 a fuzzy code of it. */
  readonly surname: 0 | 1 | 2;
  /** Of the surname only start or end agree: strangers called Thomas and Thomson, Popescu and Ionescu share that. */
  readonly surnameEdgeOnly: boolean;
  /** 2 the postcode or the house, 1 the district. */
  readonly place: 0 | 1 | 2;
  readonly identifier: Compared;
  /** Of the identifiers, those that have a check digit. */
  readonly checkedNumber: Compared;
  /** Compared beside the surname and the whole date as written; false where these differ. */
  readonly sexDiffers: boolean;
  readonly dateMissing: boolean;
  /** What one side has as forename begins as the other's surname, and the other way round. */
  readonly swapped: boolean;
};

function tierOf(facts: Facts): Tier {
  const { forename, identifier } = facts;
  if (forename === 'differs') return identifier === 'agrees' ? 'possible' : 'conflict';
  if (identifier === 'agrees' && isIdentified(facts)) return 'same';
  const isNamedAlike = forename === 'written' || forename === 'reading';
  if (isNamedAlike && isSame(facts)) return 'same';
  // Beside a forename a wrong letter for the sex says little; without one it is what tells a brother from his twin.
  if (facts.sexDiffers && !isNamedAlike && identifier !== 'agrees') return 'conflict';
  if (isPossible(facts)) return 'possible';
  return facts.checkedNumber === 'differs' ? 'conflict' : 'none';
}

/** The number agrees. A date alone adds little to a number that holds it, so it needs a third. */
function isIdentified({ forename, date, surname, place }: Facts): boolean {
  if (forename === 'written' || forename === 'reading') return true;
  return date > 1 && (surname > 0 || place > 0);
}

function isSame(facts: Facts): boolean {
  const { spelledAlike, date, dateSwapped, surname, surnameEdgeOnly, place, identifier } = facts;
  if (identifier === 'differs') {
    return spelledAlike && date === 3 && place === 2 && surname === 2;
  }
  // Two codes that only come near are no evidence: strangers called Osei and Owusu, born on 1 March and 3 January.
  if (dateSwapped && surname < 2 && place < 2) return false;
  if (date === 3) return place === 2 || (surname > 0 && (!surnameEdgeOnly || place > 0));
  return date === 2 && surname === 2 && place === 2;
}

function isPossible(facts: Facts): boolean {
  const { forename, date, dateMissing, surname, place, identifier, swapped } = facts;
  if (identifier === 'agrees') return true;
  if (facts.checkedNumber === 'differs') return isRenumbered(facts);
  if (forename === 'written' || forename === 'reading') {
    if (dateMissing) return place === 2;
    return date === 3 || (date > 0 && (place === 2 || (surname === 2 && place > 0)));
  }
  return date === 3 && (surname > 0 || swapped || place === 2);
}

/**
 * Two numbers that pass their check are two children's, unless a child was given another one, as when its date of birth
 * was corrected: then all else is as it was, or nearly.
 */
function isRenumbered({ forename, spelledAlike, date, dateMissing, surname, place }: Facts): boolean {
  if (forename === 'missing' || forename === 'initial') return false;
  const isAtHome = surname === 2 && place === 2;
  if (date === 3) return isAtHome || (spelledAlike && (surname > 0 || place === 2));
  return isAtHome && forename === 'written' && (date === 2 || dateMissing);
}

function readFacts(compared: Comparison): Facts {
  const { written, reading, codesLeft, codesRight } = compared;
  const onBothSides = codesLeft & codesRight;
  const isMissing = (type: number): boolean => (codesLeft & type) === 0 || (codesRight & type) === 0;
  // Its readings are those of the surname alone: where two meet, the forename and the date are as written.
  const isClose = (agreeingCodes(compared) & bits.familyClose) !== 0;
  const forename = isClose ? 'written' : readForename(compared, onBothSides, isMissing(bitsByType.forename));
  const sure = written.codes | reading.codes | (forename === 'guessed' ? compared.guess.codes : 0);
  const dateParts =
    Number((sure & bits.yearMonth) !== 0) +
    Number((sure & bits.yearDay) !== 0) +
    Number((sure & bits.monthDay) !== 0);
  const monthAndDay = (agreeingCodes(compared) & bits.monthDay) !== 0;
  const swapped = (reading.codes & bits.swapped) !== 0;
  const isInOtherField = swapped && !isClose && (agreeingCodes(compared) & bits.fuzzySurname) === 0;
  return {
    forename,
    spelledAlike: forename === 'written' && ((written.codes & bits.givenNear) !== 0 || isInOtherField),
    date: readDate(isClose || (sure & bits.birth) !== 0, dateParts, monthAndDay),
    dateSwapped: !isClose && (written.codes & bits.birth) === 0 && dateParts < 2,
    surname: (sure & bits.family) !== 0 ? 2 : isClose || (sure & bits.fuzzySurname) !== 0 ? 1 : 0,
    surnameEdgeOnly: !isClose && (sure & bits.surnameAsWhole) === 0,
    place: (sure & bits.home) !== 0 ? 2 : (sure & bits.near) !== 0 ? 1 : 0,
    identifier: compare(bits.identifier, sure, onBothSides),
    checkedNumber: compare(bits.checkedNumber, sure, onBothSides),
    sexDiffers:
      (onBothSides & bits.sex) !== 0 &&
      (written.codes & bits.beside) === bits.beside &&
      (agreeingCodes(compared) & bits.sex) === 0,
    dateMissing: isMissing(bitsByType.birthDate),
    swapped,
  };
}

function compare(kinds: number, agreeing: number, onBothSides: number): Compared {
  if ((agreeing & kinds) !== 0) return 'agrees';
  return (onBothSides & kinds) !== 0 ? 'differs' : 'missing';
}

function readDate(whole: boolean, parts: number, monthAndDay: boolean): Facts['date'] {
  if (whole || parts > 1) return 3;
  if (parts === 1) return 2;
  return monthAndDay ? 1 : 0;
}

const bitsByType = Object.fromEntries(
  evidenceTypes.map((type) => [
    type,
    bitsOf(...(Object.keys(codes) as Code[]).filter((part) => codes[part].type === type)),
  ]),
) as Readonly<Record<EvidenceType, number>>;

const bits = {
  given: bitsOf('given'),
  givenSound: bitsOf('given-sound'),
  givenNear: bitsOf('given-near'),
  givenInitial: bitsOf('given-initial'),
  swapped: bitsOf('swapped-starts'),
  family: bitsOf('family'),
  fuzzySurname: bitsOf('family-sound', 'family-start', 'family-end'),
  familyClose: bitsOf('family-close'),
  surnameAsWhole: bitsOf('family', 'family-sound'),
  birth: bitsOf('birth'),
  yearMonth: bitsOf('birth-year-month'),
  yearDay: bitsOf('birth-year-day'),
  monthDay: bitsOf('birth-month-day'),
  home: bitsOf('postcode', 'address'),
  near: bitsOf('street', 'district'),
  identifier: bitsOf('chi', 'nhs', 'local'),
  checkedNumber: bitsOf('chi', 'nhs'),
  sex: bitsOf('sex'),
  beside: bitsOf('family', 'birth'),
} as const;

function readForename(compared: Comparison, onBothSides: number, isMissing: boolean): Facts['forename'] {
  const { written, reading, guess } = compared;
  if ((written.codes & bits.given) !== 0) return 'written';
  if ((reading.codes & bits.given) !== 0) return 'reading';
  const agreeing = agreeingCodes(compared);
  const mayBe = (guess.codes & bits.given) !== 0 || (agreeing & (bits.givenSound | bits.givenNear)) !== 0;
  if (mayBe || (reading.codes & bits.swapped) !== 0) return 'guessed';
  if ((onBothSides & bits.given) !== 0) return 'differs';
  if ((agreeing & bits.givenInitial) !== 0) return 'initial';
  // An initial is compared beside the surname and the date, so where those differ it tells nothing.
  const isCompared = (agreeing & bits.beside) === bits.beside;
  return isMissing || !isCompared ? 'missing' : 'differs';
}
