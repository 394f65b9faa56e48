/**
 * The correlator over long history in MongoDB: accepted notices of a population that does not grow are put into a
 * replica set, and a process of its own reads them all by the way that the gateway reads them, and tells them to the
 * correlator, forgetting day by day what is beyond the horizon.
 *
 *   export CAUSEWAY_MONGOD="$(test/mongodb/get-mongod)"
 *   npm run bench:correlator-mongodb -- [--stages 100000,1000000,10000000] [--members 1] [--payload-bytes 512]
 *     [--children 5000] [--per-day 40] [--seed 1]
 *
 * Ten million notices take about 25 GiB of disk a member, and the oplog. At each stage all that is there is read, from
 * the first notice on. `microsecondsPerEvent` is the middle of the last 50 portions of a stage, waiting for the store
 * included. The last line is JSON; the exit code is 1 when that cost at the last stage is more than 1.2 times that at
 * the first, when the last stage goes slower than 50,000 notices a second, or when not every notice was read.
 */
import { performance } from 'node:perf_hooks';
import { loadPolicySet } from '../gateway/policy/load.ts';
import { readCommandLine } from './command-line.ts';
import { Child } from './child.ts';
import { openFilling } from './history/fill-mongodb.ts';
import type { Replayed } from './history/replayer.ts';
import { startMembers } from './mongodb-members.ts';
import { count, countOrNone, readNumber, readRisingCounts } from './read-number.ts';
import { populationOf, populationOptions } from './stream/population-options.ts';

const { values } = readCommandLine({
  options: {
    stages: { type: 'string', default: '100000,1000000' },
    members: { type: 'string', default: '1' },
    'payload-bytes': { type: 'string', default: '512' },
    ...populationOptions,
  },
});
const population = populationOf(values);
const sizes = readRisingCounts('stages', values.stages);
const members = readNumber('members', values.members, count);
const payloadBytes = readNumber('payload-bytes', values['payload-bytes'], countOrNone);
const fewestPerSecond = 50_000;
const mostGrowth = 1.2;
const policyDir = new URL('../policies', import.meta.url).pathname;

type Stage = Omit<Replayed, 'type'> & { readonly eventsPerSecond: number; readonly fillSeconds: number };

async function run(): Promise<void> {
  const { url, stop } = await startMembers(members);
  const stages: Stage[] = [];
  try {
    const filling = await openFilling(url, population, await loadPolicySet(policyDir), payloadBytes);
    for (const size of sizes) {
      const begin = performance.now();
      await filling.fillTo(size);
      const fillSeconds = Math.round((performance.now() - begin) / 1000);
      const { type: _, ...replayed } = await replayStored(url);
      if (replayed.events !== size) throw new Error(`${replayed.events} of ${size} messages were read`);
      const eventsPerSecond = Math.round(replayed.events / replayed.seconds);
      stages.push({ ...replayed, eventsPerSecond, fillSeconds });
      process.stderr.write(`${JSON.stringify(stages.at(-1))}\n`);
    }
    await filling.close();
  } finally {
    await stop();
  }
  report(stages);
}

async function replayStored(url: string): Promise<Replayed> {
  const child = new Child(new URL('./history/replayer.ts', import.meta.url), []);
  try {
    return await child.ask<Replayed>({ type: 'replay', url }, 'replayed');
  } finally {
    await child.stop();
  }
}

function report(stages: readonly Stage[]): void {
  const [first, last] = [stages[0], stages.at(-1)];
  if (first === undefined || last === undefined) return;
  const ratio = (of: (stage: Stage) => number): number => Math.round((100 * of(last)) / of(first)) / 100;
  const growth = {
    cost: ratio(({ microsecondsPerEvent }) => microsecondsPerEvent),
    notices: ratio(({ held }) => held.notices),
    peakRss: ratio(({ peakRssMiB }) => peakRssMiB),
  };
  const isFlat = growth.cost <= mostGrowth;
  const isFast = last.eventsPerSecond >= fewestPerSecond;
  if (!isFlat || !isFast) process.exitCode = 1;
  process.stdout.write(
    `${JSON.stringify({ bench: 'correlator-mongodb', population, stages, growth, isFlat, isFast })}\n`,
  );
}

await run();
