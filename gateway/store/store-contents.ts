/**
 * Everything that a store holds, for moving it into another engine. What is not in here is lost in the move: a test
 * compares it with the tables.
 */
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import type { Severity } from '../../protocol/wire/envelope.ts';
import type {
  CaseId,
  DeliveryId,
  DeliveryState,
  EnrolmentPermit,
  Lane,
  StoredReceiptGroup,
  StoreVersions,
} from './port.ts';
import type { BlockRow } from './stored-leaf.ts';

/** The first outcome of an id; `record` is the index of the leaf that says so, times are ms since 1970. */
export type HeldMessage = {
  readonly id: MessageId;
  readonly source: EndpointAddress;
  readonly digest: Buffer;
  readonly at: number;
  readonly record: number;
  /** What is kept of its refusal, see `kept-refusal.ts`; or what was accepted. */
  readonly outcome: { readonly refusal: string } | HeldAcceptance;
};

export type HeldAcceptance = {
  readonly expiresAt: number;
  readonly lane: Lane;
  readonly firstDelivery: DeliveryId;
  readonly recipients: readonly EndpointAddress[];
  /** Bit n stands for recipient n. */
  readonly listening: number;
  /** Empty once its case was erased. */
  readonly unit: Buffer;
  /** Absent once its case was erased. */
  readonly matter:
    { readonly category: string; readonly severity: Severity; readonly thread: CaseId } | undefined;
};

export type HeldDelivery = {
  readonly id: DeliveryId;
  readonly message: MessageId;
  readonly source: EndpointAddress;
  readonly digest: Buffer;
  readonly recipient: EndpointAddress;
  readonly lane: Lane;
  readonly expiresAt: number;
  readonly unitBytes: number;
  /** The leaf of the acceptance, and which of the message's recipients it is for, from 0. */
  readonly record: number;
  readonly nth: number;
  readonly state: DeliveryState;
  readonly deliveredAt: number | null;
  readonly settledAt: number | null;
  readonly deliveredRecord: number | null;
  readonly settledRecord: number | null;
};

/** Each method gives the same in the same order whenever it is called: nobody can write meanwhile. */
export type StoreContents = {
  readonly versions: StoreVersions;
  /** The id that the next delivery gets. */
  readonly nextDelivery: DeliveryId;
  /** The audit log, from its first leaf on. @throws BrokenLogError at a gap */
  blocks(): Iterable<BlockRow & { readonly count: number }>;
  messages(): Iterable<HeldMessage>;
  deliveries(): Iterable<HeldDelivery>;
  streams(): Iterable<{
    readonly endpoint: EndpointAddress;
    readonly last: number;
    readonly forgotten: number;
  }>;
  receiptGroups(): Iterable<StoredReceiptGroup & { readonly endpoint: EndpointAddress }>;
  /** What recipients signed, by the first leaf that it brought about. */
  settledGroups(): Iterable<{ readonly record: number; readonly group: Buffer }>;
  permits(): Iterable<EnrolmentPermit & { readonly usedAt: number | null }>;
  /** Entries of the directory as JSON. */
  entries(): Iterable<{
    readonly endpoint: EndpointAddress;
    readonly version: number;
    readonly entry: string;
    readonly record: number;
  }>;
  /** The leaves of all entries that an endpoint ever had. */
  directoryChanges(): Iterable<{ readonly endpoint: EndpointAddress; readonly record: number }>;
  caseSecrets(): Iterable<{ readonly id: CaseId; readonly secret: Buffer }>;
  /** The leaves by which cases were erased. */
  caseErasures(): Iterable<{ readonly id: CaseId; readonly record: number }>;
  /** How far those who read in order have come: the same numbers in every engine. */
  marks(): Iterable<{ readonly name: string; readonly value: number }>;
  /** Lets others write again. */
  close(): void;
};
