/** Fills the messages of a MongoDB store with synthetic notices that were accepted, as history holds them. */
import { Binary } from 'mongodb';
import type { PolicySet } from '../../gateway/policy/policy-set.ts';
import { acceptanceOf } from '../../gateway/store/mongodb/acceptance-document.ts';
import { openCollections } from '../../gateway/store/mongodb/collections.ts';
import { connect } from '../../gateway/store/mongodb/connection.ts';
import type { MessageDocument } from '../../gateway/store/mongodb/documents.ts';
import { uuidToBytes } from '../../protocol/uuid.ts';
import { EndlessStream, type EndlessNotice, type Population } from '../stream/endless.ts';
import { NoticeWriter, recipient } from './accepted-notice.ts';

/** Validation and journal are passed by: what is measured is reading. */
const unchecked = { ordered: false, bypassDocumentValidation: true, writeConcern: { w: 1 } } as const;
const batchSize = 1000;
const inFlight = 3;

export type Filling = {
  readonly fillTo: (messages: number) => Promise<void>;
  readonly close: () => Promise<void>;
};

export async function openFilling(
  url: string,
  population: Population,
  policy: PolicySet,
  payloadBytes: number,
): Promise<Filling> {
  const { client, database } = await connect(url);
  const { message: messages, acceptance: acceptances } = (await openCollections(database)).collections;
  const stream = new EndlessStream(population, policy);
  const writer = new NoticeWriter(payloadBytes);

  function documentOf(notice: EndlessNotice): MessageDocument {
    const record = writer.count;
    const { id, source, digest, arrived, expiresAt, category, severity, unit } = writer.write(notice);
    const binaryId = new Binary(uuidToBytes(id));
    return {
      _id: { id: binaryId, source },
      digest,
      at: arrived,
      record,
      expiresAt,
      lane: 1,
      category,
      severity,
      thread: binaryId,
      firstDelivery: record + 1,
      recipients: [recipient],
      listening: 0,
      unit,
    };
  }

  return {
    fillTo: async (messagesWanted) => {
      const running = new Set<Promise<unknown>>();
      while (writer.count < messagesWanted) {
        const documents = stream.take(Math.min(batchSize, messagesWanted - writer.count)).map(documentOf);
        const written: Promise<unknown> = Promise.all([
          messages.insertMany(documents, unchecked),
          acceptances.insertMany(documents.flatMap(acceptanceOf), unchecked),
        ]).finally(() => running.delete(written));
        running.add(written);
        if (running.size >= inFlight) await Promise.race(running);
      }
      await Promise.all(running);
    },
    close: async () => client.close(),
  };
}
