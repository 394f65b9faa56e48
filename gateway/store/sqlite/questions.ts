/** What the main thread asks of the reader. */
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import type { AcceptedBatch } from '../accepted-batch.ts';
import type {
  CaseId,
  DamagedMessage,
  DeliveryId,
  DirectoryRow,
  DirectorySnapshot,
  KeptCount,
  KeptGroup,
  Lane,
  MessageState,
  OutcomePortion,
  PayloadPortion,
  PermitRefusal,
  StoredLeaf,
} from '../port.ts';
import type { PackedEvidence } from './evidence-query.ts';

/** A question to the reader, and what it answers. Where a field says `…Bytes`, see `operations.ts`. */
export type Questions = {
  queue: {
    ask: { recipient: EndpointAddress; lane: Lane; after: DeliveryId; limit: number; now: number };
    /** Their bytes: envelope digest, unit; none where they are damaged. */
    answer: {
      delivery: DeliveryId;
      message: MessageId;
      leaf: number;
      expiresAt: number;
      unitBytes: number;
    }[];
  };
  pending: { ask: { recipient: EndpointAddress; most: number }; answer: number };
  receipts: {
    ask: { endpoint: EndpointAddress; after: number; limit: number };
    answer: { position: number; groupBytes: number }[];
  };
  'receipts-end': { ask: { endpoint: EndpointAddress }; answer: number };
  'receipt-position': { ask: { endpoint: EndpointAddress; position: number }; answer: boolean };
  message: { ask: { source: EndpointAddress; id: MessageId }; answer: MessageState | null };
  /** Their bytes: unit, then the groups of the deliveries that have one. */
  evidence: { ask: { id: MessageId }; answer: PackedEvidence[] };
  /** See `accepted-batch.ts`; what was left out; and whether it ended because it is as much as one answer holds. */
  acceptances: {
    ask: { after: number; limit: number; since: number };
    answer: { batch: AcceptedBatch; damaged: DamagedMessage[]; isFull: boolean };
  };
  outcomes: { ask: { ids: readonly MessageId[] }; answer: OutcomePortion };
  'kept-count': { ask: object; answer: KeptCount };
  'kept-groups': { ask: { from: number; to: number }; answer: KeptGroup[] };
  payloads: { ask: { after: number; limit: number; before: number }; answer: PayloadPortion };
  marks: { ask: object; answer: [name: string, value: number][] };
  directory: { ask: object; answer: DirectorySnapshot };
  entry: { ask: { endpoint: EndpointAddress }; answer: DirectoryRow | null };
  'newest-changes': { ask: object; answer: [endpoint: EndpointAddress, record: number][] };
  permit: {
    /** SHA-256 in hexadecimal. */
    ask: { secretDigest: string; now: number };
    answer:
      | { endpoint: EndpointAddress; roles: string[]; expiresAt: number; isUsed: boolean }
      | Exclude<PermitRefusal, 'token-used'>;
  };
  'reusable-bytes': { ask: object; answer: number };
  erasures: { ask: { of: CaseId }; answer: number[] };
  leafCount: { ask: object; answer: number };
  leaves: { ask: { from: number; limit: number }; answer: StoredLeaf[] };
  /** Their bytes: the leaves. */
  leafRuns: { ask: { from: number }; answer: { first: number; count: number; leavesBytes: number }[] };
};

export type Question = {
  [K in keyof Questions]: { readonly kind: K } & Questions[K]['ask'];
}[keyof Questions];
