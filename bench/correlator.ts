/**
 * Replays a stream of notices through the SDK's tokens, the gateway's token index and its correlator, and holds the
 * alerts against the truth.
 *
 *   npm run bench:correlator -- --stream events.ndjson --truth truth.json
 *     [--patterns DIR] [--alerts OUT.ndjson] [--shuffle] [--explain]
 *   npm run bench:correlator -- --table [--seed 1] [--children 20000] [--write]
 *
 * `--table` makes a stream of its own and runs the baselines of `correlator/baselines.ts` over it as well; `--write` puts
 * the table into docs/patterns.md, between its marks.
 *
 * How an alert matches an episode is told in `correlator/score.ts`. The last line is JSON.
 */
import { writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { alertKey, type Alert } from '../gateway/correlator/alert.ts';
import { loadPatterns } from '../gateway/correlator/patterns/load.ts';
import { wordsOf, type Words } from '../gateway/correlator/patterns/words.ts';
import { loadPolicySet } from '../gateway/policy/load.ts';
import { endUsage, readCommandLine, takeNamed, warn } from './command-line.ts';
import { compareAll, tableMarks, tableOf } from './correlator/comparison.ts';
import { replay, tokenise, type Told } from './correlator/replay.ts';
import { findPattern, score, type Score } from './correlator/score.ts';
import { readStream, readTruth, type StreamLine } from './correlator/stream.ts';
import { count, readNumber, seed } from './read-number.ts';
import { Seeded } from './seeded.ts';
import { generateStream, streamDefaults } from './stream/generate.ts';
import { writeBetween } from './write-between.ts';

const { values } = readCommandLine({
  options: {
    stream: { type: 'string' },
    truth: { type: 'string' },
    patterns: { type: 'string' },
    alerts: { type: 'string' },
    shuffle: { type: 'boolean', default: false },
    explain: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    table: { type: 'boolean', default: false },
    children: { type: 'string', default: String(streamDefaults.children) },
    write: { type: 'boolean', default: false },
  },
});
const seedGiven = readNumber('seed', values.seed, seed);
const children = readNumber('children', values.children, count);
const policyDir = new URL('../policies', import.meta.url).pathname;
/** Replays after the first one; of their times the middle one is told. */
const warmReplays = 5;
const yearMs = 365.25 * 86_400_000;

const { stream, truth, table } = values;
if (table) await compare();
else if (stream !== undefined && truth !== undefined) await run(stream, truth);
else {
  endUsage(
    'usage: npm run bench:correlator -- --stream events.ndjson --truth truth.json [--patterns DIR] | --table',
  );
}

async function run(streamFile: string, truthFile: string): Promise<void> {
  const lines = await takeNamed(() => readStream(streamFile, warn));
  const truth = await takeNamed(() => readTruth(truthFile, lines, warn));
  const policy = await loadPolicySet(policyDir);
  const { patterns } =
    values.patterns === undefined
      ? await loadPatterns(`${policyDir}/patterns`, { form: 'committee', words: wordsOf(policy) })
      : await takeNamed(() =>
          loadPatterns(values.patterns ?? '', { form: 'sigma', words: categoriesOf(wordsOf(policy), lines) }),
        );
  const unknown = new Set(truth.map(({ pattern }) => pattern).filter((name) => !findPattern(patterns, name)));
  if (unknown.size > 0) warn(`${truthFile}: no pattern is loaded that is called ${[...unknown].join(', ')}`);
  const before = performance.now();
  const notices = tokenise(lines, policy);
  const tokenSeconds = (performance.now() - before) / 1000;
  const cold = replay(notices, patterns);
  const warm = Array.from({ length: warmReplays }, () => replay(notices, patterns).seconds).sort(
    (a, b) => a - b,
  );
  const arrivedAt = new Map(notices.toReversed().map(({ event }) => [event.id, event.arrived]));
  const result = score(cold.alerts, truth, patterns, arrivedAt);
  const { alerts: out } = values;
  if (out !== undefined) await takeNamed(() => writeFileSync(out, cold.alerts.map(alertLine).join('')));
  if (values.explain) explain(result);
  const { missed: _, falsely: __, ...figures } = result;
  const childYears = (cold.children * spanOf(notices)) / yearMs;
  const memory = process.memoryUsage();
  const print = {
    bench: 'correlator',
    events: notices.length,
    patterns: patterns.length,
    ...figures,
    falseAlertsPer1000ChildYears: round((1000 * result.falseAlerts) / childYears, 3),
    children: cold.children,
    eventsPerSecond: Math.round(notices.length / (warm[warmReplays >> 1] ?? cold.seconds)),
    eventsPerSecondFastest: Math.round(notices.length / (warm[0] ?? cold.seconds)),
    eventsPerSecondCold: Math.round(notices.length / cold.seconds),
    tokenSetsPerSecond: Math.round(notices.length / tokenSeconds),
    memory: {
      rssMiB: mib(memory.rss),
      heapMiB: mib(memory.heapUsed),
      tokenTableMiB: mib(cold.tokenTableBytes),
      descriptions: cold.descriptions,
    },
    ...(values.shuffle ? { shuffle: shuffled(notices, cold.alerts) } : {}),
  };
  process.stdout.write(`${JSON.stringify(print)}\n`);

  function shuffled(told: readonly Told[], alerts: readonly Alert[]): object {
    const other = replay(new Seeded(seedGiven).shuffle(told), patterns);
    const keys = (list: readonly Alert[]): string => JSON.stringify(list.map(alertKey).sort());
    const identical = keys(other.alerts) === keys(alerts);
    if (!identical) process.exitCode = 1;
    return { identical, alerts: other.alerts.length, withdrawnOnTheWay: other.withdrawn };
  }
}

async function compare(): Promise<void> {
  const policy = await loadPolicySet(policyDir);
  const set = await loadPatterns(`${policyDir}/patterns`, { form: 'committee', words: wordsOf(policy) });
  const options = { ...streamDefaults, seed: seedGiven, children };
  const generated = generateStream(set, policy, options);
  const rows = compareAll(generated, set.patterns, policy);
  const text = tableOf(rows);
  process.stdout.write(`${text}\n`);
  if (values.write) {
    await writeBetween(new URL('../docs/patterns.md', import.meta.url).pathname, tableMarks, text);
  }
  const { lines, truth: episodes, nearMisses } = generated;
  const of = { events: lines.length, episodes: episodes.length, nearMisses: nearMisses.length };
  process.stdout.write(`${JSON.stringify({ bench: 'correlator-table', ...options, of, rows })}\n`);
}

/** Somebody else's patterns may speak of any category of the stream, and of any agency. */
function categoriesOf(words: Words, lines: readonly StreamLine[]): Words {
  const categories = new Set([...(words.get('category') ?? []), ...lines.map(({ category }) => category)]);
  return new Map([
    ['category', categories],
    ['group', words.get('group') ?? new Set()],
  ]);
}

function alertLine({ pattern, tier, level, firedAt, events }: Alert): string {
  return `${JSON.stringify({
    pattern: pattern.id,
    version: pattern.version,
    title: pattern.title,
    tier,
    level,
    firedAt: new Date(firedAt).toISOString(),
    events: events.map(({ id }) => id),
  })}\n`;
}

function explain({ missed, falsely }: Score): void {
  for (const episode of missed) process.stderr.write(`missed ${JSON.stringify(episode)}\n`);
  for (const alert of falsely) process.stderr.write(`false ${alertLine(alert)}`);
}

function spanOf(notices: readonly Told[]): number {
  const times = notices.map(({ event }) => event.arrived);
  return (times.at(-1) ?? 0) - (times[0] ?? 0);
}

function mib(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
