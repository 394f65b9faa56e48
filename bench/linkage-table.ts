/**
 * The tables of docs/linkage.md: our tiers beside what others link by, on household registers and on FEBRL's.
 *
 *     node bench/linkage-table.ts [FEBRL.csv …] [--people N] [--write]
 *
 * `--write` puts the tables into docs/linkage.md, between its marks. Households are made by `generate-register.ts`.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { SubjectTokeniser } from '../clients/sdk/linkage/subject-tokens.ts';
import { linkRegister } from './linkage/link-register.ts';
import { parseRegister, readRegister, type RegisterRecord } from './linkage/register-file.ts';
import { censusKeys, exactKeys, slk581Keys, type RivalKeys } from './linkage/rival-keys.ts';
import { countTruePairs, scorePairs } from './linkage/score.ts';
import { generateRegister, registerDefaults } from './register/write-register.ts';

type Pair = readonly [number, number];

const { values, positionals } = parseArgs({
  options: { people: { type: 'string', default: '8000' }, write: { type: 'boolean', default: false } },
  allowPositionals: true,
});
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

function compare(title: string, records: readonly RegisterRecord[]): string[] {
  const truePairs = countTruePairs(records, all);
  const { same, both } = linkByTiers(records);
  const rows: [string, Pair[]][] = [
    ['exact name and date', linkByKeys(records, exactKeys)],
    ['SLK-581', linkByKeys(records, slk581Keys)],
    ['census match-keys', linkByKeys(records, censusKeys)],
    ['`same`', same],
    ['`same` and `possible`', both],
  ];
  return [
    `**${title}**: ${records.length} records, ${truePairs} true pairs.`,
    '',
    '| Linked by | Precision | Recall | F1 | False pairs | of them in one household |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows.map(([name, pairs]) => {
      const right = pairs.filter((pair) => isTrue(records, pair)).length;
      const { precision, recall, f1, falsePairs } = scorePairs(pairs.length, right, truePairs);
      const kin = pairs.filter((pair) => !isTrue(records, pair) && sharesHousehold(records, pair)).length;
      const shown = records[0]?.household === '' ? '–' : String(kin);
      return `| ${name} | ${precision.toFixed(4)} | ${recall.toFixed(4)} | ${f1.toFixed(4)} | ${falsePairs} | ${shown} |`;
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

/** Misses and false links by a property of the records: who pays for the errors. */
function fairness(records: readonly RegisterRecord[]): string[] {
  const { same, both } = linkByTiers(records);
  const keys = (pairs: readonly Pair[]): Set<string> =>
    new Set(pairs.map(([left, right]) => `${left} ${right}`));
  const [isSame, isBoth] = [keys(same), keys(both)];
  const byEntity = Map.groupBy(
    records.map((record, at) => ({ ...record, at })),
    ({ entity }) => entity,
  );
  const truePairs = [...byEntity.values()].flatMap((group) =>
    group.flatMap((right, at) => group.slice(0, at).map((left): Pair => [left.at, right.at])),
  );
  const falsePairs = both.filter((pair) => !isTrue(records, pair));
  const lacks = (name: keyof RegisterRecord['subject']) => (at: number) =>
    (records[at]?.subject[name] ?? '') === '';
  const groups: [string, (at: number) => boolean][] = [
    ...[...new Set(records.map(({ origin }) => origin))]
      .sort()
      .map((origin): [string, (at: number) => boolean] => [
        `names: ${origin}`,
        (at) => records[at]?.origin === origin,
      ]),
    ['one lacks the forename', lacks('given')],
    ['one lacks the birth date', lacks('birthDate')],
    ['one lacks the postcode', lacks('postcode')],
    ['one lacks the address', lacks('address')],
    ['one lacks the CHI number', lacks('chi')],
  ];
  return [
    '| Pairs | True | `same` finds | both tiers find | False in both tiers |',
    '| --- | --- | --- | --- | --- |',
    ...groups.map(([name, belongs]) => {
      const touches = ([left, right]: Pair): boolean => belongs(left) || belongs(right);
      const mine = truePairs.filter(touches);
      const found = (set: Set<string>): number =>
        mine.filter(([left, right]) => set.has(`${left} ${right}`)).length;
      const wrong = falsePairs.filter(touches).length;
      return `| ${name} | ${mine.length} | ${percent(found(isSame), mine.length)} | ${percent(found(isBoth), mine.length)} | ${wrong} |`;
    }),
    '',
  ];
}

const households = parseRegister(
  generateRegister({ ...registerDefaults, seed, people: Number(values.people) }),
  { withIds: true },
);
const withoutIds = households.map(({ subject: { chi: _chi, ...subject }, ...record }) => ({
  ...record,
  subject,
}));
const lines = [
  ...compare(`Households (seed ${seed})`, households),
  ...compare('The same without identifiers', withoutIds),
  ...positionals.flatMap((file) =>
    [true, false].flatMap((withIds) =>
      compare(
        `FEBRL ${basename(file, '.csv')}${withIds ? '' : ' without identifiers'}`,
        readRegister(file, { withIds }),
      ),
    ),
  ),
  'Who pays for the errors, on the households with identifiers:',
  '',
  ...fairness(households),
];
const text = lines.join('\n');
if (values.write) {
  const file = new URL('../docs/linkage.md', import.meta.url);
  const [before = '', rest = ''] = readFileSync(file, 'utf8').split('<!-- tables -->\n');
  const after = rest.split('<!-- end of tables -->')[1] ?? '';
  writeFileSync(file, `${before}<!-- tables -->\n\n${text}\n<!-- end of tables -->${after}`);
} else process.stdout.write(text);
