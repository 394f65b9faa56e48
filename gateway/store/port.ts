/**
 * The store port: what the gateway needs kept, in business terms. Two engines implement it, one contract suite
 * holds both to it.
 *
 * Every method that changes something resolves only when the change is durable (synced, or acknowledged by a
 * majority); when it rejects with `store-unavailable`, nothing was promised and the caller must not acknowledge.
 * Changes that arrive while a commit is running are committed together; one that fails never sinks another.
 */
import type { ErrorCode } from '../../protocol/errors.ts';
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import type { PackedTokens } from '../../protocol/linkage/packed-set.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { Envelope, Severity } from '../../protocol/wire/envelope.ts';

/** One message on its way to one endpoint. Ids grow in the order of acceptance. */
export type DeliveryId = number;

/**
 * `queued` → `delivered` (arrived at the recipient's session) → `stored` | `refused` (signed by the recipient),
 * or `expired`. The last three are final, except that `stored` may still follow `expired`.
 */
export type DeliveryState = 'queued' | 'delivered' | 'stored' | 'refused' | 'expired';

/** A lower lane is served before a higher one: 0 immediate, 1 priority, 2 routine. */
export type Lane = 0 | 1 | 2;

/**
 * A case: the `thread` of its messages. What belongs to none is in the gateway's own case, which is never erased.
 */
export type CaseId = MessageId;
export const houseCase = '00000000-0000-0000-0000-000000000000' as CaseId;

/** The mark by which a store says which leaf tells of its latest erasure: who holds what was read looks for news here. */
export const erasureMark = 'case.erased';

/**
 * Something that happened, for the audit log: an object of codes, ids and times, never content. At commit it becomes
 * the body of a leaf, which says in the open only what `protocol/audit/leaf.ts` lists.
 */
export type RecordEntry = {
  readonly kind: string;
  readonly [name: string]: unknown;
};

/** A {@link RecordEntry} as JSON. */
export type RecordText = string;

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

/** A delivery that is neither final nor expired, with its message. */
export type QueuedDelivery = {
  readonly delivery: DeliveryId;
  readonly lane: Lane;
  readonly message: MessageId;
  readonly envelopeDigest: Buffer;
  readonly expiresAt: number;
  readonly unit: Buffer;
};

/** One group of an endpoint's receipt stream. Positions count from 1 without gaps. */
export type StoredReceiptGroup = { readonly position: number; readonly group: Buffer };

/** A permission to enrol, kept as the SHA-256 of its secret. */
export type EnrolmentPermit = {
  readonly secretDigest: Buffer;
  readonly endpoint: EndpointAddress;
  readonly roles: readonly string[];
  readonly expiresAt: number;
};

export type PermitRefusal = 'token-invalid' | 'token-expired' | 'token-used';

/**
 * A signing key, OpenPGP primary key or encryption subkey belongs to one endpoint, revoked ones included. Decided in
 * the commit, so that of two who claim one key at the same instant, one is told this, through any gateway.
 */
export type KeyTaken = 'key-taken';

export type Replacement = 'replaced' | 'overtaken' | KeyTaken;

/**
 * All endpoints ever enrolled, each in its latest form, and in the same order the index of the leaf that says so, and
 * the version with which it came to be so. `version` grows with every change.
 */
export type DirectorySnapshot = {
  readonly version: number;
  readonly entries: readonly DirectoryEntry[];
  readonly leaves: readonly number[];
  readonly versions: readonly number[];
};

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

/** A message that was accepted, for whoever reads them in order. */
export type Acceptance = {
  /** Stands behind the leaf of the acceptance, whose index is one less: 0 stands before the first. */
  readonly position: number;
  /** When it was committed, ms since 1970. */
  readonly at: number;
  /** What follows is what its envelope says; `time` in ms since 1970. */
  readonly id: MessageId;
  readonly source: EndpointAddress;
  readonly time: number;
  readonly category: string;
  readonly severity: Severity;
  readonly to: Envelope['to'];
  readonly thread: MessageId;
  readonly inReplyTo: MessageId | undefined;
  readonly subjects: readonly PackedTokens[];
};

/** A message whose payload is still kept, as far as retention must know it. */
export type KeptPayload = {
  /** As in {@link Acceptance}. */
  readonly position: number;
  readonly category: string;
  /** What the message takes now: envelope, proof and payload. */
  readonly unitBytes: number;
  /** When the last of its deliveries came to its end, ms since 1970; null while one is under way. */
  readonly endedAt: number | null;
  /** True when every recipient has stored it. */
  readonly isStored: boolean;
};

