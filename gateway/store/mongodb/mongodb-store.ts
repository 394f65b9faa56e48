/**
 * The distributed engine of the store: MongoDB, a replica set, several gateways.
 *
 * Every change of a gateway goes through its group commit: one transaction a group, which adds one block to the
 * audit log. The next block's height is free for one gateway only, and that orders everything: ids of deliveries,
 * positions in receipt streams, indexes of the log. See `committer.ts` and `chain.ts`.
 */
import { randomBytes } from 'node:crypto';
import type { MongoClient } from 'mongodb';
import { CausewayError, isCausewayError } from '../../../protocol/errors.ts';
import { batchSigner } from '../../../protocol/proof/signing.ts';
import { CaseVault } from '../case-vault.ts';
import { houseCase, nothingProposed, type DamagedMessage, type Store } from '../port.ts';
import { Acceptances } from './acceptances.ts';
import { findBodies } from './case-bodies.ts';
import { CausalTime } from './causal-time.ts';
import { Chain } from './chain.ts';
import { openCollections, touch, type OpenedCollections } from './collections.ts';
import { Committer } from './committer.ts';
import { connect } from './connection.ts';
import { eraseInPortions } from './erasure.ts';
import { explain } from './explain-connection.ts';
import { unreadable } from './failures.ts';
import { GroupCommit } from './group-commit.ts';
import { Leases } from './leases.ts';
import { setMarks } from './marks.ts';
import { Presence } from './presence.ts';
import { readyDigest, readyLine, readySettlement, readySubmission } from './operations.ts';
import type { ReadingMethod } from '../reading-method.ts';
import { Readings } from './readings.ts';
import { Watch, type WatchOptions } from './watch.ts';

const defaultPatienceMs = 10_000;

export type MongodbStoreOptions = {
  /** `mongodb://…`, with all members of the replica set; the database is `causeway` where it names none. */
  readonly url: string;
  /** Ed25519 private key in PKCS#8 PEM, which signs the gateways' receipts. */
  readonly receiptKeyPem: string;
  /** 32 bytes, the same for all gateways, which open the bodies of leaves with the secrets of their cases. */
  readonly auditKey: Uint8Array;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** Told of failures that no caller waits for: those of the watch over other gateways' commits. */
  readonly onError?: (error: unknown) => void;
  /** How long a change may wait for a primary before it fails. Default 10 s. */
  readonly patienceMs?: number;
  /** How long the watch may fail before the store counts as unavailable. Default 10 s. */
  readonly maxBlindMs?: number;
  /** How the commits of other gateways are noticed. */
  readonly watch?: Pick<WatchOptions, 'pollMs' | 'streaming'>;
};

/**
 * Opens a store.
 * @throws CausewayError `configuration-invalid` when the address, the user or the server is unsuitable,
 * `store-incompatible` when the database is something else, `store-unavailable` when no primary answers; each says
 * what to do
 */
export async function openMongodbStore(options: MongodbStoreOptions): Promise<Store> {
  const base = await openBase(options.url);
  return { ...changes(base, options), ...readings(base, options), ...life(base, options) };
}

/** What every part of the store stands on. */
type Base = OpenedCollections & {
  readonly client: MongoClient;
  readonly causal: CausalTime;
  readonly chain: Chain;
  /** Tells this process from the other gateways. */
  readonly writer: string;
  /** What must end before the connection does, in this order. */
  readonly endings: (() => Promise<void> | void)[];
};

async function openBase(url: string): Promise<Base> {
  const { client, database } = await connect(url);
  try {
    const causal = new CausalTime(client);
    const opened = await openCollections(database);
    const { collections } = opened;
    const writer = randomBytes(8).toString('hex');
    const chain = new Chain(collections.block, causal, writer);
    await causal.within(async (session) => touch(collections.meta, session));
    await chain.open();
    return { ...opened, client, causal, chain, writer, endings: [] };
  } catch (error) {
    await client.close();
    throw explain(error, url);
  }
}

function life(
  { client, collections, causal, chain, writer, endings }: Base,
  { onError, maxBlindMs = 10_000, watch: watching }: MongodbStoreOptions,
): Pick<Store, 'listen' | 'probe' | 'close' | SharingMethod> {
  const presence = new Presence({
    gateways: collections.gateway,
    writer,
    listening: () => chain.listener?.listening?.() ?? [],
  });
  chain.hasPeers = () => presence.hasPeers;
  const watch = new Watch({
    blocks: collections.block,
    chain,
    writer,
    onError: (error) => onError?.(error),
    ...watching,
  });
  const leases = new Leases(collections.lease, writer);
  endings.push(
    async () => presence.close(),
    async () => watch.close(),
  );
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    for (const end of endings) await end();
    await client.close();
  };
  return {
    listen: (listener) => {
      chain.listener = listener;
      return chain.head.versions;
    },
    isListeningElsewhere: (endpoint) => presence.isListeningElsewhere(endpoint),
    takeLease: async (name, durationMs) => leases.take(name, durationMs),
    releaseLease: async (lease) => leases.release(lease),
    probe: async () => {
      if (closed !== undefined) {
        throw new CausewayError('store-unavailable', { detail: 'The store is closed.' });
      }
      await causal
        .within(async (session) => touch(collections.meta, session))
        .catch((cause: unknown) => Promise.reject(unreadable(cause)));
      if (watch.blindForMs <= maxBlindMs) return;
      throw new CausewayError('store-unavailable', { detail: 'Changes by other gateways go unnoticed.' });
    },
    close: async () => {
      closed ??= close();
      await closed;
    },
  };
}

