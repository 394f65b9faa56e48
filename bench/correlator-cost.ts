/**
 * What one more notice costs after a short history and after a long one, and what is held in memory.
 *
 *   npm run bench:correlator-cost -- [--stages 100000,1000000] [--children 5000] [--per-day 40] [--seed 1]
 *
 * One correlator is told of `stream/endless.ts` and sweeps once a day, as in service. At each stage the cost is the
 * middle one of the last batches. The last line is JSON; the exit code is 1 when the cost at the last stage is more
 * than 1.2 times that at the first, or more notices or descriptions are held than 1.2 times as many.
 */
import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Correlator } from '../gateway/correlator/correlator.ts';
import { LinkIndex } from '../gateway/correlator/link-index.ts';
import { loadPatterns } from '../gateway/correlator/patterns/load.ts';
import { wordsOf } from '../gateway/correlator/patterns/words.ts';
import { MemoryTokenTable } from '../gateway/correlator/token-table.ts';
import { loadPolicySet } from '../gateway/policy/load.ts';
import { packTokens, type PackedTokens } from '../protocol/linkage/packed-set.ts';
import { readCommandLine } from './command-line.ts';
import { EndlessStream } from './stream/endless.ts';
import { populationOf, populationOptions } from './stream/population-options.ts';

const { values } = readCommandLine({
  options: {
    stages: { type: 'string', default: '100000,1000000' },
    ...populationOptions,
  },
});
const batchSize = 1000;
/** The batches before a stage that its cost is told by. */
const measuredBatches = 50;
const most = 1.2;
const policyDir = new URL('../policies', import.meta.url).pathname;
const dayMs = 86_400_000;

type Stage = {
  readonly events: number;
  readonly microsecondsPerEvent: number;
  readonly alerts: number;
  readonly held: { readonly notices: number; readonly records: number; readonly deadlines: number };
  readonly memory: Readonly<Record<'rssMiB' | 'heapMiB' | 'tokenTableMiB' | 'descriptionsMiB', number>>;
};

async function run(): Promise<void> {
  const policy = await loadPolicySet(policyDir);
  const words = wordsOf(policy);
  const { patterns } = await loadPatterns(`${policyDir}/patterns`, { form: 'committee', words });
  const population = populationOf(values);
  const stream = new EndlessStream(population, policy);
  const table = new MemoryTokenTable();
  const index = new LinkIndex(table);
  const correlator = new Correlator<PackedTokens>(patterns, index);
  const stages: Stage[] = [];
  let [events, alerts, day] = [0, 0, 0];
  let costs: number[] = [];
  for (const stage of values.stages.split(',').map(Number)) {
    while (events < stage) {
      const batch = stream
        .take(batchSize)
        .map(({ event, tokens }) => ({ event, tokens: packTokens(tokens) }));
      const start = performance.now();
      for (const { event, tokens } of batch) {
        alerts += correlator.add(event, tokens).raised.length;
        const today = Math.floor(event.arrived / dayMs);
        if (today !== day) correlator.sweep();
        day = today;
      }
      costs.push((1000 * (performance.now() - start)) / batch.length);
      if (costs.length > measuredBatches) costs = costs.slice(-measuredBatches);
      events += batch.length;
    }
    stages.push({
      events,
      microsecondsPerEvent: round(middleOf(costs)),
      alerts,
      held: correlator.size,
      memory: memoryOf(table.bytes, index.bytes),
    });
    process.stderr.write(`${JSON.stringify(stages.at(-1))}\n`);
  }
  report(population, stages);
}

function report(population: object, stages: readonly Stage[]): void {
  const [first, last] = [stages[0], stages.at(-1)];
  if (first === undefined || last === undefined) return;
  const ratio = (of: (stage: Stage) => number): number => round(of(last) / of(first));
  const growth = {
    cost: ratio(({ microsecondsPerEvent }) => microsecondsPerEvent),
    notices: ratio(({ held }) => held.notices),
    descriptions: ratio(({ held }) => held.records),
    heap: ratio(({ memory }) => memory.heapMiB),
  };
  const isFlat = Math.max(growth.cost, growth.notices, growth.descriptions) <= most;
  if (!isFlat) process.exitCode = 1;
  process.stdout.write(
    `${JSON.stringify({ bench: 'correlator-cost', population, stages, growth, isFlat })}\n`,
  );
}

function memoryOf(tableBytes: number, descriptionBytes: number): Stage['memory'] {
  collectGarbage();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    rssMiB: mib(rss),
    heapMiB: mib(heapUsed),
    tokenTableMiB: mib(tableBytes),
    descriptionsMiB: mib(descriptionBytes),
  };
}

/** So that what is printed is what is held. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

function middleOf(costs: readonly number[]): number {
  return costs.toSorted((a, b) => a - b)[costs.length >> 1] ?? 0;
}

function mib(bytes: number): number {
  return round(bytes / 2 ** 20);
}

function round(value: number): number {
  return Math.round(100 * value) / 100;
}

await run();
