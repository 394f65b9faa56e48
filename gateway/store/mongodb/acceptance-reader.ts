/**
 * The thread that reads accepted messages in order: it takes the server's documents apart, so that the main thread
 * gets on with what they mean. It has a connection of its own, and a primary of a moment ago cannot
 * hide from it what the main thread knows of: each question says how far that has seen.
 */
import { Timestamp, type ClientSession, type MongoClient } from 'mongodb';
import { parentPort, workerData } from 'node:worker_threads';
import type { AcceptedBatch } from '../accepted-batch.ts';
import { ByteSink } from '../byte-stream.ts';
import type { DamagedMessage } from '../port.ts';
import { closeThread, readFailure, type AskedQuestion, type GivenAnswer } from '../reader-thread.ts';
import { readPortion } from './acceptance-portion.ts';
import { CausalTime } from './causal-time.ts';
import type { OpenedCollections } from './collections.ts';
import { connect } from './connection.ts';
import { collectionsOf, type Collections } from './documents.ts';
import { firstSince } from './first-since.ts';
import { messageIdOf } from './keys.ts';

export type AcceptanceReaderOptions = { readonly url: string; readonly keepsAcceptances: boolean };

export type AcceptanceQuestion = {
  readonly after: number;
  readonly limit: number;
  readonly since: number;
  /** The time of the cluster that the asking side has seen, 0 where it has seen none; so in the answer. */
  readonly seen: bigint;
};
export type AcceptanceAnswer = {
  readonly batch: AcceptedBatch;
  readonly damaged: readonly DamagedMessage[];
  readonly seen: bigint;
};

type Open = { readonly client: MongoClient; readonly causal: CausalTime; readonly from: OpenedCollections };

async function read(
  { causal, from }: Open,
  { after, limit, since, seen }: AcceptanceQuestion,
): Promise<{ readonly value: AcceptanceAnswer; readonly bytes: ArrayBuffer }> {
  causal.advance(new Timestamp(seen));
  const { found, damaged } = await causal.within(async (session) => {
    const first = after === 0 ? await firstSince(from.collections.message, since, session) : after;
    const portion = await readPortion(from, { first, limit, since }, session);
    return { ...portion, damaged: await namesOf(from.collections.message, portion.damaged, session) };
  });
  const sink = new ByteSink();
  const batch = found.finish(sink);
  return { value: { batch, damaged, seen: causal.seen.toBigInt() }, bytes: sink.finish() };
}

async function namesOf(
  message: Collections['message'],
  leaves: readonly number[],
  session: ClientSession,
): Promise<DamagedMessage[]> {
  if (leaves.length === 0) return [];
  const options = { session, hint: 'by_record', projection: { record: 1 } } as const;
  const found = await message.find({ record: { $in: [...leaves] } }, options).toArray();
  return found.map(({ _id, record }) => ({ message: messageIdOf(_id), leaf: record }));
}

function start(): void {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker thread');
  const { url, keepsAcceptances } = workerData as AcceptanceReaderOptions;
  let opened: Open | undefined;
  const open = async (): Promise<Open> => {
    const { client, database } = await connect(url);
    const from = { collections: collectionsOf(database), keepsAcceptances };
    return { client, causal: new CausalTime(client), from };
  };
  const answer = async ({ ticket, question }: AskedQuestion<AcceptanceQuestion>): Promise<void> => {
    type Given = GivenAnswer<AcceptanceAnswer>;
    try {
      const { value, bytes } = await read((opened ??= await open()), question);
      port.postMessage({ ticket, value, bytes } satisfies Given, [bytes]);
    } catch (error) {
      port.postMessage({ ticket, failure: readFailure(error) } satisfies Given);
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
