/**
 * A portion of the accepted messages in order: from what was packed of each when it was accepted or, where there is
 * nothing of this version's form, from its unit. Each question to the server has one answer, behind which nothing is
 * left open there.
 */
import type { ClientSession, FindOptions } from 'mongodb';
import { AcceptedBatchWriter } from '../accepted-batch.ts';
import { unitWithItsEnvelope } from '../accepted-unit.ts';
import type { OpenedCollections } from './collections.ts';
import type { Collections } from './documents.ts';
import { readRawMessage, type RawMessage } from './raw-message.ts';

export type PortionQuestion = {
  /** The leaf of the first message that may be in it. */
  readonly first: number;
  readonly limit: number;
  /** ms since 1970 */
  readonly since: number;
};

export type Portion = {
  readonly found: AcceptedBatchWriter;
  /** The leaves of those that are left out, since they are damaged. */
  readonly damaged: readonly number[];
};

/** Raw documents, the first ones in order of those that are left. */
type Ask = (collections: Collections, question: PortionQuestion, session: ClientSession) => Promise<Buffer[]>;
/** False, and nothing is added, where it cannot be told from these bytes. */
type Add = (found: AcceptedBatchWriter, message: RawMessage, damaged: number[]) => boolean;

/** See {@link AcceptedBatchWriter.readBytes}. */
const maxReadBytes = 1024 * 1024;

/** Erased messages are left out; nothing is in it only where nothing is left. */
export async function readPortion(
  { collections, keepsAcceptances }: OpenedCollections,
  question: PortionQuestion,
  session: ClientSession,
): Promise<Portion> {
  const found = new AcceptedBatchWriter();
  const damaged: number[] = [];
  const collect = async (ask: Ask, add: Add, first: number): Promise<number | undefined> => {
    let next = first;
    while (found.count === 0) {
      const documents = await ask(collections, { ...question, first: next }, session);
      if (documents.length === 0) break;
      for (const document of documents) {
        const message = readRawMessage(document);
        // Nothing is left of an erased one.
        if (message.bytes?.byteLength !== 0 && !add(found, message, damaged)) return message.record;
        next = message.record + 1;
        if (found.readBytes >= maxReadBytes) break;
      }
    }
    return undefined;
  };
  const unpackable = keepsAcceptances ? await collect(askPacked, addPacked, question.first) : question.first;
  // What could be told makes a portion; the next one begins with what could not.
  if (unpackable !== undefined && found.count === 0) await collect(askUnits, addUnit, unpackable);
  return { found, damaged };
}

async function askPacked(
  { acceptance }: Collections,
  { first, limit, since }: PortionQuestion,
  session: ClientSession,
): Promise<Buffer[]> {
  const options = { ...inOneAnswer(limit, session), hint: '_id_', sort: { _id: 1 } } as const;
  const found = acceptance.find({ _id: { $gte: first }, at: { $gte: since } }, options);
  return (await found.toArray()) as unknown as Buffer[];
}

async function askUnits(
  { message }: Collections,
  { first, limit, since }: PortionQuestion,
  session: ClientSession,
): Promise<Buffer[]> {
  const filter = { record: { $gte: first }, at: { $gte: since }, unit: { $exists: true } };
  const projection = { _id: 0, record: 1, at: 1, unit: 1, digest: 1 } as const;
  const options = {
    ...inOneAnswer(limit, session),
    hint: 'by_record',
    sort: { record: 1 },
    projection,
  } as const;
  return (await message.find(filter, options).toArray()) as unknown as Buffer[];
}

/** As many as the limit, or as fit into 16 MiB. */
function inOneAnswer(limit: number, session: ClientSession): FindOptions {
  return { session, limit, batchSize: limit, singleBatch: true, raw: true };
}

function addPacked(found: AcceptedBatchWriter, { record, at, bytes }: RawMessage): boolean {
  return bytes !== undefined && found.addPacked(record + 1, at, bytes);
}

/** A damaged one is told as well: nothing that is read later would tell more. */
function addUnit(
  found: AcceptedBatchWriter,
  { record, at, bytes, digest }: RawMessage,
  damaged: number[],
): boolean {
  const kept = digest === undefined ? undefined : unitWithItsEnvelope({ unit: bytes, digest });
  if (kept === undefined || !found.tryAdd(record + 1, at, kept.envelope)) damaged.push(record);
  return true;
}
