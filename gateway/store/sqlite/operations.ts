/**
 * What travels between the engine's main side and its threads: plain objects that become one JSON text a batch, and
 * the bytes they speak of, one after the other in one transferred buffer. Where a field says `…Bytes`, that many
 * bytes belong to it there, in the order of the fields.
 */
import type { ErrorCode } from '../../../protocol/errors.ts';
import type { Digest, EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import type { Severity } from '../../../protocol/wire/envelope.ts';
import type {
  CaseId,
  DeliveryId,
  ErasureOutcome,
  KeyTaken,
  Lane,
  PermitRefusal,
  RecordText,
  Replacement,
  SettlementResult,
  StoreVersions,
  UnderWay,
  ProposedBodies,
} from '../port.ts';

export const digestBytes = 32;

/** What most messages of a submission have in common: written once for all of them. */
export type PackedRoute = {
  readonly lane: Lane;
  readonly category: string;
  readonly severity: Severity;
  readonly recipients: readonly EndpointAddress[];
  /** Bit n is set where recipient n listens; unsigned. */
  readonly listening: number;
};

/**
 * Its bytes: envelope digest, unit, record entry as JSON, and what it says besides, as JSON. Where it begins its case,
 * the record entry is sealed already, and the secret for it stands before: the writer has more to do than the main
 * thread, and what a message costs it is what a gateway can take.
 */
export type PackedAcceptable = {
  readonly verdict: 'accept';
  readonly id: MessageId;
  /** Absent where it is the same as the id: the message begins its case. */
  readonly thread?: MessageId;
  /** Present where it begins its case: what binds the leaf to the sealed entry. */
  readonly commitment?: Digest;
  /** Its place among the routes of the submission. */
  readonly route: number;
  readonly expiresAt: number;
  readonly unitBytes: number;
  readonly recordBytes: number;
  readonly meaningBytes?: number;
};

/** Its bytes: envelope digest, record entry as JSON. */
export type PackedRefusable = {
  readonly verdict: 'refuse';
  readonly id: MessageId;
  readonly code: ErrorCode;
  readonly text?: string;
  readonly final: boolean;
  readonly thread?: CaseId;
  readonly recordBytes: number;
};

/** Its bytes: envelope digest. */
export type PackedSettlementReceipt = {
  readonly kind: 'stored' | 'refused';
  readonly message: MessageId;
  readonly delivery?: DeliveryId;
};

/** One change, as the main side sends it to the writer. */
export type Operation =
  | {
      readonly type: 'submit';
      readonly source: EndpointAddress;
      readonly routes: readonly PackedRoute[];
      readonly messages: readonly (PackedAcceptable | PackedRefusable)[];
    }
  | { readonly type: 'mark-delivered'; readonly deliveries: readonly DeliveryId[] }
  | {
      readonly type: 'settle';
      readonly recipient: EndpointAddress;
      readonly groupBytes: number;
      readonly receipts: readonly PackedSettlementReceipt[];
    }
  | { readonly type: 'expire'; readonly now: number; readonly limit: number }
  | { readonly type: 'forget-receipts'; readonly endpoint: EndpointAddress; readonly through: number }
  | {
      readonly type: 'permit';
      /** Its bytes: the secret's digest. */
      readonly endpoint: EndpointAddress;
      readonly roles: readonly string[];
      readonly expiresAt: number;
      readonly record: RecordText;
    }
  | {
      readonly type: 'enrol';
      /** Its bytes: the secret's digest. */
      readonly entry: DirectoryEntry;
      readonly now: number;
      readonly record: RecordText;
    }
  | {
      readonly type: 'replace-entry';
      readonly before: DirectoryEntry;
      readonly after: DirectoryEntry;
      readonly record: RecordText;
    }
  | { readonly type: 'request-reload'; readonly record: RecordText }
  | {
      readonly type: 'append-records';
      readonly records: readonly RecordText[];
      /** The gateway's own where it is absent. */
      readonly of?: CaseId;
      /** See `Store.appendRecords`. */
      readonly mark?: string;
    }
  | { readonly type: 'set-marks'; readonly marks: readonly (readonly [name: string, value: number])[] }
  | { readonly type: 'retire-payloads'; readonly positions: readonly number[]; readonly record: RecordText }
  | {
      readonly type: 'erase-case';
      readonly underWay: UnderWay;
      readonly case: CaseId;
      readonly record: RecordText;
      readonly proposed: ProposedBodies;
    }
  | { readonly type: 'probe' };

/** An accepted message: its first delivery and how many; a duplicate; or the code of a refusal. */
export type PackedOutcome = readonly [first: DeliveryId, count: number] | 'duplicate' | { code: ErrorCode };

/** What the main side posts: operations, and where the bytes of each begin. */
export type Batch = { readonly operations: readonly Operation[]; readonly offsets: readonly number[] };

/** What each operation resolves with. */
export type Results = {
  /** Its bytes: the receipt group. */
  submit: { readonly outcomes: readonly PackedOutcome[]; readonly groupBytes: number };
  'mark-delivered': null;
  settle: SettlementResult['outcome'];
  expire: { readonly expired: readonly DeliveryId[]; readonly nextDueAt: number | null };
  'forget-receipts': null;
  permit: null;
  enrol: 'enrolled' | PermitRefusal | KeyTaken;
  'replace-entry': Replacement;
  'request-reload': null;
  'append-records': number;
  'set-marks': null;
  'retire-payloads': number;
  'erase-case': ErasureOutcome;
  probe: null;
};

/** Why an operation failed. `unavailable` where a durable write was not possible. */
export type PackedFailure = {
  readonly unavailable: boolean;
  /** Where it is neither `store-unavailable` nor `internal-error`. */
  readonly code?: ErrorCode;
  readonly reason: string;
  /** What is wrong with the file, where it is damaged. */
  readonly damage?: string;
  /** What whoever asks how the store is may be told beside the code. */
  readonly detail?: string | undefined;
};

/** One operation's end, in the order of the batch. */
export type PackedResult =
  { readonly value: Results[Operation['type']] } | { readonly failure: PackedFailure };

/** A receipt stream that has grown by one group. Its bytes: the group. */
export type StreamGrowth = {
  readonly endpoint: EndpointAddress;
  readonly position: number;
  /** Position of the group before it, 0 for none. */
  readonly previous: number;
  readonly groupBytes: number;
};

/** The writer's answer to the operations of one or several batches. Its bytes: those of the results, then those of the growth. */
export type BatchAnswer = {
  readonly results: readonly PackedResult[];
  readonly growth: readonly StreamGrowth[];
  /** The versions that commits of this batch have raised, where they have any. */
  readonly raised?: Partial<StoreVersions>;
};

/** What the writer says once it has opened the file. */
export type WriterReady =
  | { readonly ready: true; readonly versions: StoreVersions; readonly nextLeaf: number }
  | {
      readonly ready: false;
      readonly code: ErrorCode;
      readonly detail: string | undefined;
      readonly reason?: string;
    };

/** What one commit may hold, about. A single operation may be larger. */
export const maxBatch = { messages: 512, bytes: 8 * 1024 * 1024 } as const;

/** A {@link Batch} on its way to the writer. `weight`: the messages and deliveries that it is about. */
export type Packet = {
  readonly at: number;
  readonly weight: number;
  readonly text: string;
  readonly bytes: ArrayBuffer;
};

/** A {@link BatchAnswer} on its way back. It answers so many packets, whose buffers are free again. */
export type Answer = {
  readonly packets: number;
  readonly text: string;
  readonly bytes: ArrayBuffer;
  readonly spent: readonly ArrayBuffer[];
  /** Whether the write-ahead log may hold what was erased. */
  readonly hasResidue: boolean;
};
