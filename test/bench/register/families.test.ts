import { expect, test } from 'vitest';
import { makePeople } from '../../../bench/register/families.ts';
import { Random } from '../../../bench/register/random.ts';
import { origins } from '../../../bench/register/names.ts';
import { unlistedForenames } from '../../../bench/register/unlisted-forenames.ts';
import { isListedForename } from '../../../clients/sdk/linkage/spelling.ts';
import { unifySpelling } from '../../../clients/sdk/linkage/spellings.ts';

const habits = {
  steepness: 0.9,
  rareShare: 0.06,
  twinShare: 0.5,
  nearTwinNames: 0.3,
  moves: 0.4,
  newSurname: { F: 0.1, M: 0.03 },
  handedDown: 0,
};
const people = makePeople(new Random(5), 6_000, habits);

test('no twins bear one name in two spellings', () => {
  const born = Map.groupBy(people, ({ household, birthDate }) => `${household} ${birthDate.getTime()}`);
  for (const twins of born.values()) {
    const names = twins.map(({ given }) => unifySpelling(given.toLowerCase()));
    expect(new Set(names).size, names.join()).toBe(names.length);
  }
});

test('every origin has names that are in no list', () => {
  const bearers = new Set(
    people.filter(({ given }) => !isListedForename(given.toLowerCase())).map(({ origin }) => origin),
  );
  expect([...bearers].sort()).toEqual([...origins].sort());
  for (const origin of origins) {
    const names = (['F', 'M'] as const).flatMap((sex) => unlistedForenames(origin, sex));
    expect(
      names.some((name) => !isListedForename(name.toLowerCase())),
      origin,
    ).toBe(true);
  }
});
