/** Fills the messages of a MongoDB store with synthetic notices that were accepted, as history holds them. */
import { randomBytes } from 'node:crypto';
import { Binary } from 'mongodb';
import type { PolicySet } from '../../gateway/policy/policy-set.ts';
import { acceptanceOf } from '../../gateway/store/mongodb/acceptance-document.ts';
import { openCollections } from '../../gateway/store/mongodb/collections.ts';
import { connect } from '../../gateway/store/mongodb/connection.ts';
import type { MessageDocument } from '../../gateway/store/mongodb/documents.ts';
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import { uuidToBytes } from '../../protocol/uuid.ts';
import type { Envelope, Severity } from '../../protocol/wire/envelope.ts';
import { encodeEnvelope } from '../../protocol/wire/envelope.ts';
import { encodeUnit } from '../../protocol/wire/frame.ts';
import { EndlessStream, type EndlessNotice, type Population } from '../stream/endless.ts';

/** Validation and journal are passed by: what is measured is reading. */
const unchecked = { ordered: false, bypassDocumentValidation: true, writeConcern: { w: 1 } } as const;
const batchSize = 1000;
const inFlight = 3;
const lifeMs = 5 * 24 * 3600_000;
/** A signature over a batch of eight, with its path. */
const proofBytes = 68 + 3 * 32;
const recipient = 'north-lanarkshire-social-work/duty' as EndpointAddress;

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
  const chance = randomBytes(1 << 20);
  let count = 0;

  /** Ciphertext and signatures: nothing that a disk could compress. */
  function noise(bytes: number): Buffer {
    const from = (count * 4099) % (chance.byteLength - bytes);
    return chance.subarray(from, from + bytes);
  }

  function documentOf({ event, tokens }: EndlessNotice): MessageDocument {
    const record = count++;
    const id = `01900000-0000-7000-8000-${record.toString(16).padStart(12, '0')}` as MessageId;
    const source = event.source as EndpointAddress;
    const digest = noise(32);
    const text = digest.toString('base64url');
    const envelope = {
      id,
      source,
      type: 'notice',
      time: new Date(event.time).toISOString(),
      expires: new Date(event.time + lifeMs).toISOString(),
      to: [recipient],
      sequence: [record + 1],
      category: event.category,
      severity: event.severity as Severity,
      purpose: 'child-protection',
      basis: 'public-task',
      subjects: [tokens],
      thread: id,
      payloadDigest: text as Envelope['payloadDigest'],
      payloadBytes,
      recipientKeys: [digest.toString('hex')] as Envelope['recipientKeys'],
      attachments: [],
      signingKey: text as Envelope['signingKey'],
    } satisfies Envelope;
    const unit = encodeUnit(encodeEnvelope(envelope), noise(proofBytes), noise(payloadBytes)).bytes;
    return {
      _id: { id: new Binary(uuidToBytes(id)), source },
      digest,
      at: event.arrived,
      record,
      expiresAt: event.arrived + lifeMs,
      lane: 1,
      category: event.category,
      severity: envelope.severity,
      thread: new Binary(uuidToBytes(id)),
      firstDelivery: record + 1,
      recipients: [recipient],
      listening: 0,
      unit,
    };
  }

  return {
    fillTo: async (messagesWanted) => {
      const running = new Set<Promise<unknown>>();
      while (count < messagesWanted) {
        const documents = stream.take(Math.min(batchSize, messagesWanted - count)).map(documentOf);
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
