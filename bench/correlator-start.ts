/**
 * How long a gateway that starts needs until its correlator knows the history of an embedded store, and what that does
 * to the thread that serves its sockets meanwhile.
 *
 *   npm run bench:correlator-start -- [--stages 100000,1000000] [--days 1353] [--payload-bytes 512] [--seed 1]
 *
 * For each stage a store is filled with so many notices, spread over the days: as shipped, the correlator reads 1,353
 * days back. The first look is the gateway's own. `turnMs` says for how long the thread was busy at a stretch: so long a
 * socket waited. The last line is JSON.
 */
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { CorrelationRun } from '../gateway/correlator/correlation-run.ts';
import { loadPatterns } from '../gateway/correlator/patterns/load.ts';
import { wordsOf } from '../gateway/correlator/patterns/words.ts';
import { loadPolicySet } from '../gateway/policy/load.ts';
import { openSqliteStore } from '../gateway/store/sqlite/sqlite-store.ts';
import { Child } from './child.ts';
import { readCommandLine } from './command-line.ts';
import type { SqliteFilling } from './history/fill-sqlite.ts';
import type { Filled } from './history/filler.ts';
import { count, countOrNone, readNumber, readRisingCounts, seed } from './read-number.ts';
import { makeScratchFolder } from './scratch-folder.ts';

const { values } = readCommandLine({
  options: {
    stages: { type: 'string', default: '100000,1000000' },
    days: { type: 'string', default: '1353' },
    'payload-bytes': { type: 'string', default: '512' },
    seed: { type: 'string', default: '1' },
  },
});
const sizes = readRisingCounts('stages', values.stages);
const days = readNumber('days', values.days, count);
const payloadBytes = readNumber('payload-bytes', values['payload-bytes'], countOrNone);
const chance = readNumber('seed', values.seed, seed);
/** Children for each notice of a day, as in the other benches of the correlator. */
const childrenPerDaily = 125;
const policyDir = new URL('../policies', import.meta.url).pathname;

type Stage = {
  readonly messages: number;
  readonly seconds: number;
  readonly messagesPerSecond: number;
  readonly mainCpuSeconds: number;
  readonly turnMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly held: CorrelationRun['size'];
  readonly peakRssMiB: number;
};

type Filling = Omit<SqliteFilling, 'policy'>;

async function runStage(messages: number): Promise<Stage> {
  await using scratch = await makeScratchFolder();
  const noticesPerDay = messages / days;
  const children = Math.ceil(noticesPerDay * childrenPerDaily);
  const filling: Filling = {
    file: join(scratch.path, 'store.db'),
    receiptKeyPem: generateKeyPairSync('ed25519')
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString(),
    auditKey: Buffer.alloc(32),
    population: { children, noticesPerDay, seed: chance },
    messages,
    payloadBytes,
  };
  const child = new Child(new URL('./history/filler.ts', import.meta.url), []);
  const { end } = await child.ask<Filled>({ type: 'fill', filling }, 'filled').finally(() => child.stop());
  return await lookOnce(filling, end);
}

async function lookOnce({ messages, ...files }: Filling, end: number): Promise<Stage> {
  const policy = await loadPolicySet(policyDir);
  const words = wordsOf(policy);
  const { patterns } = await loadPatterns(`${policyDir}/patterns`, { form: 'committee', words });
  const begin = performance.now();
  const now = (): number => end + performance.now() - begin;
  const store = await openSqliteStore({ ...files, clock: () => Math.trunc(now()) });
  // As after a stop: all was looked at before, and what is raised again was sent.
  const marks = { 'correlator.position': await store.countLeaves(), 'correlator.time': end };
  await store.setMarks(new Map(Object.entries(marks)));
  let read = 0;
  const run = new CorrelationRun({
    ...{ store, now, agreement: policy, patterns },
    onRead: ({ notices }) => (read += notices),
    send: async () => Promise.resolve(true),
    wasSent: async () => Promise.resolve(false),
    accepted: async () => Promise.resolve(false),
  });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const cpu = process.threadCpuUsage();
  delay.enable();
  await run.look();
  delay.disable();
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.threadCpuUsage(cpu);
  await store.close();
  if (read !== messages) throw new Error(`${read} of ${messages} messages were read`);
  return {
    messages,
    seconds: round(seconds),
    messagesPerSecond: Math.round(messages / seconds),
    mainCpuSeconds: round((user + system) / 1e6),
    turnMs: {
      p50: round(delay.percentile(50) / 1e6),
      p99: round(delay.percentile(99) / 1e6),
      max: round(delay.max / 1e6),
    },
    held: run.size,
    peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

function round(value: number): number {
  return Math.round(100 * value) / 100;
}

const stages: Stage[] = [];
for (const size of sizes) {
  const stage = await runStage(size);
  stages.push(stage);
  process.stderr.write(`${JSON.stringify(stage)}\n`);
}
process.stdout.write(
  `${JSON.stringify({ bench: 'correlator-start', days, payloadBytes, seed: chance, stages })}\n`,
);
