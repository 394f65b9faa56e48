/** A store moves from its file to MongoDB with everything in it, whatever cuts it off. */
import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  migrateStore,
  type MigrationOptions,
  type MigrationResult,
} from '../../../../gateway/store/open-migration.ts';
import { openStore } from '../../../../gateway/open-store.ts';
import { refuseMoved } from '../../../../gateway/store/moved-mark.ts';
import { lockPath } from '../../../../gateway/store/path-lock.ts';
import { houseCase, type AcceptableMessage, type Lane, type Store } from '../../../../gateway/store/port.ts';
import { runCauseway, startCauseway, type RunningCommand } from '../../../cli/run-causeway.ts';
import { FeignedFailure } from '../../../mongodb/feigned-failure.ts';
import { createSqliteFixture, type SqliteFixture } from '../sqlite-fixture.ts';
import {
  acceptable,
  auditKey,
  digestOf,
  directoryEntry,
  health,
  hourMs,
  messageId,
  noon,
  permit,
  police,
  refusable,
  school,
  settlementOf,
  socialWork,
} from '../synthetic-messages.ts';
import { encodeUnit } from '../../../../protocol/wire/frame.ts';
import {
  createMongodbFixture,
  hasServer,
  serverUrl,
  urlNaming,
  type MongodbFixture,
} from './mongodb-fixture.ts';

const people = [police, health, school, socialWork];
const lanes: readonly Lane[] = [0, 1, 2];
/** What stands before each leaf of a run. */
const leafLengthBytes = 2;
const erasedCase = messageId(900);

/** Commands can be made to fail on a server that these tests have started. */
const provided = inject('mongodb');
const isOurServer = 'mongod' in provided && provided.mongod !== null;

