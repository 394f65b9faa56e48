/**
 * `npm run bench:relay`: end to end through a real gateway, all checks on, against the limits of the same machine
 * in the same run.
 *
 * Three processes: a publisher, the gateway, a consumer. Every message is built, signed (in batches), validated,
 * decided upon, committed and synced, delivered, verified by the consumer, and acknowledged to the publisher with
 * three signed receipts, which it verifies. `--durable-consumer` adds the consumer's own disk. The ciphertext is made once: encryption is the agencies' work
 * and is not what a gateway is measured by.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createSandbox, enrolEndpoints } from '../bin/sandbox.ts';
import { encryptAndSign, readOpenpgpIdentity } from '../clients/sdk/openpgp.ts';
import { openHome } from '../clients/sdk/home.ts';
import { batchSigner } from '../protocol/proof/signing.ts';
import { Child, type ChildMessage } from './child.ts';
import { measureEcho, measureFdatasync } from './relay/baselines.ts';

const { values } = parseArgs({
  options: {
    window: { type: 'string', default: '256' },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    rate: { type: 'string', default: '200' },
    'durable-consumer': { type: 'boolean', default: false },
  },
});
const window = Number(values.window);
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const rate = Number(values.rate);
const ciphertextBytes = 2_048;
const publisherAddress = 'strathclyde-police/public-protection';
const consumerAddress = 'north-lanarkshire-social-work/duty';

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

type Throughput = {
  messagesPerSecond: number;
  cpuMicrosPerMessage: number;
  cpuMicrosByProcess: Record<'publisher' | 'gateway' | 'consumer', number>;
  /** How well batching works: messages a frame to the consumer, receipts a group to the publisher. */
  unitsPerFrame: number;
  receiptsPerGroup: number;
};
type Round = Throughput & { echoPerSecond: number };

const dir = await mkdtemp(join(tmpdir(), 'causeway-bench-'));
const children: Child[] = [];

try {
  const home = await createSandbox(dir);
  const gateway = start(new URL('./relay/gateway-process.ts', import.meta.url), [home.dir]);
  const { url } = await gateway.next<ChildMessage & { url: string }>('listening');
  const [publisherHome = '', consumerHome = ''] = await enrolEndpoints(dir, home, url, [
    { address: publisherAddress, roles: [] },
    { address: consumerAddress, roles: ['duty'] },
  ]);
  const plan = await writePlan(publisherHome, consumerHome);
  const consumer = start(new URL('./relay/consumer.ts', import.meta.url), [
    consumerHome,
    plan,
    '2048',
    values['durable-consumer'] ? 'durable' : 'memory',
  ]);
  await consumer.next('ready');
  const publisher = start(new URL('./relay/publisher.ts', import.meta.url), [
    publisherHome,
    plan,
    String(window),
  ]);
  await publisher.next('ready');

  // What counts is the steady state: code that has been compiled and tables that are no longer empty.
  await measureThroughput(publisher, gateway, consumer);
  // The machine's speed drifts: echo and relay take turns, and the ratio is the median of the rounds.
  const measured: Round[] = [];
  for (let turn = 0; turn < rounds; turn++) {
    const echoPerSecond = await measureEcho(window, ciphertextBytes, 2);
    measured.push({ echoPerSecond, ...(await measureThroughput(publisher, gateway, consumer)) });
  }
  const latencyMs = await measureLatency(publisher, consumer);
  const fdatasyncPerSecond = await measureFdatasync(dir, ciphertextBytes, 2);
  const middle = medianRound(measured);
  print({
    messagesPerSecond: round(middle.messagesPerSecond),
    echoPerSecond: round(middle.echoPerSecond),
    fdatasyncPerSecond: round(fdatasyncPerSecond),
    ratioToEcho: round(ratioOf(middle), 3),
    ratioToFdatasync: round(middle.messagesPerSecond / fdatasyncPerSecond, 3),
    cpuMicrosPerMessage: round(middle.cpuMicrosPerMessage, 1),
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
  });
} finally {
  await Promise.all(children.map((child) => child.stop()));
  await rm(dir, { recursive: true, force: true });
}

function start(script: URL, args: readonly string[]): Child {
  const child = new Child(script, args);
  children.push(child);
  return child;
}

/** What both ends need to know; the payload is a real OpenPGP message of the size asked for. */
async function writePlan(publisherHome: string, consumerHome: string): Promise<string> {
  const publisher = await openHome(publisherHome);
  const consumer = await openHome(consumerHome);
  const consumerIdentity = await readOpenpgpIdentity(consumer.openpgpPrivateKey);
  const seal = async (bytes: number): Promise<Buffer> =>
    Buffer.from(
      await encryptAndSign(new Uint8Array(bytes), {
        signWith: await readOpenpgpIdentity(publisher.openpgpPrivateKey),
        recipients: [consumerIdentity.certificateArmored],
      }),
    );
  const overhead = (await seal(1_000)).byteLength - 1_000;
  const payload = await seal(ciphertextBytes - overhead);
  const publisherKey = batchSigner(publisher.signingKeyPem).publicKey;
  const consumerKey = batchSigner(consumer.signingKeyPem).publicKey;
  const template = {
    source: publisherAddress,
    type: 'notice',
    to: [consumerAddress],
    category: 'police-concern',
    severity: 'concern',
    purpose: 'child-protection',
    basis: 'public-task',
    subjects: [],
    payloadBytes: payload.byteLength,
    recipientKeys: [consumerIdentity.encryptionKey],
    attachments: [],
    signingKey: publisherKey.keyId,
  };
  const path = join(dir, 'plan.json');
  await writeFile(
    path,
    JSON.stringify({
      template,
      payload: payload.toString('base64'),
      senderSigningKey: publisherKey.raw.toString('base64url'),
      recipientSigningKey: consumerKey.raw.toString('base64url'),
    }),
  );
  return path;
}

function ratioOf({ messagesPerSecond, echoPerSecond }: Round): number {
  return messagesPerSecond / echoPerSecond;
}

/** The round with the median ratio. */
function medianRound(measured: readonly Round[]): Round {
  const sorted = measured.toSorted((left, right) => ratioOf(left) - ratioOf(right));
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

async function measureThroughput(publisher: Child, gateway: Child, consumer: Child): Promise<Throughput> {
  publisher.send({ type: 'flood' });
  await wait(1_500);
  const before = await countAll(publisher, gateway, consumer);
  await wait(seconds * 1_000);
  const after = await countAll(publisher, gateway, consumer);
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

async function countAll(publisher: Child, gateway: Child, consumer: Child) {
  const ask = (child: Child) => child.ask<Counted>({ type: 'count' }, 'counted');
  return { publisher: await ask(publisher), gateway: await ask(gateway), consumer: await ask(consumer) };
}

/** Waits until everything submitted has come back as stored. */
async function settle(publisher: Child, consumer: Child) {
  for (let waited = 0; ; waited += 50) {
    const { counts } = await publisher.ask<Counted>({ type: 'count' }, 'counted');
    const { doubled } = await consumer.ask<Counted>({ type: 'count' }, 'counted');
    const { submitted = 0, stored = 0, refused = 0 } = counts;
    if (stored + refused >= submitted || waited > 10_000) return { submitted, stored, refused, doubled };
    await wait(50);
  }
}

/** From the making of an envelope to its verification by the consumer, at an even rate, ms. */
async function measureLatency(publisher: Child, consumer: Child) {
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

function round(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}

function print(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
