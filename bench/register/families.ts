/** Households as they are in truth: who lives where, since when, and under which name. */
import { unifySpelling } from '../../clients/sdk/linkage/spellings.ts';
import { readWords } from '../../clients/sdk/linkage/words.ts';
import { unlistedPairs } from './unlisted-forenames.ts';
import { pickForename, pickOrigin, pickSurname, type NameHabits, type Origin, type Sex } from './names.ts';
import type { Random } from './random.ts';

export type Address = {
  readonly number: string;
  readonly street: string;
  readonly town: string;
  readonly postcode: string;
};

export type Person = {
  readonly entity: number;
  readonly household: number;
  readonly origin: Origin;
  readonly sex: Sex;
  readonly given: string;
  readonly middle: string;
  /** The second name is in daily use, and half of the records have it. */
  readonly usesMiddle: boolean;
  readonly birthDate: Date;
  /** The surnames borne one after the other. */
  readonly families: readonly string[];
  /** The addresses lived at one after the other. */
  readonly addresses: readonly Address[];
  readonly chi: string;
};

export type FamilyHabits = NameHabits & {
  /** The share of children that are one of twins. */
  readonly twinShare: number;
  /** The share of twins whose names are near each other. */
  readonly nearTwinNames: number;
  /** The share of families that move during the time of the records. */
  readonly moves: number;
  readonly newSurname: Readonly<Record<Sex, number>>;
  /** The share of sons and daughters that bear a parent's or a cousin's forename. */
  readonly handedDown: number;
};

const day = 86_400_000;
const nearNames: Readonly<Record<Sex, readonly (readonly [string, string])[]>> = {
  F: [
    ['Emma', 'Ella'],
    ['Ella', 'Ellie'],
    ['Mia', 'Maya'],
    ['Lily', 'Lola'],
    ['Ava', 'Eva'],
    ['Isla', 'Ayla'],
    ['Amelia', 'Emilia'],
    ['Olivia', 'Alivia'],
    ['Hannah', 'Anna'],
    ['Isabella', 'Isabelle'],
    ['Faith', 'Hope'],
    ['Zaynab', 'Zaynah'],
    ['Erin', 'Eryn'],
    ['Gabriella', 'Ella'],
  ],
  M: [
    ['Jack', 'John'],
    ['Aiden', 'Hayden'],
    ['Jayden', 'Kayden'],
    ['Jake', 'Jack'],
    ['Ryan', 'Bryan'],
    ['Liam', 'Lewis'],
    ['Hassan', 'Hussain'],
    ['Alfie', 'Archie'],
    ['Daniel', 'Damien'],
    ['Harry', 'Harvey'],
    ['Luke', 'Luca'],
    ['Kian', 'Cian'],
    ['William', 'Liam'],
  ],
};

export function makePeople(random: Random, count: number, habits: FamilyHabits): Person[] {
  const people: Person[] = [];
  const numbers = new Set<string>();
  for (let household = 0; people.length < count; household++)
    people.push(...makeHousehold(random, household, people, habits, numbers));
  return people.slice(0, count);
}

function makeHousehold(
  random: Random,
  household: number,
  earlier: readonly Person[],
  habits: FamilyHabits,
  numbers: Set<string>,
): Person[] {
  const kin = random.happens(0.08) && earlier.length > 0 ? random.pick(earlier) : undefined;
  const origin = kin?.origin ?? pickOrigin(random);
  const family = kin?.families[0] ?? pickSurname(random, origin, habits);
  const addresses = [makeAddress(random)];
  while (random.happens(habits.moves) && addresses.length < 4) addresses.push(makeAddress(random));
  const members: Person[] = [];
  const add = (sex: Sex, given: string, birthDate: Date): void => {
    const entity = earlier.length + members.length;
    const changes = random.happens(habits.newSurname[sex]);
    members.push({
      ...{ entity, household, origin, sex, given, birthDate, addresses },
      middle: pickForename(random, origin, sex, habits),
      usesMiddle: random.happens(0.1),
      families: changes ? [family, newSurname(random, family, origin, habits)] : [family],
      chi: makeChi(random, birthDate, sex, numbers),
    });
  };
  if (random.happens(0.15)) {
    const sex = random.pick(['F', 'M'] as const);
    add(
      sex,
      pickForename(random, origin, sex, habits),
      new Date(Date.UTC(1970, 0, 1) + random.below(30 * 365) * day),
    );
  }
  const parent = members[0];
  let birth = Date.UTC(2008, 0, 1) + random.below(17 * 365) * day;
  for (let born = 0, children = 1 + random.below(4); born < children; born++) {
    const sex: Sex = random.happens(0.488) ? 'F' : 'M';
    const taken = (name: string): boolean => members.some(({ given }) => isOneName(given, name));
    const namesake = random.happens(habits.handedDown)
      ? [parent, kin].find(
          (other) => other?.sex === sex && !members.some(({ given }, at) => at > 0 && given === other.given),
        )
      : undefined;
    const given = namesake?.given ?? freshName(() => pickForename(random, origin, sex, habits), taken);
    if (random.happens(habits.twinShare / 2)) addTwins(random, origin, birth, habits, add, taken);
    else add(sex, given, new Date(birth));
    birth += (300 + random.below(1_200)) * day;
  }
  return members;
}

