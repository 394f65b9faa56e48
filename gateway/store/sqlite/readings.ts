/** The part of the port that only reads: each method is a question to the reader's thread. */
import type { ByteSource } from '../byte-stream.ts';
import { Erasures } from '../erasures.ts';
import { mostCounted, type DamagedMessage, type Lane, type QueuedDelivery, type Store } from '../port.ts';
import type { ReadingMethod } from '../reading-method.ts';
import type { Acceptances } from './acceptances.ts';
import { unpackEvidence } from './evidence-query.ts';
import { digestBytes } from './operations.ts';
import type { Questions } from './questions.ts';
import type { ReaderClient } from './reader-client.ts';

/** @param clock ms since 1970 @param onDamaged told of what a reading leaves out */
export function readings(
  reader: ReaderClient,
  acceptances: Acceptances,
  clock: () => number,
  onDamaged: (message: DamagedMessage) => void,
): Pick<Store, ReadingMethod> {
  const leaves = leafReadings(reader);
  const erasures = new Erasures({
    ...leaves,
    readErasures: async (of) => (await reader.ask('erasures', { of })).value,
  });
  return {
    ...leaves,
    readLeaves: async (from, limit) => erasures.settle(await leaves.readLeaves(from, limit)),
    readQueue: async (recipient, lane, after, limit) => {
      const question = { recipient, lane, after, limit, now: clock() };
      const { value, bytes } = await reader.ask('queue', question);
      for (const { unitBytes, message, leaf } of value) if (unitBytes === 0) onDamaged({ message, leaf });
      return value.map((item) => queuedDelivery(item, lane, bytes));
    },
    countPending: async (recipient, most = mostCounted) =>
      (await reader.ask('pending', { recipient, most })).value,
    readReceipts: async (endpoint, after, limit) => {
      const { value, bytes } = await reader.ask('receipts', { endpoint, after, limit });
      return value.map(({ position, groupBytes }) => ({ position, group: bytes.take(groupBytes) }));
    },
    readReceiptsEnd: async (endpoint) => (await reader.ask('receipts-end', { endpoint })).value,
    hasReceiptPosition: async (endpoint, position) =>
      (await reader.ask('receipt-position', { endpoint, position })).value,
    readMessage: async (source, id) => (await reader.ask('message', { source, id })).value ?? undefined,
    readEvidence: async (id) => {
      const { value, bytes } = await reader.ask('evidence', { id });
      return unpackEvidence(id, value, bytes);
    },
    readAcceptances: async (after, limit, since) => acceptances.read(after, limit, since),
    readOutcomes: async (ids) => (await reader.ask('outcomes', { ids })).value,
    countKept: async () => (await reader.ask('kept-count', {})).value,
    readKeptGroups: async (from, to) => (await reader.ask('kept-groups', { from, to })).value,
    readPayloads: async (after, limit, before) =>
      (await reader.ask('payloads', { after, limit, before })).value,
    readMarks: async () => new Map((await reader.ask('marks', {})).value),
    readDirectory: async () => (await reader.ask('directory', {})).value,
    readEntry: async (endpoint) => (await reader.ask('entry', { endpoint })).value ?? undefined,
    readNewestChanges: async () => new Map((await reader.ask('newest-changes', {})).value),
    readReusableBytes: async () => (await reader.ask('reusable-bytes', {})).value,
    readPermit: async (secretDigest, now) => {
      const { value } = await reader.ask('permit', { secretDigest: secretDigest.toString('hex'), now });
      return typeof value === 'string' ? value : { secretDigest, ...value };
    },
    countLeaves: async () => (await reader.ask('leafCount', {})).value,
  };
}

function leafReadings(reader: ReaderClient): Pick<Store, 'readLeaves' | 'readLeafRuns'> {
  return {
    readLeaves: async (from, limit) => (await reader.ask('leaves', { from, limit })).value,
    readLeafRuns: async (from) => {
      const { value, bytes } = await reader.ask('leafRuns', { from });
      return value.map(({ first, count, leavesBytes }) => ({
        first,
        count,
        leaves: bytes.take(leavesBytes),
      }));
    },
  };
}

function queuedDelivery(
  { delivery, message, expiresAt, unitBytes }: Questions['queue']['answer'][number],
  lane: Lane,
  bytes: ByteSource,
): QueuedDelivery {
  const base = { delivery, lane, message, expiresAt };
  if (unitBytes === 0) return { ...base, unit: undefined };
  return { ...base, envelopeDigest: bytes.take(digestBytes), unit: bytes.take(unitBytes) };
}
