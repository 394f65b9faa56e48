/**
 * The documents, one type a collection. Times are milliseconds since 1970, digests SHA-256.
 *
 * - `block` is the audit log: block n+1 names block n's digest, and the unique `_id` lets one gateway only add it. It
 *   holds the leaves of one commit group and their bodies, and says what other gateways must look at because of it.
 *   It also carries where the numbers stand, so whoever adds a block gives ids without gaps and without a counter.
 * - `message` holds the first outcome of every id a sender has used: an acceptance, or a final refusal.
 *   Its deliveries have consecutive ids from `firstDelivery`, in the order of the recipients.
 * - `acceptance` repeats, in few bytes, what the order of acceptance needs of a message's envelope: history is read by
 *   it alone. The case's erasure empties both.
 * - `delivery` repeats what never changes about its message, so that a change of state needs no second reading.
 *   `open` is there until the delivery is final: the partial indexes cover those only.
 * - `caseSecret` opens the bodies of a case's leaves, with the gateways' audit key; it is deleted when the case is erased.
 * - `caseErasure` says by which leaves a case was erased.
 * - `settledGroup` holds for good what recipients signed, `directoryChange` which leaves changed an entry.
 * - `stream` and `receiptGroup`: what an endpoint has yet to be told as a sender. `last` never falls; see
 *   `later-number.ts`.
 */
import type { Binary, Collection, Db } from 'mongodb';
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import type { Severity } from '../../../protocol/wire/envelope.ts';
import type { DeliveryId, DeliveryState, Lane, StoreVersions } from '../port.ts';

/** The form of the documents; another one than these two is refused at start. */
export const storeForm = 4;
/**
 * It differs in that `acceptance` stays empty. Gateways of before it erase nothing there and so may write to a database
 * of this form only, which therefore keeps it for good.
 */
export const formWithoutAcceptances = 3;

/** What tells other gateways what a block is about. */
export type BlockNews = {
  /** Endpoints whose queue has grown. */
  readonly queues: readonly EndpointAddress[];
  /** Senders whose receipt stream has grown, and its last position. */
  readonly streams: readonly { readonly endpoint: EndpointAddress; readonly position: number }[];
  /** As of this block. */
  readonly versions: StoreVersions;
};

export type BlockDocument = {
  /** The height, from 1. */
  readonly _id: number;
  readonly previous: Buffer;
  readonly digest: Buffer;
  /** Index of its first leaf. */
  readonly first: number;
  readonly count: number;
  readonly at: number;
  /** See `leaf-block.ts`. */
  readonly leaves: Buffer;
  readonly bodies: Buffer;
  /** Who added it, and in which attempt: how an attempt whose commit went unanswered finds out. */
  readonly writer: string;
  readonly attempt: number;
  /** The id that the next delivery gets. */
  readonly nextDelivery: DeliveryId;
  readonly news: BlockNews;
};

export type MessageKey = { readonly id: Binary; readonly source: EndpointAddress };

export type MessageDocument = {
  readonly _id: MessageKey;
  readonly digest: Buffer;
  readonly at: number;
  /** The leaf that says so. */
  readonly record: number;
  /**
   * See `kept-refusal.ts`; there where it was refused, and then nothing of what follows. Documents of versions before this
   * one hold all of what the sender was told.
   */
  readonly refusal?: string;
  readonly expiresAt?: number;
  readonly lane?: Lane;
  /** These three go with the case. While it is being erased, that the last one stands there alone says which are emptied. */
  readonly category?: string;
  readonly severity?: Severity;
  readonly thread?: Binary;
  readonly firstDelivery?: DeliveryId;
  readonly recipients?: readonly EndpointAddress[];
  /** Bit n stands for recipient n. */
  readonly listening?: number;
  /** Empty once its case was erased. */
  readonly unit?: Buffer;
};

/** One for each message that was accepted, in a database of form {@link storeForm}. */
export type AcceptanceDocument = {
  /** The leaf that says so. */
  readonly _id: number;
  readonly at: number;
  /** See `packed-acceptance.ts`. Absent where the unit could not be taken apart; empty once its case was erased. */
  readonly packed?: Buffer;
};

export type DeliveryDocument = {
  readonly _id: DeliveryId;
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
  readonly open?: true;
  readonly deliveredAt?: number;
  readonly settledAt?: number;
  /** The leaves that say so. */
  readonly deliveredRecord?: number;
  readonly settledRecord?: number;
};

