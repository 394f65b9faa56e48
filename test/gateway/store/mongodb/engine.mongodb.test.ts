/** What the contract cannot see: the chain of blocks, the server's own checks, retries, and how news travels. */
import { Binary, BSON, type Document } from 'mongodb';
import { afterAll, afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { holdMessagesAgainst } from '../../../../gateway/audit/messages-against-log.ts';
import { CaseVault } from '../../../../gateway/store/case-vault.ts';
import { blockDigest } from '../../../../gateway/store/mongodb/block.ts';
import { CausalTime } from '../../../../gateway/store/mongodb/causal-time.ts';
import { Chain } from '../../../../gateway/store/mongodb/chain.ts';
import { Committer } from '../../../../gateway/store/mongodb/committer.ts';
import { idBinary } from '../../../../gateway/store/mongodb/keys.ts';
import { collectionsOf, type BlockDocument } from '../../../../gateway/store/mongodb/documents.ts';
import { readySubmission } from '../../../../gateway/store/mongodb/operations.ts';
import { readQueue } from '../../../../gateway/store/mongodb/queue.ts';
import type {
  ErasureOutcome,
  Store,
  StoreVersions,
  SubmissionResult,
  UnderWay,
} from '../../../../gateway/store/port.ts';
import type { EndpointAddress } from '../../../../protocol/ids.ts';
import { batchSigner } from '../../../../protocol/proof/signing.ts';
import { acceptedDetail, refusedDetail } from '../../../../protocol/wire/receipt-detail.ts';
import { decodeReceiptGroup } from '../../../../protocol/wire/receipt-group.ts';
import { eventually } from '../../../e2e/kit/watch.ts';
import { FeignedFailure } from '../../../mongodb/feigned-failure.ts';
import {
  acceptable,
  acceptableAsWritten,
  auditKey,
  health,
  hourMs,
  messageId,
  noon,
  police,
  school,
  settlementOf,
  refusable,
} from '../synthetic-messages.ts';
import {
  createMongodbFixture,
  hasServer,
  serverUrl,
  type MongodbFixture,
  urlNaming,
} from './mongodb-fixture.ts';

const provided = inject('mongodb');
const isOurServer = !('missing' in provided) && provided.mongod !== null;

/** Failures that the server feigns are for these stores alone: other files use the same server. */
const appName = 'causeway-engine-test';

/** What the server notes of a question. */
type Question = { readonly command: Document; readonly docsExamined?: number };

const isWithinTransaction = ({ command }: Question): boolean => 'autocommit' in command;
/** Whether it begins to ask for what leaves say: what comes to a gateway as news does not. */
const isAboutBodies = ({ command }: Question): boolean =>
  'aggregate' in command || (command.projection as Document | undefined)?.bodies === 1;

describe.skipIf(!hasServer)('the MongoDB engine', () => {
  let fixture: MongodbFixture;
  const opened: Store[] = [];
  const open = async (options?: Parameters<MongodbFixture['open']>[0]): Promise<Store> => {
    const store = await fixture.open({ url: urlNaming(fixture.url, appName), ...options });
    opened.push(store);
    return store;
  };
  const blocks = async (): Promise<BlockDocument[]> =>
    await fixture.database
      .collection<BlockDocument>('block')
      .find({}, { hint: '_id_', promoteBuffers: true })
      .sort({ _id: 1 })
      .toArray();
  /** The server's own notes on the questions about blocks that some work asks. */
  const questions = async (work: () => Promise<unknown>): Promise<Question[]> => {
    const notes = fixture.database.collection<Question>('system.profile');
    const ns = collectionsOf(fixture.database).block.namespace;
    const ofBlocks = { op: { $in: ['query', 'getmore', 'command'] }, ns };
    const before = await notes.countDocuments(ofBlocks).catch(() => 0);
    await fixture.database.command({ profile: 2 });
    await work();
    await fixture.database.command({ profile: 0 });
    return await notes.find(ofBlocks).skip(before).toArray();
  };

  beforeEach(async () => {
    fixture = await createMongodbFixture();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(async (store) => store.close()));
    await fixture.remove();
  });

  describe('the chain', () => {
    it('has no gap, names each block before by its digest, and covers every entry, whoever added it', async () => {
      const stores = [await open(), await open(), await open()];
      await Promise.all(
        stores.flatMap((store, which) =>
          Array.from({ length: 15 }, async (_, index) => {
            const message = acceptable(which * 100 + index);
            await store.submit({ source: police, messages: [message] });
            await store.settle(settlementOf([message], health));
          }),
        ),
      );
      const chain = await blocks();
      expect(chain.length).toBeGreaterThan(3);
      let previous: Uint8Array = Buffer.alloc(32);
      let first = 0;
      for (const [index, block] of chain.entries()) {
        expect(block._id).toBe(index + 1);
        expect(block.first).toBe(first);
        expect(block.previous.equals(previous)).toBe(true);
        expect(blockDigest(block).equals(block.digest)).toBe(true);
        first += block.count;
        previous = block.digest;
      }
      expect(first).toBe(90);
      expect(new Set(chain.map(({ writer }) => writer)).size).toBe(3);
    });

    it('holds neither secret nor unit nor matter of an erased case, in no collection', async () => {
      const store = await open();
      const unit = Buffer.alloc(4_000, 'a ciphertext, ');
      const message = acceptable(1, { unit, category: 'neglect-of-a-child' });
      const refused = refusable(2, { thread: message.thread, text: 'No rule permits neglect-of-a-child.' });
      await store.submit({ source: police, messages: [message, refused] });
      await store.settle(settlementOf([message], health));
      await store.appendRecords([{ kind: 'test.happened' }], undefined, message.thread);
      const [row] = await fixture.database
        .collection('caseSecret')
        .find({ _id: idBinary(message.thread) })
        .toArray();
      const { buffer: secret } = row!.secret as Binary;
      const told = [Buffer.from(secret), unit.subarray(0, 64), Buffer.from(message.category)];
      const holding = async (): Promise<string[]> => {
        const found: string[] = [];
        for (const { name } of await fixture.database.listCollections().toArray()) {
          for (const document of await fixture.database.collection(name).find().toArray()) {
            const bytes = Buffer.from(BSON.serialize(document));
            if (told.some((each) => bytes.includes(each))) found.push(name);
          }
        }
        return found.sort();
      };
      expect(new Set(await holding())).toEqual(new Set(['caseSecret', 'message']));
      expect(await store.eraseCase(message.thread, { kind: 'case.erased', case: message.thread })).toBe(
        'erased',
      );
      expect(await holding()).toEqual([]);
      expect(await store.readResidue()).toBe('oplog');
    });

    it('looks through the log for the bodies of a case before the transaction that erases it, and only at what is new in it', async () => {
      const store = await open();
      const message = acceptable(1);
      await store.submit({ source: police, messages: [message] });
      for (let number = 0; number < 20; number++) await store.appendRecords([{ kind: 'test.happened' }]);
      await store.settle(settlementOf([message], health));
      const order = { kind: 'case.erased', case: message.thread };
      const asked = await questions(async () => {
        expect(await store.eraseCase(message.thread, order)).toBe('erased');
      });
      const examined = (isWithin: boolean): number =>
        asked
          .filter((question) => isWithinTransaction(question) === isWithin)
          .reduce((sum, { docsExamined = 0 }) => sum + docsExamined, 0);
      expect(examined(false)).toBeGreaterThanOrEqual(22);
      expect(examined(true)).toBeLessThan(5);
      expect((await store.readLeaves(22, 9)).at(-1)?.entry).toMatchObject({ leaves: [0] });
    });

    it('looks for no bodies while deliveries of the case keep its erasure, and then asks for many blocks at once', async () => {
      const store = await open();
      const thread = messageId(0);
      const order = { kind: 'case.erased', case: thread };
      const recipients = Array.from({ length: 30 }, (_, nth) => ({
        endpoint: `agency-${nth}/desk` as EndpointAddress,
        listening: false,
      }));
      for (let number = 0; number < 17; number++)
        await store.submit({ source: police, messages: [acceptable(number, { thread, recipients })] });
      const proposed = { asOf: 17, leaves: [] };
      const erase = (underWay: UnderWay, expected: ErasureOutcome) => async (): Promise<void> => {
        expect(await store.eraseCase(thread, order, underWay, proposed)).toBe(expected);
      };
      expect((await questions(erase('wait', 'pending'))).filter(isAboutBodies)).toEqual([]);
      expect((await questions(erase('end', 'pending'))).filter(isAboutBodies)).toEqual([]);
      const asked = (await questions(erase('end', 'erased'))).filter(isAboutBodies);
      // Where its messages are, what has come since, and what has come since that.
      expect(asked.map(isWithinTransaction)).toEqual([false, false, true]);
      const entries = (await store.readLeaves(17, 1_000)).map(({ entry }) => entry);
      expect(entries.at(-1)).toMatchObject({ leaves: Array.from({ length: 17 }, (_, leaf) => leaf) });
    });

    it('asks once, and before its transaction, for the blocks of all refusals that come again', async () => {
      const store = await open();
      const messages = [1, 2, 3, 4, 5, 6].map((number) =>
        refusable(number, { text: `No rule permits it to ${number}.` }),
      );
      for (const message of messages) await store.submit({ source: police, messages: [message] });
      let told: unknown[] = [];
      const asked = await questions(async () => {
        const { receipts } = await store.submit({ source: police, messages });
        told = decodeReceiptGroup(receipts).receipts.map((receipt) => refusedDetail(receipt).text);
      });
      expect(told).toEqual(messages.map(({ text }) => text));
      expect(asked.filter(isAboutBodies).map(isWithinTransaction)).toEqual([false]);
    });

    it('tells no words of a refusal whose case is erased while its block is fetched', async () => {
      const store = await open();
      const refused = refusable(1);
      await store.submit({ source: police, messages: [refused] });
      const { client, databaseName } = fixture.database;
      const collections = collectionsOf(
        client.db(databaseName, { promoteBuffers: true, ignoreUndefined: true }),
      );
      const fetch = collections.block.aggregate.bind(collections.block);
      const aggregate = async function* (...question: Parameters<typeof fetch>) {
        const found = await fetch(...question).toArray();
        expect(await store.eraseCase(messageId(1), { kind: 'case.erased', case: messageId(1) })).toBe(
          'erased',
        );
        yield* found;
      };
      const block = Object.assign(Object.create(collections.block) as typeof collections.block, {
        aggregate,
      });
      const causal = new CausalTime(client);
      const chain = new Chain(block, causal, 'slow');
      await chain.open();
      const committer = new Committer({
        ...{ collections: { ...collections, block }, keepsAcceptances: true, causal, chain, writer: 'slow' },
        ...{ signer: batchSigner(fixture.receiptKeyPem), vault: new CaseVault(auditKey) },
      });
      const again = readySubmission({ source: police, messages: [refused] });
      const [result] = await committer.commit([again], noon, performance.now() + 5_000);
      const { receipts } = decodeReceiptGroup((result as SubmissionResult).receipts);
      expect(receipts.map((receipt) => refusedDetail(receipt))).toEqual([{ code: 'policy-denied' }]);
    });

    it('notices a changed entry', async () => {
      const store = await open();
      await store.appendRecords([{ kind: 'test.happened' }]);
      const [block] = await blocks();
      const leaves = Buffer.from(block!.leaves);
      leaves[leaves.byteLength - 3]! ^= 1;
      expect(blockDigest({ ...block!, leaves })).not.toEqual(block!.digest);
    });

    it('gives delivery ids without gaps, in the order of the record, and each stream position once, to gateways at once', async () => {
      const stores = [await open(), await open()];
      const results = await Promise.all(
        stores.flatMap((store, which) =>
          Array.from({ length: 40 }, async (_, index) =>
            store.submit({ source: police, messages: [acceptable(which * 100 + index)] }),
          ),
        ),
      );
      const given = results.map(({ outcomes, receipts }) => {
        const [outcome] = outcomes;
        if (outcome?.outcome !== 'accepted') throw new Error('not accepted');
        const { record } = acceptedDetail(decodeReceiptGroup(receipts).receipts[0]!);
        return { record, delivery: outcome.deliveries[0]! };
      });
      given.sort((a, b) => a.record - b.record);
      expect(given.map(({ delivery }) => delivery)).toEqual(given.map((_, index) => index + 1));
      await Promise.all(
        stores.map(async (store, which) =>
          Promise.all(
            Array.from({ length: 40 }, async (_, index) =>
              store.settle(settlementOf([acceptable(which * 100 + index)], health)),
            ),
          ),
        ),
      );
      const groups = await stores[0]!.readReceipts(police, 0, 1_000);
      expect(groups.map(({ position }) => position)).toEqual(
        Array.from({ length: 80 }, (_, index) => noon + index),
      );
    });

    it('gives one outcome to an id that two gateways take at once', async () => {
      const stores = [await open(), await open()];
      for (let number = 0; number < 10; number++) {
        const results = await Promise.all(
          stores.map(async (store) => store.submit({ source: police, messages: [acceptable(number)] })),
        );
        expect(results.map(({ outcomes }) => outcomes[0]!.outcome).sort()).toEqual(['accepted', 'duplicate']);
      }
      expect(await stores[0]!.countPending(health)).toBe(10);
    });
  });

  describe('the server', () => {
    it.skipIf(!isOurServer)(
      'refuses a query that would scan a collection, so every test fails that makes one',
      async () => {
        await open();
        const scan = fixture.database.collection('delivery').findOne({ unitBytes: 7 });
        await expect(scan).rejects.toThrow(/notablescan/);
      },
    );

    it('refuses a document that does not have its form', async () => {
      await open();
      const { delivery, block, message } = collectionsOf(fixture.database);
      for (const broken of [
        async () => delivery.insertOne({ _id: 1, state: 'lost' } as never),
        async () => block.insertOne({ _id: 1, count: 0 } as never),
        async () =>
          message.insertOne({ _id: { id: new Binary(Buffer.alloc(16)), source: 'nobody' } } as never),
      ]) {
        await expect(broken()).rejects.toMatchObject({ code: 121 });
      }
    });
  });

  describe.skipIf(!isOurServer)('a commit', () => {
    const failure = new FeignedFailure(hasServer ? serverUrl() : 'mongodb://127.0.0.1');
    afterEach(() => failure.end());
    afterAll(() => failure.close());

    /** Lets commands of the store fail from now on. */
    const fail = async (commands: string[], mode: Document | string, data: Document): Promise<void> =>
      failure.begin(appName, commands, mode, data);

    it.each([
      ['refused while the server stops', ['commitTransaction'], { errorCode: 91 }],
      ['whose connection is cut', ['commitTransaction'], { closeConnection: true }],
      [
        'done, but not known to be kept by a majority',
        ['commitTransaction'],
        { writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' } },
      ],
      ['that conflicts', ['insert'], { errorCode: 112, errorLabels: ['TransientTransactionError'] }],
      ['cut off while it writes', ['insert'], { closeConnection: true }],
      ['cut off while it reads', ['find'], { closeConnection: true }],
      [
        'whose transaction is gone',
        ['commitTransaction'],
        { errorCode: 251, errorLabels: ['TransientTransactionError'] },
      ],
    ])('%s is brought to its end, and counts once', async (_, commands, data) => {
      const store = await open();
      await store.submit({ source: police, messages: [acceptable(1)] });
      await fail(commands, { times: 3 }, data);
      const { outcomes } = await store.submit({ source: police, messages: [acceptable(2)] });
      expect(outcomes).toEqual([{ outcome: 'accepted', deliveries: [2] }]);
      expect((await store.submit({ source: police, messages: [acceptable(3)] })).outcomes).toEqual([
        { outcome: 'accepted', deliveries: [3] },
      ]);
      expect(await blocks()).toHaveLength(3);
      expect(await store.countPending(health)).toBe(3);
    });

    it('that nobody can bring to its end promises nothing, and the same message succeeds later', async () => {
      const store = await open({ patienceMs: 300 });
      await fail(['commitTransaction'], 'alwaysOn', { errorCode: 91 });
      const submission = { source: police, messages: [acceptable(1), acceptable(2)] };
      await expect(store.submit(submission)).rejects.toMatchObject({ code: 'store-unavailable' });
      await failure.end();
      const { outcomes } = await store.submit(submission);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted']);
      expect(await store.countPending(health)).toBe(2);
    });

    it.each([
      ['marks', 'commitTransaction', async (store: Store) => store.setMarks(new Map([['test', 1]]))],
      ['the directory', 'find', async (store: Store) => store.readDirectory()],
    ])(
      'beside the groups, of %s, is given up as soon, and not after the two minutes of the driver',
      async (_, command, ask) => {
        const store = await open({ patienceMs: 300 });
        const errorLabels = ['TransientTransactionError'];
        await fail([command], 'alwaysOn', { errorCode: 251, errorLabels });
        await expect(ask(store)).rejects.toMatchObject({ code: 'store-unavailable' });
        await failure.end();
        await ask(store);
      },
    );

    it('that was given up does not stand in the way of another gateway', async () => {
      const store = await open({ patienceMs: 300 });
      const other = await fixture.open({ patienceMs: 300 });
      opened.push(other);
      await fail(['commitTransaction'], 'alwaysOn', { errorCode: 91 });
      const submission = { source: police, messages: [acceptable(1)] };
      await expect(store.submit(submission)).rejects.toMatchObject({ code: 'store-unavailable' });
      const { outcomes } = await other.submit(submission);
      expect(outcomes).toEqual([{ outcome: 'accepted', deliveries: [1] }]);
    });

    it('that was kept though nobody answered is found again, and its news is told', async () => {
      const store = await open({ patienceMs: 300 });
      const grown: number[] = [];
      await store.submit({ source: police, messages: [acceptable(1)] });
      store.listen({ onReceipts: (_, position) => grown.push(position), onChange: () => undefined });
      await fail(['commitTransaction'], 'alwaysOn', {
        writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' },
      });
      const settled = await store.settle(settlementOf([acceptable(1)], health)).catch(() => 'unknown');
      await failure.end();
      await eventually('the news', () => Promise.resolve(grown.length > 0 ? true : undefined));
      expect([settled, grown]).toEqual([{ outcome: 'settled' }, [noon]]);
    });

    it('that erases a large case has its messages emptied before, a portion at a time, and is asked again where it was cut off', async () => {
      const store = await open({ patienceMs: 2_000 });
      const thread = messageId(0);
      const messages = Array.from({ length: 600 }, (_, number) => acceptableAsWritten(number, { thread }));
      for (let from = 0; from < messages.length; from += 200) {
        const some = messages.slice(from, from + 200);
        await store.submit({ source: police, messages: some });
        await store.settle(settlementOf(some, health));
      }
      const { message, acceptance, caseSecret } = collectionsOf(fixture.database);
      const left = async (filter: Document = {}): Promise<number> =>
        message.countDocuments({ thread: idBinary(thread), ...filter });
      // A search index in which somebody has hidden all of the case.
      const proposed = { asOf: await store.countLeaves(), leaves: [] };
      const erase = async () =>
        store.eraseCase(thread, { kind: 'case.erased', case: thread }, 'wait', proposed);

      // Of the messages alone: the beats of the gateway are updates, too, and come when they come.
      await fail(['update'], { skip: 1 }, { errorCode: 91, namespace: message.namespace });
      await expect(erase()).rejects.toMatchObject({ code: 'store-unavailable' });
      await failure.end();
      expect(await left({ category: { $exists: true } })).toBe(600 - 256);
      const { faults } = await holdMessagesAgainst(store, store);
      expect(new Set(faults.first.map(({ fault }) => fault))).toEqual(new Set(['emptied']));
      expect(faults.count).toBe(256);
      expect(await caseSecret.countDocuments({ _id: idBinary(thread) })).toBe(1);

      expect(await erase()).toBe('erased');
      expect((await store.readLeaves(proposed.asOf, 2))[0]?.entry).toMatchObject({ bodies: 600 });
      expect(await left()).toBe(0);
      expect((await holdMessagesAgainst(store, store)).faults.count).toBe(0);
      expect(await caseSecret.countDocuments({ _id: idBinary(thread) })).toBe(0);
      expect(await acceptance.countDocuments({ _id: { $gte: 0 }, packed: { $ne: Buffer.alloc(0) } })).toBe(0);
    });

    it('on a full disk is never acknowledged, nor does the probe pass, and both recover unaided', async () => {
      const store = await open({ patienceMs: 300 });
      await fail(['insert', 'update'], 'alwaysOn', { errorCode: 14_031 });
      const submission = { source: police, messages: [acceptable(1)] };
      await expect(store.submit(submission)).rejects.toMatchObject({ code: 'store-unavailable' });
      await expect(store.probe()).rejects.toMatchObject({ code: 'store-unavailable' });
      await failure.end();
      await store.probe();
      expect(await blocks()).toEqual([]);
      expect((await store.submit(submission)).outcomes[0]).toMatchObject({ outcome: 'accepted' });
    });

    it('waits for the end of one that a killed gateway left open, which the server sees to', async () => {
      const store = await open();
      await store.submit({ source: police, messages: [acceptable(1)] });
      const [block] = await blocks();
      const session = fixture.database.client.startSession();
      session.startTransaction();
      const taken = { ...block!, _id: 2, first: 1 };
      await fixture.database.collection('block').insertOne(taken as never, { session });
      const { outcomes } = await store.submit({ source: police, messages: [acceptable(2)] });
      expect(outcomes).toEqual([{ outcome: 'accepted', deliveries: [2] }]);
      await expect(session.commitTransaction()).rejects.toThrow();
      await session.endSession();
    });

    it('a lease that is given back late is not taken from whoever took it since', async () => {
      const store = await open();
      const lease = (await store.takeLease('test', 60_000))!;
      await fail(['update'], 'alwaysOn', { blockConnection: true, blockTimeMS: 1_000 });
      const late = store.releaseLease(lease);
      const again = await store.takeLease('test', 60_000);
      await late;
      await failure.end();
      expect(again).toEqual(lease);
      await store.setMarks(new Map([['test', 1]]), again);
      await store.releaseLease(again!);
      await expect(store.setMarks(new Map([['test', 2]]), again)).rejects.toMatchObject({
        code: 'lease-lost',
      });
    });

    it('a change stream whose place in the oplog is gone begins anew, and what it missed is read', async () => {
      const errors: unknown[] = [];
      const store = await open({ watch: { pollMs: 3_600_000 }, onError: (error) => errors.push(error) });
      const told = Promise.withResolvers<StoreVersions>();
      store.listen({ onReceipts: () => undefined, onChange: (versions) => told.resolve(versions) });
      const other = await open({ watch: { streaming: false } });
      await fail(['getMore'], { times: 1 }, { errorCode: 286 });
      await eventually('the loss', () => Promise.resolve(errors.length > 0 ? true : undefined));
      await other.requestPolicyReload({ kind: 'test.happened' });
      expect(await told.promise).toEqual({ directory: 0, policy: noon });
      expect(errors[0]).toBeInstanceOf(Error);
    });
  });

  describe('news of other gateways', () => {
    it.each([
      ['by the change stream alone', { pollMs: 3_600_000 }],
      ['by polling alone', { streaming: false, pollMs: 50 }],
    ])('comes %s', async (_, watch) => {
      const store = await open({ watch });
      const queues: string[] = [];
      const changed = Promise.withResolvers<StoreVersions>();
      store.listen({
        onQueue: (endpoint) => queues.push(endpoint),
        onReceipts: () => undefined,
        onChange: (versions) => changed.resolve(versions),
      });
      const other = await open();
      const recipients = [health, school].map((endpoint) => ({ endpoint, listening: false }));
      await other.submit({ source: police, messages: [acceptable(1, { recipients })] });
      await eventually('both queues', () => Promise.resolve(queues.length >= 2 ? true : undefined));
      expect(queues.sort()).toEqual([health, school].sort());
      await other.requestPolicyReload({ kind: 'test.happened' });
      expect(await changed.promise).toEqual({ directory: 0, policy: noon });
    });

    it('of what was accepted before comes before a gateway’s own commit is answered', async () => {
      const store = await open({ watch: { streaming: false, pollMs: 3_600_000 } });
      const events: string[] = [];
      store.listen({
        onQueue: (endpoint) => events.push(endpoint),
        onReceipts: () => undefined,
        onChange: () => undefined,
      });
      const other = await open();
      await other.submit({ source: police, messages: [acceptable(1)] });
      await store.submit({ source: police, messages: [acceptable(2)] });
      events.push('answered');
      expect(events).toEqual([health, 'answered']);
    });
  });

  it('settles at a gateway that has not heard yet of what another has accepted', async () => {
    const unaware = await open({ watch: { streaming: false, pollMs: 3_600_000 } });
    const other = await open();
    await other.submit({ source: police, messages: [acceptable(1)] });
    const settlement = settlementOf([acceptable(1)], health);
    expect(await unaware.settle(settlement)).toEqual({ outcome: 'settled' });
    expect(await other.settle(settlement)).toEqual({ outcome: 'repeated' });
    await other.submit({ source: police, messages: [acceptable(2)] });
    const queued = await other.readQueue(health, 1, 0, 10);
    await unaware.markDelivered(queued.map(({ delivery }) => delivery));
    expect((await other.readMessage(police, acceptable(2).id))?.deliveries).toMatchObject([
      { state: 'delivered' },
    ]);
  });

  it('has no delivery in the place of another, nor of a leaf that accepted nothing, without its being counted and named', async () => {
    const store = await open();
    await store.submit({ source: police, messages: [acceptableAsWritten(1)] });
    await store.appendRecords([{ kind: 'test.happened' }]);
    const { delivery } = collectionsOf(fixture.database);
    const made = await delivery.findOne({ _id: 1 });
    if (made === null) throw new Error('no delivery');
    await delivery.insertMany([
      { ...made, _id: 1_000, recipient: school },
      { ...made, _id: 1_001, recipient: school, record: 1 },
    ]);
    const before = await holdMessagesAgainst(store, store);
    expect([before.faults.first, before.deliveries.faults.first]).toEqual([[], []]);
    expect(before.deliveries.unknown).toBe(2);
    await store.expire(noon + 2 * hourMs, 10);
    const { deliveries } = await holdMessagesAgainst(store, store);
    expect(deliveries.unknown).toBe(2);
    expect(deliveries.faults.first).toMatchObject([
      { message: messageId(1), accepted: 0, step: 'settled', fault: 'otherwise' },
      { message: undefined, accepted: 1, step: 'settled', fault: 'unheard-of' },
    ]);
  });

  it('tells of no damage where a case is erased while a queue is read in which it has messages', async () => {
    const store = await open();
    const erased = acceptable(1);
    await store.submit({ source: police, messages: [erased, acceptable(2, { thread: messageId(99) })] });
    const { client, databaseName } = fixture.database;
    const collections = collectionsOf(client.db(databaseName, { promoteBuffers: true }));
    const { message } = collections;
    // The deliveries are read before, and the units after it.
    const find = async function* (...question: Parameters<typeof message.find>) {
      await store.eraseCase(erased.thread, { kind: 'case.erased', case: erased.thread }, 'end');
      yield* message.find(...question);
    };
    const slow = { ...collections, message: { find } as unknown as typeof message };
    const question = { recipient: health, lane: 1, after: 0, limit: 10, now: noon } as const;
    const told: unknown[] = [];
    const queued = await client.withSession(async (session) =>
      readQueue(slow, question, session, (damaged) => told.push(damaged)),
    );
    expect(queued.map(({ unit }) => unit !== undefined)).toEqual([false, true]);
    expect(told).toEqual([]);
  });

  it('tells who listens at another gateway, and no longer once that has closed', async () => {
    const store = await open();
    const other = await open();
    other.listen({ onReceipts: () => undefined, onChange: () => undefined, listening: () => [health] });
    const listens = (expected: boolean) => async (): Promise<true | undefined> =>
      Promise.resolve(store.isListeningElsewhere(health) === expected ? true : undefined);
    await eventually('presence', listens(true));
    expect(other.isListeningElsewhere(health)).toBe(false);
    expect(store.isListeningElsewhere(school)).toBe(false);
    await other.close();
    await eventually('absence', listens(false));
  });
});
