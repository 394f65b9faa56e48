/**
 * The distributed engine of the store: MongoDB, a replica set, several gateways.
 *
 * Every change of a gateway goes through its group commit: one transaction a group, which adds one block to the
 * record. The next block's height is free for one gateway only, and that orders everything: ids of deliveries,
 * positions in receipt streams, indexes of the record. See `committer.ts` and `chain.ts`.
 */
import { randomBytes } from 'node:crypto';
import { CausewayError } from '../../../protocol/errors.ts';
import { batchSigner } from '../../../protocol/proof/signing.ts';
import type { Store, StoreListener } from '../port.ts';
import { CausalTime } from './causal-time.ts';
import { Chain } from './chain.ts';
import { openCollections, touch } from './collections.ts';
import { Committer } from './committer.ts';
import { connect, explain } from './connection.ts';
import type { Collections } from './documents.ts';
import { unreadable } from './failures.ts';
import { GroupCommit } from './group-commit.ts';
import { readyDigest, readyLine, readySettlement, readySubmission } from './operations.ts';
import { Readings, type ReadingMethod } from './readings.ts';
import { Watch } from './watch.ts';

export type MongodbStoreOptions = {
  /** `mongodb://…`, with all members of the replica set; the database is `causeway` where it names none. */
  readonly url: string;
  /** Ed25519 private key in PKCS#8 PEM, which signs the gateways' receipts. */
  readonly receiptKeyPem: string;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** Told of failures that no caller waits for: those of the watch over other gateways' commits. */
  readonly onError?: (error: unknown) => void;
  /** How long a change may wait for a primary before it fails. Default 10 s. */
  readonly patienceMs?: number;
  /** How long the watch may fail before the store counts as unavailable. Default 10 s. */
  readonly maxBlindMs?: number;
  /** For tests: false leaves the watch to polling. */
  readonly streaming?: boolean;
};

/**
 * Opens a store.
 * @throws CausewayError `configuration-invalid` when the address, the user or the server is unsuitable,
 * `store-incompatible` when the database is something else, `store-unavailable` when no primary answers; each says
 * what to do
 */
export async function openMongodbStore(options: MongodbStoreOptions): Promise<Store> {
  const { url, receiptKeyPem, clock = Date.now, patienceMs = 10_000, maxBlindMs = 10_000 } = options;
  const signer = batchSigner(receiptKeyPem);
  const { client, database } = await connect(url);
  const causal = new CausalTime(client);
  let collections: Collections;
  let chain: Chain;
  try {
    collections = await openCollections(database);
    chain = new Chain(collections.block, causal);
    await causal.within(async (session) => touch(collections.meta, session));
    await chain.open();
  } catch (error) {
    await client.close();
    throw explain(error, url);
  }
  const writer = randomBytes(8).toString('hex');
  const committer = new Committer({ collections, causal, chain, signer, writer });
  const commits = new GroupCommit({
    commit: async (operations, at, deadline) => committer.commit(operations, at, deadline),
    clock,
    patienceMs,
  });
  const readings = new Readings(collections, causal, clock);
  const { streaming = true, onError } = options;
  const watch = new Watch({
    blocks: collections.block,
    chain,
    writer,
    onError: (error) => onError?.(error),
    streaming,
  });
  let closed: Promise<void> | undefined;
  return {
    ...changes(commits),
    ...bound(readings),
    listen: (listener) => (chain.listener = toChainListener(listener)),
    probe: async () => {
      if (closed !== undefined)
        throw new CausewayError('store-unavailable', { detail: 'The store is closed.' });
      await causal
        .within(async (session) => touch(collections.meta, session))
        .catch((cause: unknown) => Promise.reject(unreadable(cause)));
      if (watch.blindForMs <= maxBlindMs) return;
      throw new CausewayError('store-unavailable', { detail: 'Changes by other gateways go unnoticed.' });
    },
    close: async () => {
      closed ??= (async () => {
        await commits.drain();
        readings.close();
        await watch.close();
        await client.close();
      })();
      await closed;
    },
  };
}

function toChainListener(listener: StoreListener): NonNullable<Chain['listener']> {
  return {
    onQueue: () => undefined,
    onReceipts: (endpoint, position, group) => listener.onReceipts(endpoint, position, group),
    onChange: (versions) => listener.onChange(versions),
  };
}

function changes(commits: GroupCommit): Omit<Store, ReadingMethod | 'probe' | 'listen' | 'close'> {
  return {
    submit: async (submission) => commits.run(readySubmission(submission)),
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
    appendRecords: async (records) => {
      if (records.length > 0) await commits.run({ type: 'append-records', lines: records.map(readyLine) });
    },
  };
}

function bound(readings: Readings): Pick<Store, ReadingMethod> {
  return {
    readQueue: async (...ask) => readings.readQueue(...ask),
    countPending: async (...ask) => readings.countPending(...ask),
    readReceipts: async (...ask) => readings.readReceipts(...ask),
    readMessage: async (...ask) => readings.readMessage(...ask),
    readDirectory: async () => readings.readDirectory(),
    readPermit: async (...ask) => readings.readPermit(...ask),
    readRecords: async (...ask) => readings.readRecords(...ask),
  };
}
