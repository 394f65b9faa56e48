/** Messages from submission to their end: deliveries, the receipts about them, and what proves it all. */
import type { ErrorCode } from '../../../protocol/errors.ts';
import type { Digest, EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import { mostPending } from '../../../protocol/limits.ts';
import type { Severity } from '../../../protocol/wire/envelope.ts';
import type { Lease } from './leases.ts';
import type { CaseId, RecordText } from './records.ts';

/** One message on its way to one endpoint. Ids grow in the order of acceptance. */
export type DeliveryId = number;

/**
 * `queued` → `delivered` (arrived at the recipient's session) → `stored` | `refused` (signed by the recipient),
 * or `expired`. The last three are final, except that `stored` may still follow `expired`.
 */
export type DeliveryState = 'queued' | 'delivered' | 'stored' | 'refused' | 'expired';

/** A lower lane is served before a higher one: 0 immediate, 1 priority, 2 routine. */
export type Lane = 0 | 1 | 2;

/** A message that passed every check. */
export type AcceptableMessage = {
  readonly verdict: 'accept';
  readonly id: MessageId;
  /** SHA-256 of the envelope's bytes. */
  readonly envelopeDigest: Buffer;
  /** Envelope, proof and payload as they arrived; see `protocol/wire/frame.ts`. */
  readonly unit: Buffer;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly lane: Lane;
  readonly category: string;
  readonly severity: Severity;
  readonly thread: MessageId;
  /** Resolved endpoints, each once, and whether a session of it has granted credit now. */
  readonly recipients: readonly { readonly endpoint: EndpointAddress; readonly listening: boolean }[];
  readonly record: RecordText;
  /** What its acceptance says besides: where it is accepted, a leaf of the same case right behind that of the acceptance. */
  readonly meaning?: RecordText;
};

/** A message that failed a check. */
export type RefusableMessage = {
  readonly verdict: 'refuse';
  /** `unreadableId` where the envelope could not be read. */
  readonly id: MessageId;
  readonly envelopeDigest: Buffer;
  readonly code: ErrorCode;
  readonly text: string | undefined;
  /**
   * True when the sender's signature was verified and the code is not retryable: the refusal is then the id's
   * first outcome and every later try gets it again.
   */
  readonly final: boolean;
  /** Its case, where the sender's signature was verified: otherwise anybody could write into any. */
  readonly thread: CaseId | undefined;
  readonly record: RecordText;
};

/** What one sender submitted in one frame, in order. */
export type Submission = {
  readonly source: EndpointAddress;
  readonly messages: readonly (AcceptableMessage | RefusableMessage)[];
};

/** What became of one message of a submission. */
export type SubmissionOutcome =
  | {
      readonly outcome: 'accepted';
      /** One delivery for each recipient, in order. */
      readonly deliveries: readonly DeliveryId[];
    }
  /** The id had the same envelope before: only a `message.repeated` is logged, the receipt repeats the first outcome. */
  | { readonly outcome: 'duplicate' }
  /** Refused by the caller, before, or just now because the id stands for another envelope (`id-conflict`). */
  | { readonly outcome: 'refused'; readonly code: ErrorCode };

export type SubmissionResult = {
  readonly outcomes: readonly SubmissionOutcome[];
  /** A signed receipt group (`protocol/wire/receipt-group.ts`): one `accepted` or `refused` for each message, in order. */
  readonly receipts: Buffer;
};

/** Receipts that a recipient signed, all about messages of one sender. */
export type Settlement = {
  readonly recipient: EndpointAddress;
  /** The group as it arrived, to be passed on to the sender of the messages byte for byte. */
  readonly group: Buffer;
  readonly receipts: readonly {
    readonly kind: 'stored' | 'refused';
    readonly message: MessageId;
    readonly envelopeDigest: Buffer;
    /** Known when the delivery was made in the present session: spares a look-up. */
    readonly delivery: DeliveryId | undefined;
  }[];
};

/**
 * `settled`: the group went into the sender's receipt stream. `repeated`: every delivery was final before.
 * `unmatched`: some receipt names no delivery to this recipient, or the messages have several senders; nothing changed.
 */
export type SettlementResult = { readonly outcome: 'settled' | 'repeated' | 'unmatched' };

/** A message whose bytes in the store are not, or no more, the ones that were accepted. */
export type DamagedMessage = {
  readonly message: MessageId;
  /** The leaf of its acceptance. */
  readonly leaf: number;
};

/**
 * What a row has of a message, its bytes and the columns beside them. `whole`: they are those of its envelope, the payload
 * perhaps retired; `emptied`: none of it is left, as after the erasure of its case; `half-emptied`: the name of its case is
 * left, as while a large one is being erased; `damaged`: none of these.
 */
export type Matter = 'whole' | 'emptied' | 'half-emptied' | 'damaged';

/** What the store keeps of the first outcome of an id, to be held against the leaf that says so. */
export type KeptOutcome = {
  readonly message: MessageId;
  /** Undefined where no endpoint has the number that stands there. */
  readonly source: EndpointAddress | undefined;
  /** The leaf that it names. */
  readonly leaf: number;
  readonly at: number;
  readonly envelope: Digest;
  /** What is kept of its refusal, JSON; undefined where it was accepted. What follows is of one that was. */
  readonly refusal: string | undefined;
  readonly matter: Matter;
  readonly lane: number | undefined;
  /** Those of its deliveries. Undefined where it does not have as many as it says, or one does not fit: its lane, its expiry. */
  readonly recipients: readonly EndpointAddress[] | undefined;
  /** Bit n stands for recipient n. */
  readonly listening: number | undefined;
  /** What stands there of the nth of its deliveries; undefined where there is none. */
  readonly deliveries: readonly (KeptDelivery | undefined)[];
};

/** How far a delivery has come, to be held against the leaves that say so. As it stands there: parts need not agree. */
export type KeptDelivery = {
  /** Undefined where no endpoint has the number that stands there. */
  readonly recipient: EndpointAddress | undefined;
  /** Undefined where what stands there is no state: it then counts as one that has not begun. */
  readonly state: DeliveryState | undefined;
  /** Whether it is still to be made. */
  readonly isOpen: boolean;
  readonly delivered: KeptStep;
  /** Its end. */
  readonly settled: KeptStep;
};

/** When it was, and the leaf that it names; null where that does not stand there. */
export type KeptStep = { readonly at: number | null; readonly leaf: number | null };

/** A group of receipts that a recipient signed. */
export type KeptGroup = {
  /** The first of the leaves that it brought about. */
  readonly leaf: number;
  readonly digest: Digest;
};

/** How much the store keeps, all of it counted at one moment. */
export type KeptCount = {
  /** Ids with their first outcome. */
  readonly messages: number;
  readonly deliveries: number;
  /** Of the audit log. */
  readonly leaves: number;
};

export type OutcomePortion = {
  readonly outcomes: readonly KeptOutcome[];
  /** How many of the ids were looked up, from the first on. */
  readonly looked: number;
};

/** A delivery that is neither final nor expired, with its message. */
export type QueuedDelivery = {
  readonly delivery: DeliveryId;
  readonly lane: Lane;
  readonly message: MessageId;
  readonly expiresAt: number;
} & (
  | { readonly envelopeDigest: Buffer; readonly unit: Buffer }
  /** It is damaged. The delivery stays, since the bytes may be brought back, but nobody can make it. */
  | { readonly unit: undefined }
);

/** One group of an endpoint's receipt stream. Positions count from 1 without gaps. */
export type StoredReceiptGroup = { readonly position: number; readonly group: Buffer };

/** What happened to one message, for operators. */
export type MessageState = {
  readonly id: MessageId;
  readonly source: EndpointAddress;
  readonly acceptedAt: number;
  readonly record: number;
  readonly deliveries: readonly {
    readonly recipient: EndpointAddress;
    readonly state: DeliveryState;
    readonly deliveredAt: number | null;
    readonly settledAt: number | null;
  }[];
};

/** What the store has to prove what became of one message; `record` is always the index of a leaf. */
export type MessageEvidence = {
  readonly id: MessageId;
  readonly source: EndpointAddress;
  readonly record: number;
  /**
   * Envelope, proof and payload as they arrived, the payload empty once it was retired; all empty for a refused
   * message and after erasure.
   */
  readonly unit: Buffer;
  /** Leaves of the directory's entries in force for sender and recipients, at the acceptance and at each end. */
  readonly directory: readonly number[];
  readonly deliveries: readonly {
    readonly recipient: EndpointAddress;
    readonly state: DeliveryState;
    readonly deliveredRecord: number | null;
    readonly settledRecord: number | null;
    /** The group of receipts in which the recipient signed `stored` or `refused`. */
    readonly group: Buffer | undefined;
  }[];
};

/** Each session asks how many deliveries wait for it: however many do, the answer must cost nobody else anything. */
export const mostCounted = mostPending;

/** What a store does for it: a part of `Store`. */
export type MessageStore = {
  /**
   * Writes messages, deliveries and records together and signs the outcome.
   * @param lease under which this is written, where it is the work of one gateway at a time
   * @throws CausewayError `lease-lost`, with nothing written, when another gateway has taken the lease since
   */
  submit(submission: Submission, lease?: Lease): Promise<SubmissionResult>;
  /**
   * Marks queued deliveries as delivered and puts a `delivered` receipt into each sender's stream. Others are left alone.
   * All in one commit: at most as many as a frame has units.
   */
  markDelivered(deliveries: readonly DeliveryId[]): Promise<void>;
  /** Takes a recipient's receipts and passes them on. */
  settle(settlement: Settlement): Promise<SettlementResult>;
  /**
   * Ends deliveries whose time has come, at most `limit`, and puts an `expired` receipt into each sender's stream.
   * @returns the deliveries ended, and when the next one is due at the soonest, ms since 1970; perhaps none is by then
   */
  expire(now: number, limit: number): Promise<{ expired: readonly DeliveryId[]; nextDueAt: number | null }>;
  /** The next deliveries to this endpoint in a lane after a given one, in order, at most `limit` and about 1 MiB. */
  readQueue(
    recipient: EndpointAddress,
    lane: Lane,
    after: DeliveryId,
    limit: number,
  ): Promise<readonly QueuedDelivery[]>;
  /** True when the endpoint has such a session at another gateway on the same store, as of a moment ago. */
  isListeningElsewhere(endpoint: EndpointAddress): boolean;
  /** How many deliveries to this endpoint are not final, counted up to `most`; default {@link mostCounted}. */
  countPending(recipient: EndpointAddress, most?: number): Promise<number>;
  /** Groups of the endpoint's receipt stream after a position, in order, at most `limit` and about 1 MiB, but one at least. */
  readReceipts(
    endpoint: EndpointAddress,
    after: number,
    limit: number,
  ): Promise<readonly StoredReceiptGroup[]>;
  /** The position that the endpoint's receipt stream has reached, forgotten groups included; 0 where there is none. */
  readReceiptsEnd(endpoint: EndpointAddress): Promise<number>;
  /**
   * True where the endpoint's receipt stream has a group at this position, or has forgotten all up to it. Whoever was given
   * another position was given it before the store was restored from a backup.
   */
  hasReceiptPosition(endpoint: EndpointAddress, position: number): Promise<boolean>;
  /** Forgets the endpoint's receipt groups up to a position, which it has stored itself. */
  forgetReceipts(endpoint: EndpointAddress, through: number): Promise<void>;
  /** One message of a sender, or undefined. */
  readMessage(source: EndpointAddress, id: MessageId): Promise<MessageState | undefined>;

  /** What is kept of these ids, by whichever senders, about 1 MiB of what has to be read, but of one id at least. */
  readOutcomes(ids: readonly MessageId[]): Promise<OutcomePortion>;
  /** Counts what is held against the log: each message and each delivery comes about with a leaf. */
  countKept(): Promise<KeptCount>;
  /** The groups that stand under leaves from one up to, and without, another, rising. At most as many as these leaves. */
  readKeptGroups(from: number, to: number): Promise<readonly KeptGroup[]>;

  /** What proves what became of the messages with this id: one of each sender that has used it. */
  readEvidence(id: MessageId): Promise<readonly MessageEvidence[]>;
};