describe.skipIf(!hasServer)('moving a store from SQLite to MongoDB', () => {
  let source: SqliteFixture;
  let target: MongodbFixture;
  const opened: Store[] = [];

  beforeEach(async () => {
    source = await createSqliteFixture();
    target = await createMongodbFixture();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(async (store) => store.close()));
    await source.remove();
    await target.remove();
  });

  const kept = async (opening: Promise<Store>): Promise<Store> => {
    const store = await opening;
    opened.push(store);
    return store;
  };
  const openSource = async (): Promise<Store> => kept(source.open());
  const openTarget = async (): Promise<Store> =>
    kept(target.open({ receiptKeyPem: source.receiptKeyPem, clock: () => source.clock.now }));
  const fill = async (work: (store: Store) => Promise<unknown>): Promise<void> => {
    const store = await source.open();
    await work(store);
    await store.close();
  };
  const migrate = async (options: Partial<MigrationOptions> = {}): Promise<MigrationResult> =>
    migrateStore({
      from: `sqlite:${source.file}`,
      to: target.url,
      observe: () => undefined,
      auditKey,
      by: 'operator',
      clock: () => noon,
      ...options,
    });
  const command = (home: string): RunningCommand =>
    startCauseway([
      ...['store', 'migrate', '--json', '--dir', home],
      ...['--from', `sqlite:${source.file}`, '--to', target.url],
    ]);

  it('keeps every answer that the store gives', async () => {
    await fill(liveThroughEverything);
    const { outcome, head } = await migrate();
    expect([outcome, head.leaves]).toEqual(['moved', await (await openSource()).countLeaves()]);
    const [before, after] = [await openSource(), await openTarget()];
    const answers = await answersOf(before);
    expect(answers.leaves.some(({ erased }) => erased)).toBe(true);
    expect(await answersBeforeMove(after)).toEqual(answers);
  });

  it('ends with a leaf that says who moved what, behind the last one of the file', async () => {
    await fill(liveThroughEverything);
    const { head } = await migrate();
    const after = await openTarget();
    const [leaf, ...more] = await after.readLeaves(head.leaves, 10);
    const root = head.root.toString('base64');
    expect(leaf).toMatchObject({
      at: noon,
      entry: { kind: 'store.migrated', from: 'sqlite', leaves: head.leaves, root, by: 'operator' },
      case: houseCase,
      erased: false,
    });
    expect(JSON.parse(leaf!.leaf)).toEqual({
      kind: 'store.migrated',
      at: noon,
      commitment: expect.any(String) as string,
    });
    expect(more).toEqual([]);
    expect(() => refuseMoved(source.file)).toThrow(/was moved to/);
    await migrate();
    expect(await after.countLeaves()).toBe(head.leaves + 1);
  });

  it('refuses another audit key before anything is moved', async () => {
    await fill(liveThroughEverything);
    await expect(migrate({ auditKey: Buffer.alloc(32) })).rejects.toMatchObject({ code: 'home-invalid' });
    expect(await target.database.listCollections().toArray()).toEqual([]);
    refuseMoved(source.file);
  });

  it('goes on as the store would have: ids, positions, first outcomes, permits, secrets, the log', async () => {
    await fill(liveThroughEverything);
    await migrate();
    const [before, after] = [await openSource(), await openTarget()];
    // The place of the leaf that tells of the move.
    const [moved] = await after.readLeaves((await after.countLeaves()) - 1, 1);
    await before.appendRecords([moved!.entry]);
    const seen = await Promise.all([before, after].map(async (store) => goOn(store)));
    expect(seen[1]).toEqual(seen[0]);
  });

  it('moves a store in which nothing has happened yet', async () => {
    await fill(async () => Promise.resolve());
    expect((await migrate()).head.leaves).toBe(0);
    const after = await openTarget();
    expect(await after.appendRecords([{ kind: 'test.happened' }])).toBe(1);
    expect((await after.readLeaves(0, 10)).map(({ entry }) => entry.kind)).toEqual([
      'store.migrated',
      'test.happened',
    ]);
  });

  it('goes on where it was killed, and lets no gateway open what is not whole', async () => {
    await fill(async (store) => submitMany(store, 6_000));
    const home = `${source.file}-home`;
    expect((await runCauseway(['gateway', 'init', home])).code).toBe(0);
    await writeFile(join(home, 'audit.key'), auditKey.toString('base64url'));
    const first = command(home);
    await first.waitForLine((line) => isProgress(line, 'move', 'message', 2_000));
    first.signal('SIGKILL');
    const cut = await first.ended;
    expect(cut.code).toBeNull();
    await expect(target.open()).rejects.toMatchObject({ code: 'store-not-moved' });
    const done = await target.database.collection('message').countDocuments({}, { hint: '_id_' });
    const { code, stdout, stderr } = await command(home).ended;
    expect(code, stderr).toBe(0);
    const lines = stdout.trim().split('\n');
    const [next] = lines.filter((line) => isProgress(line, 'move', 'message', 0));
    expect((JSON.parse(next ?? lines.at(-1)!) as { count?: number }).count ?? 6_001).toBeGreaterThan(done);
    const before = await openSource();
    const leaves = await before.countLeaves();
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ type: 'migrated', outcome: 'moved', leaves });
    const after = await openTarget();
    expect((await after.readLeaves(leaves, 1))[0]?.entry.by).toBe(userInfo().username);
    expect(await answersBeforeMove(after)).toEqual(await answersOf(before));
  }, 120_000);

  it.skipIf(!isOurServer)(
    'says so in words where nothing can be written, and goes on from there',
    async () => {
      await fill(liveThroughEverything);
      const failure = new FeignedFailure(serverUrl());
      const errorLabels = ['TransientTransactionError'];
      const appName = 'migration-in-an-outage';
      await failure.begin(appName, ['commitTransaction'], 'alwaysOn', { errorCode: 251, errorLabels });
      try {
        await expect(migrate({ to: urlNaming(target.url, appName), patienceMs: 300 })).rejects.toMatchObject({
          code: 'store-unavailable',
          detail: expect.stringContaining('MongoDB at') as string,
        });
      } finally {
        await failure.close();
      }
      expect(await migrate()).toMatchObject({ outcome: 'moved' });
    },
  );

  it.skipIf(!isOurServer)(
    'leaves a marked file where nobody knows whether the last step was done, and ends the move when called again',
    async () => {
      await fill(liveThroughEverything);
      const failure = new FeignedFailure(serverUrl());
      const errorLabels = ['TransientTransactionError'];
      const appName = 'migration-of-no-answer';
      let isBroken = false;
      const observe = async (step: string): Promise<void> => {
        if (step !== 'check' || isBroken) return;
        isBroken = true;
        await failure.begin(appName, ['commitTransaction'], 'alwaysOn', { errorCode: 251, errorLabels });
      };
      try {
        const moving = migrate({ to: urlNaming(target.url, appName), patienceMs: 300, observe });
        await expect(moving).rejects.toMatchObject({ code: 'store-unavailable' });
      } finally {
        await failure.close();
      }
      expect(() => refuseMoved(source.file)).toThrow(/give `causeway store migrate` again/);
      await expect(target.open()).rejects.toMatchObject({ code: 'store-not-moved' });
      expect(await migrate()).toMatchObject({ outcome: 'moved' });
      expect(() => refuseMoved(source.file)).toThrow(/was moved to/);
    },
  );

  it('says so when it was done before, also when gateways have gone on there since', async () => {
    await fill(liveThroughEverything);
    const { head } = await migrate();
    expect(await migrate()).toEqual({ outcome: 'before', head });
    await (await openTarget()).appendRecords([{ kind: 'test.happened' }]);
    expect(await migrate()).toEqual({ outcome: 'before', head });
  });

  it('refuses a database that holds another store, and leaves it alone', async () => {
    await fill(liveThroughEverything);
    const there = await openTarget();
    await there.appendRecords([{ kind: 'test.happened' }]);
    await expect(migrate()).rejects.toThrow(
      /already holds a store, whose audit log has 1 leaves\. Nothing was/,
    );
    expect(await there.countLeaves()).toBe(1);
    expect(await there.countPending(health)).toBe(0);
  });

  it('refuses to move a second time to another database, and leaves that one empty', async () => {
    await fill(liveThroughEverything);
    await migrate();
    const second = await createMongodbFixture();
    try {
      const moving = migrate({ to: second.url });
      await expect(moving).rejects.toThrow(`was moved to the database ${target.database.databaseName} at `);
      await expect(moving).rejects.toMatchObject({ code: 'store-not-moved' });
      expect(await second.database.listCollections().toArray()).toEqual([]);
    } finally {
      await second.remove();
    }
  });

  it('refuses a database of another program', async () => {
    await fill(liveThroughEverything);
    await target.database.collection('invoices').insertOne({ paid: true });
    await expect(migrate()).rejects.toThrow(/belongs to another program/);
  });

  it('refuses to mix two stores, or two states of one', async () => {
    await fill(liveThroughEverything);
    const { head } = await migrate();
    await fill(async (store) => store.appendRecords([{ kind: 'test.happened' }]));
    await expect(migrate()).rejects.toThrow(
      `had ${head.leaves} leaves; this one has ${head.leaves + 1}, or others`,
    );
  });

  it('refuses while a gateway runs on the file, and names a file that is none', async () => {
    await fill(liveThroughEverything);
    const gateway = lockPath(source.file);
    await expect(migrate()).rejects.toMatchObject({ code: 'store-in-use' });
    gateway.release();
    await expect(migrate({ from: 'sqlite:/nowhere/causeway.db' })).rejects.toThrow(/no store at \/now/);
    await expect(migrate({ from: target.url, to: source.file })).rejects.toThrow(/and not the other way/);
    await expect(migrate({ to: source.file })).rejects.toThrow(/after --to, or as `store` in gateway\.yaml/);
  });

  it('lets nobody write to the file while it moves, and refuses who has waited meanwhile', async () => {
    await fill(liveThroughEverything);
    const other = await kept(openStore(source.file, { receiptKeyPem: source.receiptKeyPem, auditKey }));
    let written: Promise<unknown> = Promise.resolve();
    let order = '';
    const moving = migrate({
      from: source.file,
      observe: (step, collection) => {
        if (order !== '' || step !== 'move' || collection !== 'message') return;
        order = 'asked';
        const asked = other.appendRecords([{ kind: 'test.happened' }]);
        written = asked.catch((error: unknown) => {
          order += ', refused';
          return error;
        });
      },
    });
    const { head } = await moving.then((result) => {
      order += ', moved';
      return result;
    });
    expect(await written).toMatchObject({ code: 'configuration-invalid' });
    expect(order).toBe('asked, moved, refused');
    expect(await other.countLeaves()).toBe(head.leaves);
  });

  it.each([
    ['a document was changed', { $set: { expiresAt: 1 } }],
    ['a document is missing', undefined],
  ])('does not open the database for gateways when %s meanwhile', async (_, change) => {
    await fill(liveThroughEverything);
    const messages = target.database.collection('message');
    const meddle = async (): Promise<void> => {
      const { _id } = (await messages.findOne({ firstDelivery: 1 }, { hint: '_id_' }))!;
      await (change === undefined ? messages.deleteOne({ _id }) : messages.updateOne({ _id }, change));
    };
    const moving = migrate({
      from: source.file,
      observe: async (step, collection) => {
        if (step === 'move' && collection === 'block') await meddle();
      },
    });
    await expect(moving).rejects.toThrow(/The collection message is not what was moved/);
    await expect(target.open()).rejects.toMatchObject({ code: 'store-not-moved' });
  });
});

