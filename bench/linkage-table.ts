/**
 * The tables of docs/linkage.md: our tiers beside what others link by, on household registers and on FEBRL's.
 *
 *     npm run bench:linkage-table -- [FEBRL.csv …] [--people N] [--write]
 *
 * `--write` puts the tables into docs/linkage.md, between its marks. Households are made by `generate-register.ts`. The
 * last line is JSON.
 */
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { SubjectTokeniser } from '../clients/sdk/linkage/subject-tokens.ts';
import { readCommandLine, takeNamed } from './command-line.ts';
import { linkRegister } from './linkage/link-register.ts';
import { parseRegister, readRegister, type RegisterRecord } from './linkage/register-file.ts';
import { censusKeys, exactKeys, slk581Keys, type RivalKeys } from './linkage/rival-keys.ts';
import { countTruePairs, scorePairs, type Score } from './linkage/score.ts';
import { count, readNumber } from './read-number.ts';
import { generateRegister, registerDefaults } from './register/write-register.ts';
import { writeBetween } from './write-between.ts';

type Pair = readonly [number, number];

const { values, positionals } = readCommandLine({
  options: { people: { type: 'string', default: '8000' }, write: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const people = readNumber('people', values.people, count);
const seed = 101;
const all = (): boolean => true;
const percent = (part: number, of: number): string =>
  of === 0 ? '–' : `${((100 * part) / of).toFixed(2)} %`;

function linkByKeys(records: readonly RegisterRecord[], keysOf: RivalKeys): Pair[] {
  const index = new Map<string, number[]>();
  const pairs = new Map<string, Pair>();
  records.forEach(({ subject }, right) => {
    for (const key of keysOf(subject)) {
      const sharing = index.get(key) ?? [];
      for (const left of sharing) pairs.set(`${left} ${right}`, [left, right]);
      if (sharing.at(-1) !== right) index.set(key, [...sharing, right]);
    }
  });
  return [...pairs.values()];
}

function linkByTiers(records: readonly RegisterRecord[]): { same: Pair[]; both: Pair[] } {
  const tokeniser = new SubjectTokeniser({ epoch: 1, secret: randomBytes(32) });
  const { pairs } = linkRegister(
    records.map(({ subject }) => tokeniser.tokensOf(subject)),
    all,
  );
  const of = (...tiers: string[]): Pair[] =>
    pairs.filter(({ link }) => tiers.includes(link.tier)).map(({ left, right }) => [left, right]);
  return { same: of('same'), both: of('same', 'possible') };
}

/** Every way of linking, by the name that the tables give it. */
function linkByAll(records: readonly RegisterRecord[]): [string, Pair[]][] {
  const { same, both } = linkByTiers(records);
  return [
    ['exact name and date', linkByKeys(records, exactKeys)],
    ['SLK-581', linkByKeys(records, slk581Keys)],
    ['census match-keys', linkByKeys(records, censusKeys)],
    ['`same`', same],
    ['`same` and `possible`', both],
  ];
}

/** How well each way has linked a register. */
type Comparison = {
  readonly register: string;
  readonly records: number;
  readonly truePairs: number;
  readonly rows: readonly (Score & { readonly by: string; readonly falseInHousehold: number | null })[];
};

function compare(register: string, records: readonly RegisterRecord[], rows: [string, Pair[]][]): Comparison {
  const truePairs = countTruePairs(records, all);
  const scored = rows.map(([by, pairs]) => {
    const right = pairs.filter((pair) => isTrue(records, pair)).length;
    const kin = pairs.filter((pair) => !isTrue(records, pair) && sharesHousehold(records, pair)).length;
    const score = scorePairs(pairs.length, right, truePairs);
    return { by, ...score, falseInHousehold: records[0]?.household === '' ? null : kin };
  });
  return { register, records: records.length, truePairs, rows: scored };
}

function tableOf({ register, records, truePairs, rows }: Comparison): string[] {
  return [
    `**${register}**: ${records} records, ${truePairs} true pairs.`,
    '',
    '| Linked by | Precision | Recall | F1 | False pairs | of them in one household |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows.map(({ by, precision, recall, f1, falsePairs, falseInHousehold }) => {
      const shown = [precision, recall, f1].map((score) => score.toFixed(4)).join(' | ');
      return `| ${by} | ${shown} | ${falsePairs} | ${falseInHousehold ?? '–'} |`;
    }),
    '',
  ];
}

function isTrue(records: readonly RegisterRecord[], [left, right]: Pair): boolean {
  return records[left]?.entity === records[right]?.entity;
}

function sharesHousehold(records: readonly RegisterRecord[], [left, right]: Pair): boolean {
  return records[left]?.household !== '' && records[left]?.household === records[right]?.household;
}

type Group = readonly [name: string, belongs: (at: number) => boolean];

/** Whom an error could fall upon: by the origin of names, by sex, by what is missing. */
function groupsOf(records: readonly RegisterRecord[]): Group[] {
  const lacks =
    (name: keyof RegisterRecord['subject']) =>
    (at: number): boolean =>
      (records[at]?.subject[name] ?? '') === '';
  const origins = [...new Set(records.map(({ origin }) => origin))].sort();
  return [
    ...origins.map((origin): Group => [`names: ${origin}`, (at) => records[at]?.origin === origin]),
    ['girls', (at) => records[at]?.subject.sex === 'F'],
    ['boys', (at) => records[at]?.subject.sex === 'M'],
    ['one lacks the forename', lacks('given')],
    ['one lacks the birth date', lacks('birthDate')],
    ['one lacks the postcode', lacks('postcode')],
    ['one lacks the address', lacks('address')],
    ['one lacks the CHI number', lacks('chi')],
  ];
}

/** Who pays for the errors: F1 of every way of linking for the pairs that a group is part of, and our misses. */
function fairness(records: readonly RegisterRecord[], rows: [string, Pair[]][]): string[] {
  const truePairs = truePairsOf(records);
  return [
    `| Pairs | True | ${rows.map(([name]) => `F1 ${name}`).join(' | ')} | \`same\` misses | both miss | False in both |`,
    `| ${Array.from({ length: rows.length + 5 }, () => '---').join(' | ')} |`,
    ...groupsOf(records).map(([name, belongs]) => {
      const touches = ([left, right]: Pair): boolean => belongs(left) || belongs(right);
      const most = truePairs.filter(touches).length;
      const scores = rows.map(([, pairs]) => {
        const mine = pairs.filter(touches);
        return scorePairs(mine.length, mine.filter((pair) => isTrue(records, pair)).length, most);
      });
      const [same, both] = scores.slice(-2);
      const misses = (score: Score | undefined): string => percent((1 - (score?.recall ?? 0)) * most, most);
      const shown = scores.map(({ f1 }) => f1.toFixed(3)).join(' | ');
      return `| ${name} | ${most} | ${shown} | ${misses(same)} | ${misses(both)} | ${both?.falsePairs ?? 0} |`;
    }),
    '',
  ];
}

function truePairsOf(records: readonly RegisterRecord[]): Pair[] {
  const byEntity = Map.groupBy(
    records.map(({ entity }, at) => ({ entity, at })),
    ({ entity }) => entity,
  );
  return [...byEntity.values()].flatMap((group) =>
    group.flatMap((right, at) => group.slice(0, at).map((left): Pair => [left.at, right.at])),
  );
}

const registers = await takeNamed(() =>
  positionals.flatMap((file) =>
    [true, false].map((withIds) => ({ file, withIds, records: readRegister(file, { withIds }) })),
  ),
);
const households = parseRegister(generateRegister({ ...registerDefaults, seed, people: people }), {
  withIds: true,
  file: 'households',
});
const withoutIds = households.map(({ subject: { chi: _chi, ...subject }, ...record }) => ({
  ...record,
  subject,
}));
const householdRows = linkByAll(households);
const comparisons = [
  compare(`Households (seed ${seed})`, households, householdRows),
  compare('The same without identifiers', withoutIds, linkByAll(withoutIds)),
  ...registers.flatMap(({ file, withIds, records }) => {
    const title = `FEBRL ${basename(file, '.csv')}${withIds ? '' : ' without identifiers'}`;
    return compare(title, records, linkByAll(records));
  }),
];
const lines = [
  ...comparisons.flatMap(tableOf),
  'Who pays for the errors, on the households with identifiers. F1 is of all pairs that the group is part of:',
  '',
  ...fairness(households, householdRows),
];
const text = lines.join('\n');
if (values.write) {
  const marks = { begin: '<!-- tables -->', end: '<!-- end of tables -->' };
  await writeBetween(new URL('../docs/linkage.md', import.meta.url).pathname, marks, text);
} else process.stdout.write(`${text}\n`);
process.stdout.write(`${JSON.stringify({ bench: 'linkage-table', people, seed, comparisons })}\n`);