export type PayloadPortion = {
  readonly payloads: readonly KeptPayload[];
  /** Up to this position everything was looked at; where nothing is left to look at, the one that was asked from. */
  readonly through: number;
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

/**
 * What somebody did to a body in the store. `changed`: the body is missing or is not what the leaf is bound to;
 * `secret-gone`: the secret of its case is gone, and no leaf says that the case was erased. `rewritten`: the leaf itself
 * is not the one that was published, which a store cannot know; see `audit/published-leaves.ts`.
 */
export type Tampering = 'changed' | 'secret-gone' | 'rewritten';

/** A leaf of the audit log and what it stands for. */
export type StoredLeaf = {
  readonly index: number;
  /** When it was committed, ms since 1970. */
  readonly at: number;
  /** The entry of the log: JSON, plain ASCII. */
  readonly leaf: string;
  /** The body where there is one that can be opened; otherwise what the leaf says itself. */
  readonly entry: RecordEntry;
  /** The case that its body belongs to; absent where it has none. */
  readonly case?: CaseId;
  /** True when it had a body whose case was erased, by a leaf further on. */
  readonly erased: boolean;
  /** Index of the leaf by which its case was erased. */
  readonly erasedBy?: number;
  readonly tampered?: Tampering;
  /** What the leaf's commitment binds: the salt in base64url, and the body as text. */
  readonly opening?: { readonly salt: string; readonly body: string };
};

/** The leaves of one commit as they stand in the tree, `(length u16 | leaf) × count`. */
export type LeafRun = { readonly first: number; readonly count: number; readonly leaves: Buffer };

/** The leaves of a store, opened for reading only. */
export type LeafSource = {
  /** See `Store.readLeafRuns`. */
  readLeafRuns(from: number): Promise<readonly LeafRun[]> | readonly LeafRun[];
  close(): Promise<void> | void;
};

/**
 * What becomes of deliveries of a case that is erased while they are under way: it waits for them, or they end now as
 * if their time had come, so that nobody can hold an erasure up by sending.
 */
export type UnderWay = 'wait' | 'end';

/** So many deliveries are ended at once: a case may have more under way than one commit can take. */
export const endedAtOnce = 500;

/** How many open deliveries of a case are looked for before it is erased: one keeps it waiting, one more than can end at once asks again. */
export function openDeliveriesWanted(underWay: UnderWay): number {
  return underWay === 'wait' ? 1 : endedAtOnce + 1;
}

/**
 * `pending`: some of its deliveries are still under way. Where they are to end, the first {@link endedAtOnce} of them
 * have ended now, and it is to be asked again.
 */
export type ErasureOutcome = 'erased' | 'pending' | 'unknown';

/** A file of an engine's own in which bytes outlive their deletion for a while. */
export type ErasureResidue = 'write-ahead-log' | 'oplog';

/**
 * Told after a commit, also when another process made it. Groups are given along only where this process has
 * them at hand; a listener that misses an event finds everything by reading.
 */
export type StoreListener = {
  /** Another gateway has put deliveries into this endpoint's queue. Engines for one gateway never say so. */
  onQueue?(endpoint: EndpointAddress): void;
  /** The endpoint's receipt stream has grown up to this position. */
  onReceipts(endpoint: EndpointAddress, position: number, group: Buffer | undefined): void;
  /** The directory or the wish for a new policy has changed. */
  onChange(versions: StoreVersions): void;
  /** Asked now and then: the endpoints that have a session here which has granted credit. */
  listening?(): Iterable<EndpointAddress>;
};

/** The right to do something that one gateway does at a time. `epoch` grows whenever the holder changes. */
export type Lease = { readonly name: string; readonly epoch: number };

export type StoreVersions = { readonly directory: number; readonly policy: number };

export type Store = {
  /** Listens to what is committed from now on; call once, before anything else. */
  listen(listener: StoreListener): void;

  /**
   * Writes messages, deliveries and records together and signs the outcome.
   * @param lease under which this is written, where it is the work of one gateway at a time
   * @throws CausewayError `lease-lost`, with nothing written, when another gateway has taken the lease since
   */
  submit(submission: Submission, lease?: Lease): Promise<SubmissionResult>;
  /** Marks queued deliveries as delivered and puts a `delivered` receipt into each sender's stream. Others are left alone. */
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
  /** How many deliveries to this endpoint are not final. */
  countPending(recipient: EndpointAddress): Promise<number>;
  /** Groups of the endpoint's receipt stream after a position, in order, at most `limit` and about 1 MiB, but one at least. */
  readReceipts(
    endpoint: EndpointAddress,
    after: number,
    limit: number,
  ): Promise<readonly StoredReceiptGroup[]>;
  /** The position that the endpoint's receipt stream has reached, forgotten groups included; 0 where there is none. */
  readReceiptsEnd(endpoint: EndpointAddress): Promise<number>;
  /** Forgets the endpoint's receipt groups up to a position, which it has stored itself. */
  forgetReceipts(endpoint: EndpointAddress, through: number): Promise<void>;
  /** One message of a sender, or undefined. */
  readMessage(source: EndpointAddress, id: MessageId): Promise<MessageState | undefined>;

  /** What proves what became of the messages with this id: one of each sender that has used it. */
  readEvidence(id: MessageId): Promise<readonly MessageEvidence[]>;

  /**
   * Messages that were accepted after a position (0: from the first on), in order, at most `limit` and about 1 MiB of
   * what has to be read of them, but one at least where any is left. Those of erased cases and those accepted before
   * `since` are left out.
   * @param since ms since 1970
   */
  readAcceptances(after: number, limit: number, since: number): Promise<readonly Acceptance[]>;
  /**
   * Looks at the next `limit` messages after a position (0: from the first on), up to the first that was accepted
   * at `before` or later, ms since 1970, and gives those whose payload is still there, in order.
   */
  readPayloads(after: number, limit: number, before: number): Promise<PayloadPortion>;
  /**
   * Takes the payloads of messages at these positions. Envelopes, proofs and outcomes stay. A message that has a
   * delivery under way, and one without a payload, is left alone. Where something went, the record is written with
   * it, and says of how many and of which leaves.
   * @param lease see `submit`
   * @returns how many payloads went
   * @throws CausewayError `lease-lost`
   */
  retirePayloads(positions: readonly number[], record: RecordEntry, lease?: Lease): Promise<number>;
  /** How far those who read in order have come: numbers that are kept by name; and {@link erasureMark}. */
  readMarks(): Promise<ReadonlyMap<string, number>>;
  /**
   * Keeps these numbers, together. They are no news: no leaf tells of them.
   * @param lease see `submit`
   * @throws CausewayError `lease-lost`
   */
  setMarks(marks: ReadonlyMap<string, number>, lease?: Lease): Promise<void>;

  readDirectory(): Promise<DirectorySnapshot>;
  /** The newest leaf about the entry of each endpoint, as the store noted it beside the entries. */
  readNewestChanges(): Promise<ReadonlyMap<EndpointAddress, number>>;
  /** Keeps a permit; one for the same endpoint that was not used yet is replaced. */
  permitEnrolment(permit: EnrolmentPermit, record: RecordEntry): Promise<void>;
  /** The unused, unexpired permit for a secret, or why there is none. */
  readPermit(secretDigest: Buffer, now: number): Promise<EnrolmentPermit | PermitRefusal>;
  /**
   * Uses up the permit and puts the entry into the directory, together.
   * @returns `key-taken`, with nothing changed, when another endpoint's entry has one of its public keys
   */
  enrol(
    secretDigest: Buffer,
    entry: DirectoryEntry,
    now: number,
    record: RecordEntry,
  ): Promise<'enrolled' | PermitRefusal | KeyTaken>;
  /**
   * Replaces an endpoint's latest entry (renewal, revocation), provided that it is active and still is `before`,
   * as the directory gave it.
   * @returns with nothing changed, `overtaken` when it was revoked, renewed or enrolled again meanwhile, or never was
   * there, and `key-taken` when it would get a public key that another endpoint's entry has
   */
  replaceEntry(before: DirectoryEntry, after: DirectoryEntry, record: RecordEntry): Promise<Replacement>;
  /** Asks every running gateway to load the policy folder again. */
  requestPolicyReload(record: RecordEntry): Promise<void>;

  /**
   * Adds leaves that belong to no other change.
   * @param lease see `submit`
   * @param of the case that their bodies speak of, and are erased with; the gateway's own where it is absent
   * @returns the index of the first
   * @throws CausewayError `lease-lost`
   */
  appendRecords(records: readonly RecordEntry[], lease?: Lease, of?: CaseId): Promise<number>;
  /** How many leaves the log has. */
  countLeaves(): Promise<number>;
  /** Leaves from an index on, in order, at most `limit` and about 1 MiB, but one at least. */
  readLeaves(from: number, limit: number): Promise<readonly StoredLeaf[]>;
  /** The same leaves as they stand in the tree, in whole commits, about 1 MiB: the first may begin before `from`. */
  readLeafRuns(from: number): Promise<readonly LeafRun[]>;
  /**
   * Destroys the secret of a case, and with it every body and salt that its leaves are bound to; the ciphertexts of
   * its messages and what the store knows of their matter go as well. All leaves stay. The record is written with it.
   * @param underWay default `wait`
   */
  eraseCase(id: CaseId, record: RecordEntry, underWay?: UnderWay): Promise<ErasureOutcome>;
  /**
   * Bytes that the store can take in files of its own before these grow: where payloads went, others find room. 0 where
   * the files are elsewhere.
   */
  readReusableBytes(): Promise<number>;
  /**
   * Where bytes of what was erased may stand all the same: `write-ahead-log` while somebody still reads the store as
   * it was before, and each further commit tries again; `oplog` always, until it has gone round.
   * @returns undefined when nowhere
   */
  readResidue(): Promise<ErasureResidue | undefined>;

  /**
   * Takes the right of this name for so long from now, or keeps it for so long. Engines for one gateway always
   * give it.
   * @returns undefined while another gateway holds it
   */
  takeLease(name: string, durationMs: number): Promise<Lease | undefined>;
  /** Gives the right back before its time. One that was lost meanwhile is left alone. */
  releaseLease(lease: Lease): Promise<void>;

  /**
   * Proves that a durable write is possible now, and that commits of other processes are noticed.
   * @throws CausewayError `store-unavailable`
   */
  probe(): Promise<void>;
  /** Finishes what is queued and closes. */
  close(): Promise<void>;
};
