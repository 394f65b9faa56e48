/**
 * The attack of Vidanage and others (2020): whoever sees the tokens orders them by frequency, orders names as public
 * tables give them, and lays one list beside the other.
 */
import { expect, test } from 'vitest';
import { errorRates, writeRecord } from '../../bench/register/errors.ts';
import { makePeople } from '../../bench/register/families.ts';
import { Random } from '../../bench/register/random.ts';
import { KeyedTokens } from '../../clients/sdk/linkage/keyed-tokens.ts';
import { tokenInputs, type TokenInput } from '../../clients/sdk/linkage/readings.ts';

const people = 3_000;
const tokens = new KeyedTokens({ epoch: 1, secret: Buffer.alloc(32, 3) }, 'child-protection');

function inputsOf(seed: number): TokenInput[] {
  const random = new Random(seed);
  const habits = {
    steepness: 0.9,
    rareShare: 0.06,
    twinShare: 0.04,
    nearTwinNames: 0.1,
    moves: 0.4,
    newSurname: { F: 0.1, M: 0.03 },
    handedDown: 0.05,
  };
  return makePeople(random, people, habits).flatMap((person) => {
    const { number, street, ...written } = writeRecord(random, person, 0.5, errorRates, 0.4);
    const { given, family, birthDate, sex, postcode, chi } = written;
    const details = { given, family, birthDate, sex, postcode, chi, address: `${number} ${street}` };
    return tokenInputs(details);
  });
}

function byFrequency(values: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .sort(([one, few], [other, many]) => many - few || (one < other ? -1 : 1))
    .map(([value]) => value);
}

/** The share of occurrences whose value the attacker names rightly. */
function attack(
  seen: readonly TokenInput[],
  known: readonly TokenInput[],
  tokenOf: (input: TokenInput) => string,
): number {
  const ranked = byFrequency(seen.map(tokenOf));
  const values = byFrequency(known.map(({ text }) => text));
  const guess = new Map(ranked.map((token, rank) => [token, values[rank]]));
  return seen.filter((input) => guess.get(tokenOf(input)) === input.text).length / Math.max(1, seen.length);
}

const made = new Map<TokenInput, string>();

/** Made once for each input: the attacks look at them again and again. */
function tokenOf(input: TokenInput): string {
  const before = made.get(input);
  if (before !== undefined) return before;
  const token = tokens.tokensOf([input]).tokens[input.recipe]![0]!;
  made.set(input, token);
  return token;
}

const of = (list: readonly TokenInput[], recipe: string) => list.filter((input) => input.recipe === recipe);

/** The recipe that suffers most, and how much. One that hardly anybody has tells who has it, whatever its tokens are. */
function worstOf(seen: readonly TokenInput[], known: readonly TokenInput[]): readonly [string, number] {
  const recipes = [...new Set(seen.map(({ recipe }) => recipe))].filter(
    (recipe) => of(seen, recipe).length >= people / 100,
  );
  const scores = recipes.map(
    (recipe) => [recipe, attack(of(seen, recipe), of(known, recipe), tokenOf)] as const,
  );
  return scores.reduce((most, score) => (score[1] > most[1] ? score : most));
}

/** The surname alone, as no recipe has it: what tables of public names are good for. */
const surnames = (list: readonly TokenInput[]): TokenInput[] =>
  of(list, 'family-birth').map((input) => ({ recipe: 'name-birth', text: input.text.split('\u001f')[0]! }));

test('frequencies tell next to nothing of composite tokens, while a token of one name gives itself away', () => {
  const [seen, tables] = [inputsOf(1), inputsOf(2)];
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const [byTables, byItself] = [worstOf(seen, tables), worstOf(seen, seen)];
  const alone = [
    attack(surnames(seen), surnames(tables), tokenOf),
    attack(surnames(seen), surnames(seen), tokenOf),
  ];
  process.stdout.write(
    `frequency attack, share of tokens named rightly\n` +
      `  who knows public tables:         ${percent(byTables[1])} (${byTables[0]}); a surname alone ${percent(alone[0]!)}\n` +
      `  who knows the register's counts: ${percent(byItself[1])} (${byItself[0]}); a surname alone ${percent(alone[1]!)}\n`,
  );
  expect(byTables[1]).toBeLessThan(0.005);
  expect(byItself[1]).toBeLessThan(0.02);
  expect(alone[1]).toBeGreaterThan(10 * byItself[1]);
  expect(alone[1]).toBeGreaterThan(0.2);
});

test('no token is shared by many people', () => {
  const seen = inputsOf(3);
  const sharing = new Map<string, number>();
  let most = 0;
  for (const input of seen) {
    const key = `${input.recipe}\0${input.text}`;
    const count = (sharing.get(key) ?? 0) + 1;
    sharing.set(key, count);
    most = Math.max(most, count);
  }
  expect(most).toBeLessThan(people / 300);
});
