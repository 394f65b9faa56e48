/** Everything that is read from the store, outside of commits. */
import type { ClientSession } from 'mongodb';
import { Binary } from 'mongodb';
import { CausewayError } from '../../../protocol/errors.ts';
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import {
  mostCounted,
  type CaseId,
  type DamagedMessage,
  type DeliveryId,
  type DirectoryRow,
  type DirectorySnapshot,
  type KeptCount,
  type KeptGroup,
  type Lane,
  type LeafRun,
  type MessageEvidence,
  type MessageState,
  type OutcomePortion,
  type PayloadPortion,
  type QueuedDelivery,
  type Store,
  type StoredLeaf,
  type StoredReceiptGroup,
} from '../port.ts';
import type { ReadingMethod } from '../reading-method.ts';
import type { CaseVault } from '../case-vault.ts';
import { Erasures } from '../erasures.ts';
import type { CausalTime, Sight } from './causal-time.ts';
import type { Collections } from './documents.ts';
import { readEvidence } from './evidence.ts';
import { unreadable } from './failures.ts';
import { erasuresOf, groupsBetween, messageKey } from './keys.ts';
import { readLeafRuns } from './leaf-runs.ts';
import { countLeaves, readLeaves } from './leaves.ts';
import { countKept, readKeptGroups, readOutcomes } from './outcomes.ts';
import { readPayloads } from './payloads.ts';
import { readQueue } from './queue.ts';
import { runTransaction } from './run-transaction.ts';

/** What one read of a receipt stream gives back, about. */
const maxReadBytes = 1024 * 1024;

/** Of all readings, those that are made here. */
type MadeHere = Exclude<ReadingMethod, 'readAcceptances' | 'readReusableBytes'>;

export type ReadingParts = {
  readonly collections: Collections;
  readonly causal: CausalTime;
  readonly vault: CaseVault;
  readonly clock: () => number;
  /** For how long a reading of several steps may begin again. */
  readonly patienceMs: number;
  /** Told of what a reading leaves out. */
  readonly onDamaged: (message: DamagedMessage) => void;
};

