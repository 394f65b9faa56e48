/**
 * How well the tokens link a register whose truth is known.
 *
 *     npm run bench:linkage -- FILE [FILE_B] [--no-id] [--missed N] [--false N]
 *
 * FILE is in the form of FEBRL: columns by their header's names, the truth is the number in `rec_id`. With FILE_B pairs
 * are sought across the two. The tokens are those of the SDK, the tiers those of the protocol. The last line is JSON.
 */
import { randomBytes } from 'node:crypto';
import { SubjectTokeniser } from '../clients/sdk/linkage/subject-tokens.ts';
import { endUsage, readCommandLine, takeNamed, warn } from './command-line.ts';
import { linkRegister, type LinkedPair } from './linkage/link-register.ts';
import { readRegister, type RegisterRecord } from './linkage/register-file.ts';
import { countTruePairs, scorePairs } from './linkage/score.ts';
import { countOrNone, readNumber } from './read-number.ts';

const { values, positionals } = readCommandLine({
  options: {
    'no-id': { type: 'boolean', default: false },
    lost: { type: 'boolean', default: false },
    missed: { type: 'string', default: '0' },
    false: { type: 'string', default: '0' },
  },
  allowPositionals: true,
});
const [fileA, fileB, ...more] = positionals;
if (fileA === undefined || more.length > 0)
  endUsage('name a register, or two: npm run bench:linkage -- FILE [FILE_B] [--no-id]');

const mostMissed = readNumber('missed', values.missed, countOrNone);
const mostFalse = readNumber('false', values.false, countOrNone);

const started = performance.now();
const withIds = !values['no-id'];
const first = await takeNamed(() => readRegister(fileA, { withIds, warn }));
const second = fileB === undefined ? [] : await takeNamed(() => readRegister(fileB, { withIds, warn }));
const records = [...first, ...second];
const isComparable = (left: number, right: number): boolean =>
  fileB === undefined || left < first.length !== right < first.length;

const tokeniser = new SubjectTokeniser({ epoch: 1, secret: randomBytes(32) });
const subjects = records.map(({ subject }) => tokeniser.tokensOf(subject));
const tokenised = performance.now();
const linked = linkRegister(subjects, isComparable);
const ended = performance.now();

const isTrue = ({ left, right }: LinkedPair): boolean => records[left]?.entity === records[right]?.entity;
const truePairs = countTruePairs(records, isComparable);
const same = linked.pairs.filter(({ link }) => link.tier === 'same');
const possible = linked.pairs.filter(({ link }) => link.tier === 'same' || link.tier === 'possible');
const counts = subjects.map(({ tokens }) => Object.values(tokens).flat().length);

show(
  'false',
  same.filter((pair) => !isTrue(pair)),
  mostFalse,
);
show(
  'false possible',
  possible.filter((pair) => !isTrue(pair) && pair.link.tier === 'possible'),
  mostFalse,
);
if (mostMissed > 0) showMissed(mostMissed);

process.stderr.write(
  `${records.length} records, ${truePairs} true pairs, ${linked.candidates} candidates; ` +
    `tokens ${Math.round(tokenised - started)} ms, linking ${Math.round(ended - tokenised)} ms\n`,
);
process.stdout.write(
  `${JSON.stringify({
    same: scorePairs(same.length, same.filter(isTrue).length, truePairs),
    possible: scorePairs(possible.length, possible.filter(isTrue).length, truePairs),
    tokensPerRecord: {
      mean: Math.round((100 * counts.reduce((sum, count) => sum + count, 0)) / counts.length) / 100,
      max: counts.reduce((most, count) => Math.max(most, count), 0),
    },
    largestSharedToken: linked.largestSharedToken,
  })}\n`,
);

function describe(record: RegisterRecord | undefined): string {
  return record === undefined ? '' : `${record.id}: ${Object.values(record.subject).join(' | ')}`;
}

function show(title: string, pairs: readonly LinkedPair[], most: number): void {
  for (const { left, right, link } of pairs.slice(0, most)) {
    const why = link.agreements.map(({ recipe, manner }) => `${recipe} (${manner})`).join(', ');
    process.stderr.write(
      `${title} ${link.tier}: ${why}\n  ${describe(records[left])}\n  ${describe(records[right])}\n`,
    );
  }
}

function showMissed(most: number): void {
  const found = new Map(linked.pairs.map((pair) => [`${pair.left} ${pair.right}`, pair.link.tier]));
  const missed: string[] = [];
  records.forEach((right, at) => {
    records.slice(0, at).forEach((left, before) => {
      if (left.entity !== right.entity || !isComparable(before, at)) return;
      const tier = found.get(`${before} ${at}`) ?? 'none';
      if (tier !== 'same' && (!values.lost || tier !== 'possible'))
        missed.push(`missed ${tier}\n  ${describe(left)}\n  ${describe(right)}`);
    });
  });
  for (let n = 0; n < most && missed.length > 0; n++)
    process.stderr.write(`${missed[Math.floor((n * missed.length) / most)] ?? ''}\n`);
}