/** One of everything that a store can be asked to write. */
async function liveThroughEverything(store: Store): Promise<void> {
  await store.permitEnrolment(permit(health, 'used', noon + hourMs), { kind: 'enrolment.permitted' });
  await store.enrol(digestOf('used'), directoryEntry(health), noon, { kind: 'endpoint.enrolled' });
  await store.permitEnrolment(permit(school, 'unused', noon + hourMs), { kind: 'enrolment.permitted' });
  const revoked = directoryEntry(health, { status: 'revoked', revokedAt: '2026-11-23T12:30:00.000Z' });
  await store.replaceEntry(directoryEntry(health), revoked, { kind: 'endpoint.revoked' });
  await store.requestPolicyReload({ kind: 'policy.applied' });
  const recipients = [health, school].map((endpoint, nth) => ({ endpoint, listening: nth === 1 }));
  const ofCase = (number: number): AcceptableMessage =>
    acceptable(number, { thread: erasedCase, expiresAt: noon + 5 });
  const messages = [
    ...[1, 2, 3].map((number) => acceptable(number, { recipients })),
    acceptable(4, { lane: 0, recipients: [{ endpoint: socialWork, listening: false }] }),
    acceptable(5, { expiresAt: noon + 1 }),
    refusable(6),
    refusable(7, { final: false }),
    ofCase(8),
    ofCase(9),
  ];
  const { outcomes } = await store.submit({ source: police, messages });
  await store.submit({ source: school, messages: [acceptable(1, { recipients: [recipients[0]!] })] });
  await store.submit({ source: police, messages: [acceptable(1), acceptable(2, { variant: 'other' })] });
  const deliveries = outcomes.flatMap((each) => (each.outcome === 'accepted' ? each.deliveries : []));
  await store.markDelivered(deliveries.slice(0, 5));
  const accepted = messages.filter((message) => message.verdict === 'accept');
  await store.settle(settlementOf(accepted.slice(0, 2), health));
  await store.settle(settlementOf(accepted.slice(2, 3), school, 'refused'));
  await store.settle(settlementOf(accepted.slice(-2), health));
  await store.expire(noon + 2, 10);
  await store.forgetReceipts(police, 2);
  await liveThroughRetirement(store);
  await store.eraseCase(erasedCase, { kind: 'case.erased' });
  await store.submit({ source: police, messages: [acceptable(10, { thread: erasedCase })] });
  await store.setMarks(new Map([['correlator.position', 4]]));
}

