/**
 * `npm run bench:relay`: end to end through a real gateway, all checks on, against the limits of the same machine
 * in the same run.
 *
 * Three processes: a publisher, the gateway, a consumer. Every message is built, signed (in batches), validated,
 * decided upon, committed and synced, delivered, verified by the consumer, and acknowledged to the publisher with
 * three signed receipts, which it verifies. `--durable-consumer` adds the consumer's own disk. The ciphertext is made once: encryption is the agencies' work
 * and is not what a gateway is measured by.
 *
 * `--store mongodb://…` compares instead: the embedded store, then one and two gateways on that replica set, in turns.
 * `--store mongodb` starts three members for it, with the server that CAUSEWAY_MONGOD names.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { readCommandLine } from './command-line.ts';
import type { ChildMessage } from './child.ts';
import { count, duration, readNumber } from './read-number.ts';
import { measureEcho, measureFdatasync, touchMemory } from './relay/baselines.ts';
import { compareEngines } from './relay/compare-engines.ts';
import { median } from './relay/median.ts';
import { ciphertextBytes } from './relay/plan.ts';
import { Rig } from './relay/rig.ts';
import { round } from './relay/round.ts';
import { settle, type Throughput } from './relay/throughput.ts';
import { makeScratchFolder } from './scratch-folder.ts';

const { values } = readCommandLine({
  options: {
    window: { type: 'string', default: '256' },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    rate: { type: 'string', default: '200' },
    'durable-consumer': { type: 'boolean', default: false },
    store: { type: 'string' },
  },
});
const window = readNumber('window', values.window, count);
const seconds = readNumber('seconds', values.seconds, duration);
const rounds = readNumber('rounds', values.rounds, count);
const rate = readNumber('rate', values.rate, { least: 1 });
const warmUpSeconds = 4;
/** Messages a second before the latency is measured. */
const warmUpRate = 4_000;
/** More than the messages of a round take in the caches of its files: 15,000 of 6 KiB a second. */
const touchedBytes = seconds * 200 * 1024 * 1024;

type Round = Throughput & { echoPerSecond: number };

await using scratch = await makeScratchFolder();
const dir = scratch.path;
const form = { window, durableConsumer: values['durable-consumer'] };
print(
  values.store === undefined
    ? await measureRelay()
    : await compareEngines(dir, values.store, { ...form, seconds, rounds }),
);

async function measureRelay(): Promise<unknown> {
  const rig = await Rig.open(dir, form);
  try {
    // What counts is the steady state: code that has been compiled and tables that are no longer empty. Before any flood:
    // what that leaves to the audit log, the correlator and the disk takes the machine long after. The correlator looks at
    // what an `immediate` notice comes with at once; its first look with something to read finds its code not yet compiled.
    await pace(rig, warmUpRate, warmUpSeconds);
    rig.publisher.send({ type: 'immediate' });
    await settle(rig.publisher, rig.consumer);
    const latencyMs = await measureLatency(rig);
    await rig.measureThroughput(warmUpSeconds);
    // The machine's speed drifts: echo and relay take turns, and each figure is the median of the rounds.
    const measured: Round[] = [];
    for (let turn = 0; turn < rounds; turn++) {
      const echoPerSecond = await measureEcho(window, ciphertextBytes, 2);
      await touchMemory(touchedBytes);
      measured.push({ echoPerSecond, ...(await rig.measureThroughput(seconds)) });
    }
    const fdatasyncPerSecond = await measureFdatasync(dir, ciphertextBytes, 2);
    const middle = (figure: (each: Round) => number): number => median(measured.map(figure));
    const messagesPerSecond = middle((each) => each.messagesPerSecond);
    return {
      messagesPerSecond: round(messagesPerSecond),
      echoPerSecond: round(middle((each) => each.echoPerSecond)),
      fdatasyncPerSecond: round(fdatasyncPerSecond),
      ratioToEcho: round(middle(ratioOf), 3),
      ratioToFdatasync: round(messagesPerSecond / fdatasyncPerSecond, 3),
      cpuMicrosPerMessage: round(
        middle((each) => each.cpuMicrosPerMessage),
        1,
      ),
      latencyMs,
      rounds: measured.map((each) => ({
        messagesPerSecond: round(each.messagesPerSecond),
        ratioToEcho: round(ratioOf(each), 3),
        cpuMicrosByProcess: each.cpuMicrosByProcess,
        unitsPerFrame: each.unitsPerFrame,
        receiptsPerGroup: each.receiptsPerGroup,
      })),
      window,
      ciphertextBytes,
    };
  } finally {
    await rig.close();
  }
}

function ratioOf({ messagesPerSecond, echoPerSecond }: Round): number {
  return messagesPerSecond / echoPerSecond;
}

/** Sends at an even rate for a while, and waits until all has arrived. */
async function pace({ publisher, consumer }: Rig, perSecond: number, seconds: number): Promise<void> {
  publisher.send({ type: 'pace', perSecond });
  await wait(seconds * 1_000);
  publisher.send({ type: 'stop' });
  await settle(publisher, consumer);
}

/** From the making of an envelope to its verification by the consumer, at an even rate, ms. */
async function measureLatency({ publisher, consumer }: Rig) {
  publisher.send({ type: 'pace', perSecond: rate });
  await wait(2_000);
  consumer.send({ type: 'watch' });
  await wait(10_000);
  publisher.send({ type: 'stop' });
  await settle(publisher, consumer);
  const { sentAt } = await publisher.ask<ChildMessage & { sentAt: [string, number][] }>(
    { type: 'sent' },
    'sent',
  );
  const { arrivals } = await consumer.ask<ChildMessage & { arrivals: [string, number][] }>(
    { type: 'arrivals' },
    'arrivals',
  );
  const sent = new Map(sentAt);
  const latencies = arrivals.flatMap(([id, at]) => {
    const from = sent.get(id);
    return from === undefined ? [] : [at - from];
  });
  latencies.sort((left, right) => left - right);
  const quantile = (q: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))] ?? NaN;
  return { p50: round(quantile(0.5), 2), p99: round(quantile(0.99), 2), messages: latencies.length };
}

function print(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
