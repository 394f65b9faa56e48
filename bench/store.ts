/**
 * Durable throughput of the SQLite engine: messages of 2 KiB to one recipient each, submitted in frames of 1, 8,
 * 64 and 256, then the whole life of a message (submit, mark as delivered, settle). The last line is JSON.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { AcceptableMessage, DeliveryId, Store } from '../gateway/store/port.ts';
import { openSqliteStore } from '../gateway/store/sqlite/sqlite-store.ts';
import { sha256 } from '../protocol/proof/merkle.ts';
import type { EndpointAddress, MessageId } from '../protocol/ids.ts';
import { uuidFromBytes } from '../protocol/uuid.ts';
import { readCommandLine } from './command-line.ts';
import { duration, readNumber } from './read-number.ts';
import { makeScratchFolder } from './scratch-folder.ts';

const unitBytes = 2048 + 900;
const framesInFlight = 4;
const sender = 'strathclyde-police/concern-hub' as EndpointAddress;
const recipient = 'nhs-lanarkshire/child-protection' as EndpointAddress;

type Figures = {
  messagesPerSecond: number;
  mainCpuMicrosPerMessage: number;
  cpuMicrosPerMessage: number;
};

let count = 0;

function messageId(): MessageId {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(1_800_000_000_000 + count++, 0, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  return uuidFromBytes(bytes);
}

function messageOf(body: Buffer): AcceptableMessage {
  const id = messageId();
  const envelopeDigest = sha256(Buffer.from(id));
  return {
    verdict: 'accept',
    id,
    envelopeDigest,
    unit: body,
    expiresAt: Date.now() + 5 * 24 * 3600_000,
    lane: 1,
    category: 'concern-report',
    severity: 'concern',
    thread: id,
    recipients: [{ endpoint: recipient, listening: true }],
    record: JSON.stringify({
      kind: 'message.accepted',
      message: id,
      source: sender,
      recipients: [recipient],
      category: 'concern-report',
      severity: 'concern',
      digest: envelopeDigest.toString('base64url'),
      policy: envelopeDigest.toString('base64url'),
      decision: ['concern-sharing'],
    }),
  };
}

/** Submits frames, a few at a time, as sessions do. */
async function submitAll(
  store: Store,
  frames: readonly (readonly AcceptableMessage[])[],
  after: (frame: readonly AcceptableMessage[], deliveries: readonly DeliveryId[]) => Promise<void>,
): Promise<void> {
  let next = 0;
  const submitSome = async (): Promise<void> => {
    for (let frame = frames[next++]; frame !== undefined; frame = frames[next++]) {
      const { outcomes } = await store.submit({ source: sender, messages: frame });
      await after(
        frame,
        outcomes.map((outcome) => (outcome.outcome === 'accepted' ? outcome.deliveries[0]! : 0)),
      );
    }
  };
  await Promise.all(Array.from({ length: framesInFlight }, submitSome));
}

async function measure(messages: number, work: () => Promise<void>): Promise<Figures> {
  const process0 = process.cpuUsage();
  const main0 = process.threadCpuUsage();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const main = process.threadCpuUsage(main0);
  const whole = process.cpuUsage(process0);
  const micros = ({ user, system }: { user: number; system: number }): number =>
    Math.round((10 * (user + system)) / messages) / 10;
  return {
    messagesPerSecond: Math.round(messages / seconds),
    mainCpuMicrosPerMessage: micros(main),
    cpuMicrosPerMessage: micros(whole),
  };
}

function framesOf(messages: number, size: number): AcceptableMessage[][] {
  const body = randomBytes(unitBytes);
  return Array.from({ length: Math.ceil(messages / size) }, () =>
    Array.from({ length: size }, () => messageOf(body)),
  );
}

/** A submission, its delivery and its settlement, each durable before the next. */
async function wholeLife(
  store: Store,
  frame: readonly AcceptableMessage[],
  deliveries: readonly DeliveryId[],
) {
  const group = Buffer.alloc(66 + 100 * frame.length);
  await Promise.all([
    store.markDelivered(deliveries),
    store.settle({
      recipient,
      group,
      receipts: frame.map(({ id, envelopeDigest }, index) => ({
        kind: 'stored' as const,
        message: id,
        envelopeDigest,
        delivery: deliveries[index],
      })),
    }),
  ]);
}

async function run(seconds: number): Promise<void> {
  await using scratch = await makeScratchFolder();
  const receiptKeyPem = generateKeyPairSync('ed25519')
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  const store = await openSqliteStore({
    file: join(scratch.path, 'store.db'),
    receiptKeyPem,
    auditKey: randomBytes(32),
  });
  try {
    const nothing = async (): Promise<void> => Promise.resolve();
    await submitAll(store, framesOf(20_000, 64), nothing);
    const submit: Record<string, Figures> = {};
    for (const [size, rate] of [
      [1, 8_000],
      [8, 25_000],
      [64, 40_000],
      [256, 50_000],
    ] as const) {
      const messages = Math.ceil((rate * seconds) / size) * size;
      const frames = framesOf(messages, size);
      submit[size] = await measure(messages, async () => submitAll(store, frames, nothing));
      process.stderr.write(`submit in frames of ${size}: ${submit[size].messagesPerSecond}/s\n`);
    }
    const frames = framesOf(15_000 * seconds, 64);
    const life = await measure(frames.length * 64, async () =>
      submitAll(store, frames, async (frame, deliveries) => wholeLife(store, frame, deliveries)),
    );
    process.stdout.write(`${JSON.stringify({ bench: 'store', unitBytes, framesInFlight, submit, life })}\n`);
  } finally {
    await store.close();
  }
}

const { values } = readCommandLine({ options: { seconds: { type: 'string', default: '3' } } });
await run(readNumber('seconds', values.seconds, duration));
