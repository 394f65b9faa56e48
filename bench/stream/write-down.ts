/**
 * How agencies write a child down: with the error rates that CRATE found in UK records (surname 5.67 % for girls and
 * 1.34 % for boys, forename 0.9 %, birth date 0.49 % of which 93 % in one part, sex 0.33 %, postcode 30 %), and with
 * identifiers as often as such agencies have them.
 */
import type { Seeded } from '../seeded.ts';
import type { Child } from './children.ts';
import { shortForms } from './names.ts';

export type Details = {
  readonly given?: string;
  readonly family: string;
  readonly birthDate: string;
  readonly sex: string;
  readonly postcode: string;
  readonly chi?: string;
};

const identifierShare: Readonly<Record<string, number>> = {
  health: 0.95,
  'social-work': 0.4,
  education: 0.2,
  police: 0.05,
  reporter: 0.3,
};
const shortFormShare = 0.04;
/** "One of the twins": of so many of their notices nobody can tell which one. */
const unnamedTwinShare = 0.03;

/** Without any error, and with the identifier. */
export function writeExactly(child: Child): Details {
  const { given, family, birthDate, sex, postcode, chi } = child;
  return { given, family, birthDate, sex, postcode, chi };
}

/** By an agency that knows whose child it is, and not which. */
export function writeUnnamed({ family, birthDate, sex, postcode }: Child): Details {
  return { family, birthDate, sex, postcode };
}

/** As an agency of this sector would. */
export function writeDown(child: Child, sector: string, chance: Seeded): Details {
  const surnameError = child.sex === 'F' ? 0.0567 : 0.0134;
  if (child.twin !== undefined && chance.chance(unnamedTwinShare)) return writeUnnamed(child);
  const knowsIdentifier = chance.chance(identifierShare[sector] ?? 0.1);
  return {
    given: writeForename(child.given, chance),
    family: chance.chance(surnameError) ? otherSurname(child, chance) : child.family,
    birthDate: chance.chance(0.0049) ? wrongDate(child.birthDate, chance) : child.birthDate,
    sex: chance.chance(0.0033) ? (child.sex === 'F' ? 'M' : 'F') : child.sex,
    postcode: chance.chance(0.3) ? child.otherPostcode : child.postcode,
    ...(knowsIdentifier ? { chi: child.chi } : {}),
  };
}

function writeForename(given: string, chance: Seeded): string {
  const short = shortForms[given];
  if (short !== undefined && chance.chance(shortFormShare)) return short;
  return chance.chance(0.009) ? misspell(given, chance) : given;
}

/** Mostly the other parent's name, sometimes both, sometimes a slip. */
function otherSurname({ family, otherFamily }: Child, chance: Seeded): string {
  const kind = chance.next();
  if (kind < 0.6) return otherFamily;
  return kind < 0.8 ? `${family}-${otherFamily}` : misspell(family, chance);
}

function wrongDate(birthDate: string, chance: Seeded): string {
  const [year = '', month = '', day = ''] = birthDate.split('-');
  const kind = chance.next();
  if (kind < 0.07) return `${Number(year) - 1}-${pad(1 + chance.below(12))}-${pad(1 + chance.below(28))}`;
  if (kind < 0.3 && Number(day) <= 12) return `${year}-${day}-${month}`;
  if (kind < 0.55) return `${year}-${month}-${pad(1 + chance.below(28))}`;
  if (kind < 0.8) return `${year}-${pad(1 + chance.below(12))}-${pad(Math.min(28, Number(day)))}`;
  return `${Number(year) + (chance.chance(0.5) ? 1 : -1)}-${month}-${pad(Math.min(28, Number(day)))}`;
}

function misspell(name: string, chance: Seeded): string {
  const at = 1 + chance.below(Math.max(1, name.length - 1));
  const letter = chance.pick(Array.from('aeiounrlst'));
  const kind = chance.below(4);
  if (kind === 0) return name.slice(0, at) + name.slice(at + 1);
  if (kind === 1) return name.slice(0, at) + letter + name.slice(at);
  if (kind === 2) return name.slice(0, at) + letter + name.slice(at + 1);
  return name.slice(0, at - 1) + (name[at] ?? '') + (name[at - 1] ?? '') + name.slice(at + 1);
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