async function liveThroughRetirement(store: Store): Promise<void> {
  const { bytes: unit } = encodeUnit(Buffer.from('envelope'), Buffer.alloc(67), Buffer.from('ciphertext'));
  const message = acceptable(11, { unit });
  const position = (await store.countLeaves()) + 1;
  await store.submit({ source: police, messages: [message] });
  await store.settle(settlementOf([message], health));
  expect(await store.retirePayloads([position], { kind: 'payload.retired' })).toBe(1);
}

async function submitMany(store: Store, count: number): Promise<void> {
  for (let from = 0; from < count; from += 200) {
    const messages = Array.from({ length: 200 }, (_, index) => acceptable(from + index));
    await store.submit({ source: police, messages });
  }
}

/** Everything that can be asked about what {@link liveThroughEverything} did. */
async function answersOf(store: Store) {
  const numbers = Array.from({ length: 12 }, (_, number) => number);
  const each = async <T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> =>
    Promise.all(items.map(ask));
  const runs = await store.readLeafRuns(0);
  return {
    leaves: await store.readLeaves(0, 10_000),
    marks: await store.readMarks(),
    tree: Buffer.concat(runs.map(({ leaves }) => leaves)).toString(),
    count: await store.countLeaves(),
    queues: await each(people, async (who) =>
      each(lanes, async (lane) => store.readQueue(who, lane, 0, 100)),
    ),
    pending: await each(people, async (who) => store.countPending(who)),
    receipts: await each(people, async (who) => store.readReceipts(who, 0, 1_000)),
    ends: await each(people, async (who) => store.readReceiptsEnd(who)),
    messages: await each(numbers, async (number) =>
      each([police, school], async (who) => store.readMessage(who, messageId(number))),
    ),
    evidence: await each(numbers, async (number) =>
      (await store.readEvidence(messageId(number))).toSorted((left, right) =>
        left.source < right.source ? -1 : 1,
      ),
    ),
    directory: await store.readDirectory(),
    permits: await each(['used', 'unused', 'none'], async (secret) =>
      store.readPermit(digestOf(secret), noon),
    ),
  };
}

