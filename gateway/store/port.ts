/**
 * The store port: what the gateway needs kept, in business terms. Two engines implement it, one contract suite
 * holds both to it.
 *
 * Every method that changes something resolves only when the change is durable (synced, or acknowledged by a
 * majority); when it rejects with `store-unavailable`, nothing was promised and the caller must not acknowledge.
 * Changes that arrive while a commit is running are committed together; one that fails never sinks another.
 * What it speaks of stands in `port/`, each part with its methods.
 */
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { AcceptanceStore } from './port/acceptances.ts';
import type { EndpointStore } from './port/endpoints.ts';
import type { ErasureStore } from './port/erasure.ts';
import type { LeaseStore } from './port/leases.ts';
import type { DamagedMessage, MessageStore } from './port/messages.ts';
import type { RecordEntry, RecordStore } from './port/records.ts';

export type * from './port/acceptances.ts';
export type * from './port/endpoints.ts';
export * from './port/erasure.ts';
export type * from './port/leases.ts';
export * from './port/messages.ts';
export * from './port/records.ts';

/**
 * Told after a commit, also when another process made it. Groups are given along only where this process has
 * them at hand; a listener that misses an event finds everything by reading.
 */
export type StoreListener = {
  /** Another gateway has put deliveries into this endpoint's queue. Engines for one gateway never say so. */
  onQueue?(endpoint: EndpointAddress): void;
  /** The endpoint's receipt stream has grown up to this position. */
  onReceipts(endpoint: EndpointAddress, position: number, fresh: FreshGroup | undefined): void;
  /** The directory or the wish for a new policy has changed. */
  onChange(versions: StoreVersions): void;
  /**
   * Something may have been committed of which nobody was told, as when a thread ended before it could, or the server made a
   * commit and did not answer: whoever goes by what is told here must read on by himself. What was under way has failed
   * with `store-unavailable`.
   */
  onUntold?(): void;
  /** A reading of a queue or of history has come upon this message, each time anew, and has left it out. */
  onDamaged?(message: DamagedMessage): void;
  /** Asked now and then: the endpoints that have a session here which has granted credit. */
  listening?(): Iterable<EndpointAddress>;
};

/** The group that stands at a new position, and the position of the one before it, 0 for none. */
export type FreshGroup = { readonly group: Buffer; readonly previous: number };

export type StoreVersions = { readonly directory: number; readonly policy: number };

/** Everything that an engine does. */
export type Store = MessageStore &
  AcceptanceStore &
  EndpointStore &
  RecordStore &
  ErasureStore &
  LeaseStore & {
    /**
     * Listens to what is committed from now on; call once, before anything else.
     * @returns the versions after which changes are told
     */
    listen(listener: StoreListener): StoreVersions;

    /** Asks every running gateway to load the policy folder again. */
    requestPolicyReload(record: RecordEntry): Promise<void>;

    /**
     * Bytes that the store can take in files of its own before these grow: where payloads went, others find room. 0 where
     * the files are elsewhere.
     */
    readReusableBytes(): Promise<number>;
    /**
     * Proves that a durable write is possible now, and that commits of other processes are noticed.
     * @throws CausewayError `store-unavailable`
     */
    probe(): Promise<void>;
    /** Finishes what is queued and closes. */
    close(): Promise<void>;
  };
