/** What happened, as leaves of the audit log. */
import type { MessageId } from '../../../protocol/ids.ts';
import type { Lease } from './leases.ts';

/**
 * A case: the `thread` of its messages. What belongs to none is in the gateway's own case, which is never erased.
 */
export type CaseId = MessageId;
export const houseCase = '00000000-0000-0000-0000-000000000000' as CaseId;

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

/** What a store does for it: a part of `Store`. */
export type RecordStore = {
  /**
   * Adds leaves that belong to no other change.
   * @param lease see `submit`
   * @param of the case that their bodies speak of, and are erased with; the gateway's own where it is absent
   * @param mark one that is set, together with them, to the place behind the first: its index and one
   * @returns the index of the first
   * @throws CausewayError `lease-lost`
   */
  appendRecords(records: readonly RecordEntry[], lease?: Lease, of?: CaseId, mark?: string): Promise<number>;
  /** How many leaves the log has. */
  countLeaves(): Promise<number>;
  /** Leaves from an index on, in order, at most `limit` and about 1 MiB, but one at least. */
  readLeaves(from: number, limit: number): Promise<readonly StoredLeaf[]>;
  /** The same leaves as they stand in the tree, in whole commits, about 1 MiB: the first may begin before `from`. */
  readLeafRuns(from: number): Promise<readonly LeafRun[]>;
};