/** The answers of a store that was moved, without the leaf that says so; one reading may end before that. */
async function answersBeforeMove(store: Store): ReturnType<typeof answersOf> {
  const { leaves, tree, count, ...rest } = await answersOf(store);
  const isEnd = leaves.length === count;
  const { leaf } = leaves.at(-1)!;
  return {
    ...rest,
    leaves: isEnd ? leaves.slice(0, -1) : leaves,
    tree: tree.endsWith(leaf) && isEnd ? tree.slice(0, -leaf.length - leafLengthBytes) : tree,
    count: count - 1,
  };
}

/** What a store answers to more of the same. */
async function goOn(store: Store) {
  const messages = [1, 2, 6, 8, 20].map((number) => acceptable(number));
  const { outcomes } = await store.submit({ source: police, messages });
  const enrolled = await store.enrol(digestOf('unused'), directoryEntry(school), noon, { kind: 'enrolled' });
  const again = await store.enrol(digestOf('used'), directoryEntry(health), noon, { kind: 'enrolled' });
  const settled = await store.settle(settlementOf([acceptable(3)], health));
  const erased = await store.eraseCase(messageId(1), { kind: 'case.erased' });
  const { entries, leaves, version } = await store.readDirectory();
  return {
    outcomes,
    enrolled,
    again,
    settled,
    erased,
    entries,
    leaves,
    version,
    end: await store.readReceiptsEnd(police),
    count: await store.countLeaves(),
    opened: (await store.readLeaves(0, 10_000)).map(({ entry, erased: isErased }) => [entry, isErased]),
  };
}

function isProgress(line: string, step: string, collection: string, atLeast: number): boolean {
  const progress = JSON.parse(line) as { step?: string; collection?: string; count?: number };
  return progress.step === step && progress.collection === collection && (progress.count ?? 0) >= atLeast;
}