type StoreReadings = Pick<Store, ReadingMethod>;

/** What only matters where several gateways share a store. */
type SharingMethod = 'isListeningElsewhere' | 'takeLease' | 'releaseLease';

function changes(
  { collections, keepsAcceptances, causal, chain, writer, endings }: Base,
  { receiptKeyPem, auditKey, clock = Date.now, patienceMs = defaultPatienceMs }: MongodbStoreOptions,
): Omit<Store, keyof StoreReadings | SharingMethod | 'probe' | 'listen' | 'close'> {
  const signer = batchSigner(receiptKeyPem);
  const vault = new CaseVault(auditKey);
  const committer = new Committer({
    collections,
    keepsAcceptances,
    causal,
    chain,
    signer,
    vault,
    writer,
  });
  const commits = new GroupCommit({
    commit: async (operations, at, deadline) => committer.commit(operations, at, deadline),
    clock,
    patienceMs,
  });
  endings.push(async () => commits.drain());
  return {
    submit: async (submission, lease) => commits.run({ ...readySubmission(submission), lease }),
    markDelivered: async (deliveries) => {
      if (deliveries.length > 0) await commits.run({ type: 'mark-delivered', deliveries });
    },
    settle: async (settlement) => ({ outcome: await commits.run(readySettlement(settlement)) }),
    expire: async (now, limit) => commits.run({ type: 'expire', now, limit }),
    forgetReceipts: async (endpoint, through) => {
      await commits.run({ type: 'forget-receipts', endpoint, through });
    },
    permitEnrolment: async (permit, record) => {
      readyDigest(permit.secretDigest);
      await commits.run({ type: 'permit', permit, line: readyLine(record) });
    },
    enrol: async (secretDigest, entry, now, record) =>
      commits.run({
        type: 'enrol',
        secretDigest: readyDigest(secretDigest),
        entry,
        now,
        line: readyLine(record),
      }),
    replaceEntry: async (before, after, record) =>
      commits.run({ type: 'replace-entry', before, after, line: readyLine(record) }),
    requestPolicyReload: async (record) => {
      await commits.run({ type: 'request-reload', line: readyLine(record) });
    },
    appendRecords: async (records, lease, of, mark) =>
      commits.run({ type: 'append-records', lines: records.map(readyLine), lease, of, mark }),
    setMarks: async (marks, lease) =>
      setMarks(marks, { collections, causal, holder: writer, lease, patienceMs }).catch((error: unknown) =>
        Promise.reject(isCausewayError(error) ? error : unreadable(error)),
      ),
    ...removals(commits, { collections, causal, vault, patienceMs }),
  };
}

/** Taking away what must not be kept. */
function removals(
  commits: GroupCommit,
  context: Pick<Base, 'collections' | 'causal'> & { readonly vault: CaseVault; readonly patienceMs: number },
): Pick<Store, 'eraseCase' | 'readResidue' | 'retirePayloads'> {
  return {
    retirePayloads: async (positions, record, lease) =>
      commits.run({ type: 'retire-payloads', positions, line: readyLine(record), lease }),
    eraseCase: async (id, record, underWay = 'wait', proposed = nothingProposed) => {
      const line = readyLine(record);
      // Nobody may erase it, and most of the log is its own.
      if (id === houseCase) return 'unknown';
      return eraseInPortions(
        {
          ask: async (found) => commits.run({ type: 'erase-case', id, underWay, line, found }),
          find: async (before) => findBodies({ id, proposed, before }, context),
        },
        underWay,
        context,
      );
    },
    readResidue: () => Promise.resolve('oplog'),
  };
}

function readings(
  { collections, keepsAcceptances, causal, chain, endings }: Base,
  { url, auditKey, clock = Date.now, patienceMs = defaultPatienceMs }: MongodbStoreOptions,
): StoreReadings {
  const vault = new CaseVault(auditKey);
  const onDamaged = (message: DamagedMessage): void => chain.listener?.onDamaged?.(message);
  const reader = new Readings({ collections, causal, vault, clock, patienceMs, onDamaged });
  const acceptances = new Acceptances({ url, keepsAcceptances }, causal, onDamaged);
  endings.push(
    () => reader.close(),
    async () => acceptances.close(),
  );
  return {
    readQueue: async (...ask) => reader.readQueue(...ask),
    countPending: async (...ask) => reader.countPending(...ask),
    readReceipts: async (...ask) => reader.readReceipts(...ask),
    readReceiptsEnd: async (endpoint) => reader.readReceiptsEnd(endpoint),
    hasReceiptPosition: async (...ask) => reader.hasReceiptPosition(...ask),
    readMessage: async (...ask) => reader.readMessage(...ask),
    readDirectory: async () => reader.readDirectory(),
    readEntry: async (endpoint) => reader.readEntry(endpoint),
    readNewestChanges: async () => reader.readNewestChanges(),
    readPermit: async (...ask) => reader.readPermit(...ask),
    readEvidence: async (id) => reader.readEvidence(id),
    readAcceptances: async (...ask) => acceptances.read(...ask),
    readOutcomes: async (ids) => reader.readOutcomes(ids),
    countKept: async () => reader.countKept(),
    readKeptGroups: async (...ask) => reader.readKeptGroups(...ask),
    readPayloads: async (...ask) => reader.readPayloads(...ask),
    readMarks: async () => reader.readMarks(),
    readReusableBytes: () => Promise.resolve(0),
    countLeaves: async () => reader.countLeaves(),
    readLeaves: async (...ask) => reader.readLeaves(...ask),
    readLeafRuns: async (from) => reader.readLeafRuns(from),
  };
}
