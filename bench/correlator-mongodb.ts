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
 * included. The machine's speed drifts while millions are put in: so the first stage has a replica set of its own, which
 * is read again right after the last stage (`inTurns`, the middle of three). The last line is JSON; the exit code is 1 when
 * the cost at the last stage is more than 1.2 times that, when the last stage goes slower than 50,000 notices a second, or
 * when not every notice was read.
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
const timesInTurns = 3;
const fewestPerSecond = 50_000;
const mostGrowth = 1.2;
const policyDir = new URL('../policies', import.meta.url).pathname;

type Stage = Omit<Replayed, 'type'> & { readonly eventsPerSecond: number; readonly fillSeconds: number };

async function run(): Promise<void> {
  const [smallest = 0, ...larger] = sizes;
  const first = await openRoom();
  try {
    const stages = [await first.stage(smallest)];
    const costs: number[] = [];
    if (larger.length > 0) {
      const grown = await openRoom();
      try {
        for (const size of larger) stages.push(await grown.stage(size));
      } finally {
        await grown.close();
      }
      while (costs.length < timesInTurns) costs.push((await replayStored(first.url)).microsecondsPerEvent);
    }
    report(stages, costs);
  } finally {
    await first.close();
  }
}

/** A replica set that notices are put into. */
async function openRoom() {
  const { url, stop } = await startMembers(members);
  const filling = await openFilling(url, population, await loadPolicySet(policyDir), payloadBytes);
  return {
    url,
    /** Fills it up to a size and has all of it replayed. */
    stage: async (size: number): Promise<Stage> => {
      const begin = performance.now();
      await filling.fillTo(size);
      const fillSeconds = Math.round((performance.now() - begin) / 1000);
      const { type: _, ...replayed } = await replayStored(url);
      if (replayed.events !== size) throw new Error(`${replayed.events} of ${size} messages were read`);
      const eventsPerSecond = Math.round(replayed.events / replayed.seconds);
      const stage = { ...replayed, eventsPerSecond, fillSeconds };
      process.stderr.write(`${JSON.stringify(stage)}\n`);
      return stage;
    },
    close: async (): Promise<void> => {
      await filling.close();
      await stop();
    },
  };
}

async function replayStored(url: string): Promise<Replayed> {
  const child = new Child(new URL('./history/replayer.ts', import.meta.url), []);
  try {
    return await child.ask<Replayed>({ type: 'replay', url }, 'replayed');
  } finally {
    await child.stop();
  }
}

/** @param costs of the first stage, read again after the last one */
function report(stages: readonly Stage[], costs: readonly number[]): void {
  const [first, last] = [stages[0], stages.at(-1)];
  if (first === undefined || last === undefined) return;
  const afterFirst = costs.toSorted((a, b) => a - b)[costs.length >> 1] ?? first.microsecondsPerEvent;
  const inTurns = { afterFirst, afterLast: last.microsecondsPerEvent };
  const ratio = (of: number, to: number): number => Math.round((100 * of) / to) / 100;
  const growth = {
    cost: ratio(inTurns.afterLast, inTurns.afterFirst),
    notices: ratio(last.held.notices, first.held.notices),
    peakRss: ratio(last.peakRssMiB, first.peakRssMiB),
  };
  const isFlat = growth.cost <= mostGrowth;
  const isFast = last.eventsPerSecond >= fewestPerSecond;
  if (!isFlat || !isFast) process.exitCode = 1;
  process.stdout.write(
    `${JSON.stringify({ bench: 'correlator-mongodb', population, stages, inTurns, growth, isFlat, isFast })}\n`,
  );
}

await run();
