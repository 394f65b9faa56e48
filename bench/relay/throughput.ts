/** How many messages a second go through the processes of a rig. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Child, ChildMessage } from '../child.ts';
import { round } from './round.ts';

/** What takes part, each in a process of its own. */
export type Processes = {
  readonly publisher: Child;
  readonly gateways: readonly Child[];
  readonly consumer: Child;
};

type Cpu = { user: number; system: number };
type Counted = ChildMessage & {
  cpu: Cpu;
  at: number;
  consumed: number;
  doubled: number;
  frames: number;
  groups: number;
  counts: Record<string, number>;
};

export type Throughput = {
  messagesPerSecond: number;
  cpuMicrosPerMessage: number;
  cpuMicrosByProcess: Record<'publisher' | 'gateway' | 'consumer', number>;
  /** How well batching works: messages a frame to the consumer, receipts a group to the publisher. */
  unitsPerFrame: number;
  receiptsPerGroup: number;
};

/** Lets the publisher send as fast as it can and counts what the consumer has verified and stored. */
export async function measureThroughput(processes: Processes, seconds: number): Promise<Throughput> {
  const { publisher, consumer } = processes;
  publisher.send({ type: 'flood' });
  await wait(1_500);
  const before = await countAll(processes);
  await wait(seconds * 1_000);
  const after = await countAll(processes);
  publisher.send({ type: 'stop' });
  const settled = await settle(publisher, consumer);
  if (settled.refused !== 0 || settled.doubled !== 0 || settled.stored !== settled.submitted) {
    throw new Error(`messages were refused, doubled or lost: ${JSON.stringify(settled)}`);
  }
  const messages = after.consumer.consumed - before.consumer.consumed;
  const elapsedMs = after.consumer.at - before.consumer.at;
  const cpu = (name: 'publisher' | 'gateway' | 'consumer') =>
    (after[name].cpu.user + after[name].cpu.system - before[name].cpu.user - before[name].cpu.system) /
    messages;
  const cpuMicrosByProcess = {
    publisher: round(cpu('publisher'), 1),
    gateway: round(cpu('gateway'), 1),
    consumer: round(cpu('consumer'), 1),
  };
  return {
    messagesPerSecond: (messages * 1_000) / elapsedMs,
    cpuMicrosPerMessage: cpu('publisher') + cpu('gateway') + cpu('consumer'),
    cpuMicrosByProcess,
    unitsPerFrame: round(messages / (after.consumer.frames - before.consumer.frames)),
    receiptsPerGroup: round((3 * messages) / (after.publisher.groups - before.publisher.groups)),
  };
}

async function countAll({ publisher, gateways, consumer }: Processes) {
  const ask = (child: Child) => child.ask<Counted>({ type: 'count' }, 'counted');
  const each: Counted[] = [];
  for (const gateway of gateways) each.push(await ask(gateway));
  const cpu = {
    user: each.reduce((sum, counted) => sum + counted.cpu.user, 0),
    system: each.reduce((sum, counted) => sum + counted.cpu.system, 0),
  };
  return { publisher: await ask(publisher), gateway: { cpu }, consumer: await ask(consumer) };
}

/** Waits until everything submitted has come back as stored. */
export async function settle(publisher: Child, consumer: Child) {
  for (let waited = 0; ; waited += 50) {
    const { counts } = await publisher.ask<Counted>({ type: 'count' }, 'counted');
    const { doubled } = await consumer.ask<Counted>({ type: 'count' }, 'counted');
    const { submitted = 0, stored = 0, refused = 0 } = counts;
    if (stored + refused >= submitted || waited > 10_000) return { submitted, stored, refused, doubled };
    await wait(50);
  }
}