function addTwins(
  random: Random,
  origin: Origin,
  birth: number,
  habits: FamilyHabits,
  add: (sex: Sex, given: string, birthDate: Date) => void,
  taken: (name: string) => boolean,
): void {
  const sexes = [random.pick(['F', 'M'] as const), random.pick(['F', 'M'] as const)] as const;
  const near = random.happens(habits.nearTwinNames) ? nearPair(random, origin, sexes, taken) : undefined;
  const first = near?.[0] ?? freshName(() => pickForename(random, origin, sexes[0], habits), taken);
  const second =
    near?.[1] ??
    freshName(
      () => pickForename(random, origin, sexes[1], habits),
      (name) => isOneName(name, first) || taken(name),
    );
  add(sexes[0], first, new Date(birth));
  add(sexes[1], second, new Date(birth));
}

/** Two names much alike: half of them in no list, a letter apart, and then of either sex. */
function nearPair(
  random: Random,
  origin: Origin,
  sexes: readonly [Sex, Sex],
  taken: (name: string) => boolean,
): readonly [string, string] | undefined {
  const unlisted = unlistedPairs(origin, `${sexes[0]}${sexes[1]}`);
  const known = sexes[0] === sexes[1] ? nearNames[sexes[0]] : [];
  const listed = known.filter((pair) => !pair.some(taken));
  const rare = unlisted.map(([, one, other]) => [one, other] as const).filter((pair) => !pair.some(taken));
  const pairs = rare.length > 0 && (listed.length === 0 || random.happens(0.5)) ? rare : listed;
  return pairs.length > 0 ? random.pick(pairs) : undefined;
}

/** Mohammed and Muhammad are one name, and no parents give it twice. */
function isOneName(one: string, other: string): boolean {
  const plain = (name: string): string => unifySpelling(readWords(name).flat().join(''));
  return plain(one) === plain(other);
}

function freshName(pick: () => string, taken: (name: string) => boolean): string {
  for (;;) {
    const name = pick();
    if (!taken(name)) return name;
  }
}

function newSurname(random: Random, family: string, origin: Origin, habits: FamilyHabits): string {
  const other = pickSurname(random, random.happens(0.7) ? origin : pickOrigin(random), habits);
  if (random.happens(0.3)) return random.happens(0.5) ? `${family}-${other}` : `${other}-${family}`;
  return other;
}

const streets =
  `High Church Station Main Park Victoria Green Mill Manor Kings Queens New Grange Windsor York Albert George
  Stirling Bruce Wallace Burns Castle Bridge School North South West East Hill Loch Glen Birch Oak Rowan Elm Ash Hawthorn
  Maple Cedar Laurel Holly Abbey Priory Nelson Wellington Hope Union Market Canal Forge Quarry Brae Carron Clyde Avon`.split(
    /\s+/,
  );
const kinds = [
  'Street',
  'Road',
  'Avenue',
  'Drive',
  'Close',
  'Crescent',
  'Lane',
  'Place',
  'Terrace',
  'Gardens',
  'Court',
  'Grove',
];
const towns = [
  'Motherwell',
  'Hamilton',
  'Wishaw',
  'Airdrie',
  'Coatbridge',
  'Bellshill',
  'Lanark',
  'Larkhall',
  'Rutherglen',
  'Shotts',
];
const letters = 'ABDEFGHJLNPQRSTUWXYZ';

function makeAddress(random: Random): Address {
  const letter = (): string => letters[random.below(letters.length)] ?? 'A';
  return {
    number: String(1 + random.below(120)),
    street: `${random.pick(streets)} ${random.pick(kinds)}`,
    town: random.pick(towns),
    postcode: `ML${1 + random.below(12)} ${random.below(10)}${letter()}${letter()}`,
  };
}

/** A Community Health Index number that is not among those given, and is then. */
export function makeChi(random: Random, birthDate: Date, sex: Sex, given: Set<string>): string {
  const [year = '', month = '', date = ''] = birthDate.toISOString().slice(0, 10).split('-');
  for (;;) {
    const ninth = 2 * random.below(5) + (sex === 'M' ? 1 : 0);
    const body = `${date}${month}${year.slice(2)}${random.below(10)}${random.below(10)}${ninth}`;
    const sum = Array.from(body).reduce((total, digit, at) => total + Number(digit) * (10 - at), 0);
    const check = (11 - (sum % 11)) % 11;
    const number = `${body}${check}`;
    if (check === 10 || given.has(number)) continue;
    given.add(number);
    return number;
  }
}
