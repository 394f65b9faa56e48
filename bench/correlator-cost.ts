/**
 * What one more notice costs after a short history and after a long one, and what is held in memory.
 *
 *   npm run bench:correlator-cost -- [--stages 100000,1000000] [--children 5000] [--per-day 40] [--seed 1]
 *
 * One correlator is told of `stream/endless.ts` and sweeps once a day, as in service. At each stage the cost is the
 * middle one of the last batches. A machine's speed drifts in the minutes between two stages; so at the end a second
 * correlator is told as much as the first stage has, and then both in turns: their costs are what `growth` compares.
 * The last line is JSON; the exit code is 1 when a notice after the last stage costs more than 1.2 times one after the
 * first, or more notices or descriptions are held than 1.2 times as many.
 */
import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Correlator } from '../gateway/correlator/correlator.ts';
import { LinkIndex } from '../gateway/correlator/link-index.ts';
import { loadPatterns } from '../gateway/correlator/patterns/load.ts';
import type { Pattern } from '../gateway/correlator/patterns/pattern.ts';
import { wordsOf } from '../gateway/correlator/patterns/words.ts';
import { MemoryTokenTable } from '../gateway/correlator/token-table.ts';
import { loadPolicySet } from '../gateway/policy/load.ts';
import type { PolicySet } from '../gateway/policy/policy-set.ts';
import { packTokens, type PackedTokens } from '../protocol/linkage/packed-set.ts';
import { readCommandLine } from './command-line.ts';
import { readRisingCounts } from './read-number.ts';
import { EndlessStream, type Population } from './stream/endless.ts';
import { populationOf, populationOptions } from './stream/population-options.ts';

const { values } = readCommandLine({
  options: {
    stages: { type: 'string', default: '100000,1000000' },
    ...populationOptions,
  },
});
const population = populationOf(values);
const sizes = readRisingCounts('stages', values.stages);
const batchSize = 1000;
/** The batches that a cost is told by. */
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

/** What a notice costs after the first stage and after the last, µs. */
type Comparison = { readonly afterFirst: number; readonly afterLast: number };

/** A correlator and the notices that it is told of. */
class History {
  readonly #stream: EndlessStream;
  readonly #table = new MemoryTokenTable();
  readonly #index = new LinkIndex(this.#table);
  readonly #correlator: Correlator<PackedTokens>;
  #day = 0;
  events = 0;
  alerts = 0;

  constructor(population: Population, policy: PolicySet, patterns: readonly Pattern[]) {
    this.#stream = new EndlessStream(population, policy);
    this.#correlator = new Correlator(patterns, this.#index);
  }

  get held(): Stage['held'] {
    return this.#correlator.size;
  }

  get memory(): Stage['memory'] {
    return memoryOf(this.#table.bytes, this.#index.bytes);
  }

  /** @returns what a notice cost in each of the last batches, µs */
  tellTo(events: number): number[] {
    let costs: number[] = [];
    while (this.events < events) costs = [...costs.slice(1 - measuredBatches), this.tellBatch()];
    return costs;
  }

  /** @returns what a notice cost, µs */
  tellBatch(): number {
    const batch = this.#stream
      .take(batchSize)
      .map(({ event, tokens }) => ({ event, tokens: packTokens(tokens) }));
    const start = performance.now();
    for (const { event, tokens } of batch) {
      this.alerts += this.#correlator.add(event, tokens).raised.length;
      const today = Math.floor(event.arrived / dayMs);
      if (today !== this.#day) this.#correlator.sweep();
      this.#day = today;
    }
    this.events += batch.length;
    return (1000 * (performance.now() - start)) / batch.length;
  }
}

async function run(): Promise<void> {
  const policy = await loadPolicySet(policyDir);
  const words = wordsOf(policy);
  const { patterns } = await loadPatterns(`${policyDir}/patterns`, { form: 'committee', words });
  const long = new History(population, policy, patterns);
  const stages = sizes.map((events) => {
    const microsecondsPerEvent = round(middleOf(long.tellTo(events)));
    const { alerts, held, memory } = long;
    const stage = { events, microsecondsPerEvent, alerts, held, memory };
    process.stderr.write(`${JSON.stringify(stage)}\n`);
    return stage;
  });
  const short = new History(population, policy, patterns);
  short.tellTo(sizes[0] ?? 0);
  report(stages, compare(short, long));
}

/** What a notice costs with each, µs, measured in turns. */
function compare(short: History, long: History): Comparison {
  const costs = { short: [] as number[], long: [] as number[] };
  for (let turn = 0; turn < measuredBatches; turn += 1) {
    costs.short.push(short.tellBatch());
    costs.long.push(long.tellBatch());
  }
  return { afterFirst: round(middleOf(costs.short)), afterLast: round(middleOf(costs.long)) };
}

function report(stages: readonly Stage[], inTurns: Comparison): void {
  const [first, last] = [stages[0], stages.at(-1)];
  if (first === undefined || last === undefined) return;
  const ratio = (of: (stage: Stage) => number): number => round(of(last) / of(first));
  const growth = {
    cost: round(inTurns.afterLast / inTurns.afterFirst),
    notices: ratio(({ held }) => held.notices),
    descriptions: ratio(({ held }) => held.records),
    heap: ratio(({ memory }) => memory.heapMiB),
  };
  const isFlat = Math.max(growth.cost, growth.notices, growth.descriptions) <= most;
  if (!isFlat) process.exitCode = 1;
  process.stdout.write(
    `${JSON.stringify({ bench: 'correlator-cost', population, stages, inTurns, growth, isFlat })}\n`,
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