export class Readings implements Pick<Store, MadeHere> {
  readonly #collections: Collections;
  readonly #causal: CausalTime;
  readonly #vault: CaseVault;
  readonly #clock: () => number;
  readonly #patienceMs: number;
  readonly #onDamaged: ReadingParts['onDamaged'];
  readonly #erasures = new Erasures({
    readLeaves: (...ask) => this.#readLeaves(...ask),
    readLeafRuns: (from) => this.readLeafRuns(from),
    readErasures: (of) => this.#readErasures(of),
  });
  #closed = false;

  constructor({ collections, causal, vault, clock, patienceMs, onDamaged }: ReadingParts) {
    this.#onDamaged = onDamaged;
    this.#collections = collections;
    this.#causal = causal;
    this.#vault = vault;
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  close(): void {
    this.#closed = true;
  }

  async readQueue(
    recipient: EndpointAddress,
    lane: Lane,
    after: DeliveryId,
    limit: number,
  ): Promise<QueuedDelivery[]> {
    const question = { recipient, lane, after, limit, now: this.#clock() };
    return await this.#read(async (session) =>
      readQueue(this.#collections, question, session, this.#onDamaged),
    );
  }

  async countPending(recipient: EndpointAddress, most = mostCounted): Promise<number> {
    const options = { hint: 'queue', limit: most };
    return await this.#read(async (session) =>
      this.#collections.delivery.countDocuments({ recipient, open: true }, { session, ...options }),
    );
  }

  async readReceipts(endpoint: EndpointAddress, after: number, limit: number): Promise<StoredReceiptGroup[]> {
    return await this.#read(async (session) => {
      const found = this.#collections.receiptGroup
        .find(groupsBetween(endpoint, after), { session, batchSize: 16 })
        .sort({ _id: 1 })
        .limit(limit);
      const groups: StoredReceiptGroup[] = [];
      let bytes = 0;
      for await (const { _id, bytes: group } of found) {
        groups.push({ position: _id.position, group });
        bytes += group.byteLength;
        if (bytes >= maxReadBytes) break;
      }
      return groups;
    });
  }

  async readMessage(source: EndpointAddress, id: MessageId): Promise<MessageState | undefined> {
    return await this.#read(async (session) => {
      const message = await this.#collections.message.findOne(
        { _id: messageKey(source, id) },
        { session, projection: { unit: 0 } },
      );
      if (message?.firstDelivery === undefined || message.recipients === undefined) return undefined;
      const { at: acceptedAt, record, firstDelivery, recipients } = message;
      const deliveries = await this.#collections.delivery
        .find({ _id: { $gte: firstDelivery, $lt: firstDelivery + recipients.length } }, { session })
        .sort({ _id: 1 })
        .toArray();
      return {
        id,
        source,
        acceptedAt,
        record,
        deliveries: deliveries.map(({ recipient, state, deliveredAt = null, settledAt = null }) => ({
          recipient,
          state,
          deliveredAt,
          settledAt,
        })),
      };
    });
  }

  async readDirectory(): Promise<DirectorySnapshot> {
    const deadline = performance.now() + this.#patienceMs;
    return await this.#read(async (session) => {
      // One snapshot. Every change gives its entry the new version, so the highest is that of the whole.
      const entries = await runTransaction(
        session,
        async () => this.#collections.entry.find({}, { session, hint: '_id_' }).sort({ _id: 1 }).toArray(),
        deadline,
      );
      return {
        version: entries.reduce((highest, { version }) => Math.max(highest, version), 0),
        entries: entries.map(({ entry }) => JSON.parse(entry) as DirectoryEntry),
        leaves: entries.map(({ record }) => record),
        versions: entries.map(({ version }) => version),
      };
    });
  }

  async readEntry(endpoint: EndpointAddress): Promise<DirectoryRow | undefined> {
    return await this.#read(async (session) => {
      const found = await this.#collections.entry.findOne({ _id: endpoint }, { session });
      return found === null
        ? undefined
        : { entry: JSON.parse(found.entry) as DirectoryEntry, leaf: found.record };
    });
  }

  async readNewestChanges(): Promise<ReadonlyMap<EndpointAddress, number>> {
    return await this.#read(async (session) => {
      const newest = new Map<EndpointAddress, number>();
      // In the order of the ids: the last of an endpoint stays.
      for await (const { _id } of this.#collections.directoryChange.find({}, { session }).sort({ _id: 1 }))
        newest.set(_id.endpoint, _id.record);
      return newest;
    });
  }

  async readPermit(...[secretDigest, now]: Parameters<Store['readPermit']>): ReturnType<Store['readPermit']> {
    return await this.#read(async (session) => {
      const permit = await this.#collections.permit.findOne({ _id: new Binary(secretDigest) }, { session });
      if (permit === null) return 'token-invalid';
      const { endpoint, roles, expiresAt, usedAt } = permit;
      if (expiresAt <= now) return 'token-expired';
      return { secretDigest, endpoint, roles, expiresAt, isUsed: usedAt !== null };
    });
  }

  async readReceiptsEnd(endpoint: EndpointAddress): Promise<number> {
    return await this.#read(
      async (session) => (await this.#collections.stream.findOne({ _id: endpoint }, { session }))?.last ?? 0,
    );
  }

  async hasReceiptPosition(endpoint: EndpointAddress, position: number): Promise<boolean> {
    return await this.#read(async (session) => {
      const { receiptGroup, stream } = this.#collections;
      const only = { session, projection: { _id: 1 } } as const;
      // In this order: what is forgotten between the two is found by the second.
      const kept = await receiptGroup.findOne({ _id: { endpoint, position } }, only);
      return (
        kept !== null ||
        (await stream.findOne({ _id: endpoint, forgotten: { $gte: position } }, only)) !== null
      );
    });
  }

  async readEvidence(id: MessageId): Promise<MessageEvidence[]> {
    return await this.#read(async (session) => readEvidence(this.#collections, id, session));
  }

  async readOutcomes(ids: readonly MessageId[]): Promise<OutcomePortion> {
    return await this.#read(async (session) => readOutcomes(this.#collections, ids, session));
  }

  async countKept(): Promise<KeptCount> {
    return await this.#read(async (session) => countKept(this.#collections, session), 'at-one-moment');
  }

  async readKeptGroups(from: number, to: number): Promise<KeptGroup[]> {
    return await this.#read(async (session) => readKeptGroups(this.#collections, from, to, session));
  }

  async readPayloads(after: number, limit: number, before: number): Promise<PayloadPortion> {
    return await this.#read(async (session) =>
      readPayloads(this.#collections, { after, limit, before }, session),
    );
  }

  async readMarks(): Promise<ReadonlyMap<string, number>> {
    return await this.#read(async (session) => {
      const marks = await this.#collections.mark.find({}, { session }).toArray();
      return new Map(marks.map(({ _id, value }) => [_id, value]));
    });
  }

  async countLeaves(): Promise<number> {
    return await this.#read(async (session) => countLeaves(this.#collections.block, session));
  }

  async readLeaves(from: number, limit: number): Promise<readonly StoredLeaf[]> {
    return this.#erasures.settle(await this.#readLeaves(from, limit));
  }

  async #readLeaves(from: number, limit: number): Promise<StoredLeaf[]> {
    return await this.#read(async (session) =>
      readLeaves(this.#collections, this.#vault, { from, limit }, session),
    );
  }

  async readLeafRuns(from: number): Promise<LeafRun[]> {
    return await this.#read(async (session) => readLeafRuns(this.#collections.block, from, session));
  }

  async #readErasures(of: CaseId): Promise<number[]> {
    return await this.#read(async (session) => {
      const options = { session, hint: '_id_', sort: { _id: 1 } } as const;
      const found = await this.#collections.caseErasure.find(erasuresOf(of), options).toArray();
      return found.map(({ _id }) => _id.record);
    });
  }

  async #read<T>(ask: (session: ClientSession) => Promise<T>, sight: Sight = 'newest'): Promise<T> {
    if (this.#closed) throw new CausewayError('store-unavailable', { detail: 'The store is closed.' });
    try {
      return await this.#causal.within(ask, sight);
    } catch (cause) {
      throw unreadable(cause);
    }
  }
}