export type StreamDocument = {
  readonly _id: EndpointAddress;
  readonly last: number;
  readonly forgotten: number;
};

export type ReceiptGroupDocument = {
  readonly _id: { readonly endpoint: EndpointAddress; readonly position: number };
  readonly bytes: Buffer;
};

export type PermitDocument = {
  /** The secret's digest. */
  readonly _id: Binary;
  readonly endpoint: EndpointAddress;
  readonly roles: readonly string[];
  readonly expiresAt: number;
  readonly usedAt: number | null;
};

export type EntryDocument = {
  readonly _id: EndpointAddress;
  readonly version: number;
  /** JSON: texts are compared, and an entry is read and written in the order of its members. */
  readonly entry: string;
  /** The leaf that says so. */
  readonly record: number;
};

export type CaseSecretDocument = { readonly _id: Binary; readonly secret: Buffer };

export type CaseErasureDocument = { readonly _id: { readonly case: Binary; readonly record: number } };

export type SettledGroupDocument = {
  /** The first leaf that it brought about. */
  readonly _id: number;
  readonly bytes: Buffer;
};

export type DirectoryChangeDocument = {
  readonly _id: { readonly endpoint: EndpointAddress; readonly record: number };
};

/** What one running gateway lets the others know. */
export type GatewayDocument = {
  /** As in `BlockDocument.writer`. */
  readonly _id: string;
  /** Grows while it runs. */
  readonly beat: number;
  /** Grows when `listening` changes. */
  readonly revision: number;
  readonly listening: readonly EndpointAddress[];
};

export type LeaseDocument = {
  readonly _id: string;
  /** As in `BlockDocument.writer`; {@link nobody} once it was given back. */
  readonly holder: string;
  readonly epoch: number;
  /** By the server's clock. */
  readonly until: Date;
  /** How often something was written under it. */
  readonly writes: number;
};

/** Holds a lease that was given back. */
export const nobody = 'nobody';

export type MetaDocument = {
  readonly _id: string;
  /** Of `_id: 'form'`. */
  readonly owner?: string;
  readonly form?: number;
  /** Of `_id: 'probe'`; of `_id: 'move'`, how many documents of its step have been moved. */
  readonly count?: number;
  /** Of `_id: 'move'`, see `move-in.ts`: the audit log of the store that is moved, and which collection it has come to. */
  readonly leaves?: number;
  readonly root?: Buffer;
  readonly step?: number;
};

/** How far somebody who reads in order has come. */
export type MarkDocument = { readonly _id: string; readonly value: number };

export type Collections = {
  readonly block: Collection<BlockDocument>;
  readonly message: Collection<MessageDocument>;
  readonly acceptance: Collection<AcceptanceDocument>;
  readonly delivery: Collection<DeliveryDocument>;
  readonly stream: Collection<StreamDocument>;
  readonly receiptGroup: Collection<ReceiptGroupDocument>;
  readonly permit: Collection<PermitDocument>;
  readonly entry: Collection<EntryDocument>;
  readonly caseSecret: Collection<CaseSecretDocument>;
  readonly caseErasure: Collection<CaseErasureDocument>;
  readonly settledGroup: Collection<SettledGroupDocument>;
  readonly directoryChange: Collection<DirectoryChangeDocument>;
  readonly gateway: Collection<GatewayDocument>;
  readonly lease: Collection<LeaseDocument>;
  readonly mark: Collection<MarkDocument>;
  readonly meta: Collection<MetaDocument>;
};

/** The collections of a database, by their own names. */
export function collectionsOf(database: Db): Collections {
  return {
    block: database.collection('block'),
    message: database.collection('message'),
    acceptance: database.collection('acceptance'),
    delivery: database.collection('delivery'),
    stream: database.collection('stream'),
    receiptGroup: database.collection('receiptGroup'),
    permit: database.collection('permit'),
    entry: database.collection('entry'),
    caseSecret: database.collection('caseSecret'),
    caseErasure: database.collection('caseErasure'),
    settledGroup: database.collection('settledGroup'),
    directoryChange: database.collection('directoryChange'),
    gateway: database.collection('gateway'),
    lease: database.collection('lease'),
    mark: database.collection('mark'),
    meta: database.collection('meta'),
  };
}
