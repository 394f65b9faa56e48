/**
 * The thread that reads accepted messages in order: it takes the driver's documents and the envelopes apart, so that
 * the main thread gets on with what they mean. It has a connection of its own, and a primary of a moment ago cannot
 * hide from it what the main thread knows of: each question says how far that has seen.
 */
import { Timestamp, type Collection } from 'mongodb';
import { parentPort, workerData } from 'node:worker_threads';
import { decodeUnit } from '../../../protocol/wire/frame.ts';
import { AcceptedBatchWriter, type AcceptedBatch } from '../accepted-batch.ts';
import { ByteSink } from '../byte-stream.ts';
import { closeThread, type AskedQuestion, type GivenAnswer } from '../reader-thread.ts';
import { CausalTime } from './causal-time.ts';
import { connect, type Connection } from './connection.ts';
import { collectionsOf, type MessageDocument } from './documents.ts';
import { firstSince } from './first-since.ts';
import { readRawMessage } from './raw-message.ts';

export type AcceptanceReaderOptions = { readonly url: string };

export type AcceptanceQuestion = {
  readonly after: number;
  readonly limit: number;
  readonly since: number;
  /** The time of the cluster that the asking side has seen, 0 where it has seen none; so in the answer. */
  readonly seen: bigint;
};
export type AcceptanceAnswer = { readonly batch: AcceptedBatch; readonly seen: bigint };

type Open = Connection & { readonly causal: CausalTime; readonly messages: Collection<MessageDocument> };

/** Envelopes of one answer, about. */
const maxReadBytes = 1024 * 1024;

const projection = { _id: 0, at: 1, record: 1, unit: 1 } as const;

async function read(
  { causal, messages }: Open,
  { after, limit, since, seen }: AcceptanceQuestion,
): Promise<{ readonly value: AcceptanceAnswer; readonly bytes: ArrayBuffer }> {
  causal.advance(new Timestamp(seen));
  const found = new AcceptedBatchWriter();
  await causal.within(async (session) => {
    const first = after === 0 ? await firstSince(messages, since, session) : after;
    const filter = { record: { $gte: first }, at: { $gte: since }, unit: { $exists: true } };
    const cursor = messages
      .find(filter, { session, hint: 'by_record', projection, batchSize: limit, raw: true })
      .sort({ record: 1 });
    try {
      while (found.count < limit && found.envelopeBytes < maxReadBytes && (await cursor.hasNext())) {
        for (const document of cursor.readBufferedDocuments(limit - found.count)) {
          const { record, at, unit } = readRawMessage(document as unknown as Buffer);
          // Nothing is left of an erased one.
          if (unit.byteLength > 0) found.add(record + 1, at, decodeUnit(unit).envelope);
          if (found.envelopeBytes >= maxReadBytes) break;
        }
      }
    } finally {
      await cursor.close();
    }
  });
  const sink = new ByteSink();
  const batch = found.finish(sink);
  return { value: { batch, seen: causal.seen.toBigInt() }, bytes: sink.finish() };
}

function start(): void {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker thread');
  const { url } = workerData as AcceptanceReaderOptions;
  let opened: Open | undefined;
  const open = async (): Promise<Open> => {
    const connection = await connect(url);
    const { message: messages } = collectionsOf(connection.database);
    return { ...connection, causal: new CausalTime(connection.client), messages };
  };
  const answer = async ({ ticket, question }: AskedQuestion<AcceptanceQuestion>): Promise<void> => {
    type Given = GivenAnswer<AcceptanceAnswer>;
    try {
      const { value, bytes } = await read((opened ??= await open()), question);
      port.postMessage({ ticket, value, bytes } satisfies Given, [bytes]);
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      port.postMessage({ ticket, failure } satisfies Given);
    }
  };
  const close = async (): Promise<void> => {
    await opened?.client.close();
    port.close();
  };
  let work: Promise<void> = Promise.resolve();
  port.on('message', (message: AskedQuestion<AcceptanceQuestion> | typeof closeThread) => {
    work = work.then(async () => (message === closeThread ? close() : answer(message)));
  });
}

start();
