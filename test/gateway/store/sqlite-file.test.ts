import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AcceptableMessage, RefusableMessage } from '../../../gateway/store/port.ts';
import { uuidFromBytes, uuidToBytes } from '../../../protocol/uuid.ts';
import { createSqliteFixture, type SqliteFixture } from './sqlite-fixture.ts';
import { encodeUnit } from '../../../protocol/wire/frame.ts';
import {
  acceptable,
  health,
  messageId,
  noon,
  police,
  refusable,
  sampleEnvelopeOf,
  settlementOf,
} from './synthetic-messages.ts';

let fixture: SqliteFixture;

beforeEach(async () => {
  fixture = await createSqliteFixture();
});
afterEach(async () => {
  await fixture.remove();
});

describe('the file of a SQLite store', () => {
  test('is made for its owner alone, in WAL with large pages', async () => {
    const store = await fixture.open();
    await store.probe();
    for (const name of [fixture.file, `${fixture.file}-wal`])
      expect((await stat(name)).mode & 0o777).toBe(0o600);
    await store.close();
    const database = new DatabaseSync(fixture.file, { readOnly: true });
    const pragma = (name: string): unknown =>
      Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    expect([pragma('page_size'), pragma('journal_mode'), pragma('integrity_check')]).toEqual([
      16384,
      'wal',
      'ok',
    ]);
    database.close();
  });

  test('has room inside where payloads went', async () => {
    const store = await fixture.open();
    const payload = Buffer.alloc(300_000);
    const { bytes: unit } = encodeUnit(sampleEnvelopeOf(1), Buffer.alloc(67), payload);
    const message = acceptable(1, { unit });
    await store.submit({ source: police, messages: [message] });
    await store.settle(settlementOf([message], health));
    expect(await store.readReusableBytes()).toBeLessThan(payload.byteLength / 2);
    await store.retirePayloads([1], { kind: 'payload.retired' });
    expect(await store.readReusableBytes()).toBeGreaterThan(payload.byteLength * 0.9);
    await store.close();
  });

  test('that is no database is refused and left alone', async () => {
    await writeFile(fixture.file, 'minutes of a meeting, '.repeat(1000));
    await expect(fixture.open()).rejects.toMatchObject({ code: 'store-damaged' });
    expect((await stat(fixture.file)).size).toBe(22_000);
  });

  test('whose first page was overwritten is called damaged, not of another version', async () => {
    await (await fixture.open()).close();
    const file = await open(fixture.file, 'r+');
    await file.write(Buffer.alloc(4_096, 0xa5), 0, 4_096, 100);
    await file.close();
    await expect(fixture.open()).rejects.toMatchObject({ code: 'store-damaged' });
  });

  test('of another program is refused and left alone', async () => {
    const database = new DatabaseSync(fixture.file);
    database.exec('CREATE TABLE minutes (text TEXT)');
    await expect(fixture.open()).rejects.toMatchObject({ code: 'store-incompatible' });
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' });
    database.close();
  });

  test.each([
    [
      'a trigger',
      `CREATE TRIGGER hush AFTER INSERT ON audit_block
       BEGIN UPDATE audit_block SET leaves = x'' WHERE first = new.first; END`,
    ],
    ['a view', 'CREATE VIEW hush AS SELECT * FROM audit_block'],
    ['an index', 'CREATE UNIQUE INDEX hush ON message (0 * seq)'],
    ['a table', 'CREATE TABLE hush (a)'],
  ])('into which somebody has put %s is refused', async (_what, statement) => {
    await (await fixture.open()).close();
    fixture.execute(statement);
    await expect(fixture.open()).rejects.toMatchObject({
      code: 'store-damaged',
      detail: expect.stringContaining(' hush, which is not of this program') as unknown,
    });
  });

  test.each([
    [
      'index message_by_case',
      'DROP INDEX message_by_case; CREATE UNIQUE INDEX message_by_case ON message (0)',
    ],
    ['table delivery', 'ALTER TABLE delivery ADD COLUMN more INTEGER DEFAULT 1 CHECK (id = 0)'],
  ])('whose %s somebody has changed is refused', async (what, statement) => {
    await (await fixture.open()).close();
    fixture.execute(statement);
    await expect(fixture.open()).rejects.toMatchObject({
      code: 'store-damaged',
      detail: `Its ${what} is not as this program makes it: somebody has changed it.`,
    });
  });

  test('that SQLite has analysed is opened', async () => {
    await (await fixture.open()).close();
    fixture.execute('ANALYZE');
    await (await fixture.open()).close();
  });

  test.each([
    ['index', 'CREATE UNIQUE INDEX hush ON message(lane)'],
    ['table', 'CREATE TABLE hush(a)'],
  ])('is refused with a foreign %s that bears a name of SQLite', async (type, statement) => {
    await (await fixture.open()).close();
    const database = new DatabaseSync(fixture.file, { defensive: false });
    database.exec(`${statement}; PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET name = 'sqlite_hush', tbl_name = replace(tbl_name, 'hush', 'sqlite_hush'),
        sql = replace(sql, 'hush', 'sqlite_hush') WHERE name = 'hush'`);
    database.close();
    await expect(fixture.open()).rejects.toMatchObject({
      code: 'store-damaged',
      detail: `It has the ${type} sqlite_hush, which is not of this program: somebody has put it there.`,
    });
  });

  test.each([
    [
      'a trigger',
      `CREATE TRIGGER hush AFTER INSERT ON audit_block
       BEGIN UPDATE audit_block SET leaves = x'' WHERE first = new.first; END`,
      'DROP TRIGGER hush',
    ],
    ['a view', 'CREATE VIEW hush AS SELECT * FROM audit_block', 'DROP VIEW hush'],
    ['an index', 'CREATE UNIQUE INDEX hush ON message (0 * seq)', 'DROP INDEX hush'],
    ['a table', 'CREATE TABLE hush (a)', 'DROP TABLE hush'],
  ])('commits nothing from when somebody puts %s into it until it is gone', async (_what, put, remove) => {
    const errors: unknown[] = [];
    const store = await fixture.open({ onError: (error) => errors.push(error) });
    await store.appendRecords([{ kind: 'test.happened' }]);
    const database = new DatabaseSync(fixture.file, { timeout: 5_000 });
    database.exec(put);
    const refusal = {
      code: 'store-unavailable',
      detail: expect.stringContaining(' hush, which is not of this program') as unknown,
    };
    // The first commit after it is refused already, and the connection is not opened anew around it.
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(store.appendRecords([{ kind: 'test.happened' }])).rejects.toMatchObject(refusal);
      await expect(store.probe()).rejects.toMatchObject(refusal);
    }
    const told = expect.objectContaining(refusal) as unknown;
    await vi.waitFor(() => expect(errors).toEqual([told]), { timeout: 5_000 });
    database.exec(remove);
    database.close();
    await store.appendRecords([{ kind: 'test.happened' }]);
    const leaves = await store.readLeaves(0, 10);
    expect(leaves.map(({ entry }) => entry.kind)).toEqual(['test.happened', 'test.happened']);
    await store.close();
  });

  test('goes on where somebody has changed the schema in another way', async () => {
    const store = await fixture.open();
    await store.probe();
    fixture.execute('ANALYZE; VACUUM');
    await store.probe();
    await store.close();
  });

  test('of another version is refused', async () => {
    await (await fixture.open()).close();
    fixture.execute('PRAGMA user_version = 99');
    await expect(fixture.open()).rejects.toMatchObject({
      code: 'store-incompatible',
      detail: expect.stringContaining('99') as unknown,
    });
  });

  test('of the form before is brought to this one by its gateway alone, and forgets no expiry', async () => {
    const store = await fixture.open();
    const messages = [30, 10, 20].map((offset, index) => acceptable(index, { expiresAt: noon + offset }));
    const { outcomes } = await store.submit({ source: police, messages });
    await store.close();
    const database = new DatabaseSync(fixture.file);
    database.exec(`DROP TABLE expiry_span; PRAGMA user_version = 5;
      CREATE INDEX delivery_expiry ON delivery (expires_at) WHERE settled_at IS NULL`);
    await expect(fixture.open()).rejects.toMatchObject({
      code: 'store-incompatible',
      detail: 'It has form 5: start its gateway once with this program, which brings it to form 8.',
    });
    const upgraded = await fixture.open({ upgrade: true });
    const [late, early, middle] = outcomes.flatMap((outcome) =>
      outcome.outcome === 'accepted' ? outcome.deliveries : [],
    );
    expect(await upgraded.expire(noon + 20, 10)).toEqual({ expired: [early, middle], nextDueAt: noon + 30 });
    expect(await upgraded.expire(noon + 30, 10)).toEqual({ expired: [late], nextDueAt: null });
    await upgraded.close();
    expect(database.prepare("SELECT name FROM sqlite_schema WHERE name = 'delivery_expiry'").all()).toEqual(
      [],
    );
    database.close();
    await (await fixture.open()).close();
  });

  const told = 'No rule permits it.';
  const sealed = '"words":{"of":"0191e0c0-0000-7000-8000-000000000001","commitment":"","sealed":""}';
  test.each([
    [6, `{"code":"policy-denied","text":"${told}"}`],
    [7, `{"code":"policy-denied",${sealed}}`],
  ])(
    'of form %i, which kept the words of refusals in a row, has them in the leaf alone',
    async (form, kept) => {
      const store = await fixture.open();
      await store.submit({ source: police, messages: [refusable(1), acceptable(2)] });
      await store.close();
      fixture.execute(
        `UPDATE message SET refusal = '${kept}' WHERE refusal IS NOT NULL; PRAGMA user_version = ${form}`,
      );
      const upgraded = await fixture.open({ upgrade: true });
      const { outcomes, receipts } = await upgraded.submit({ source: police, messages: [refusable(1)] });
      expect(outcomes).toEqual([{ outcome: 'refused', code: 'policy-denied' }]);
      expect(receipts.includes(`{"code":"policy-denied","text":"${told}"}`)).toBe(true);
      await upgraded.close();
      const file = await readFile(fixture.file);
      expect([told, '"words"'].filter((each) => file.includes(each))).toEqual([]);
    },
  );

  test('in a folder that does not exist cannot be opened', async () => {
    await expect(fixture.open({ file: join(fixture.file, 'deeper', 'store.db') })).rejects.toMatchObject({
      code: 'store-unavailable',
    });
  });

  test('may be created by two at once', async () => {
    const stores = await Promise.all([fixture.open(), fixture.open()]);
    await Promise.all(stores.map(async (store) => store.appendRecords([{ kind: 'test.happened' }])));
    expect(await stores[0].readLeaves(0, 10)).toHaveLength(2);
    await Promise.all(stores.map(async (store) => store.close()));
  });

  test('is kept while another holds it for a moment', async () => {
    const store = await fixture.open();
    const database = new DatabaseSync(fixture.file);
    database.exec('BEGIN IMMEDIATE');
    const submitted = store.submit({ source: police, messages: [acceptable(1)] });
    database.exec('COMMIT');
    database.close();
    expect((await submitted).outcomes[0]?.outcome).toBe('accepted');
    await store.close();
  });
});

describe('a store without room', () => {
  const large = (number: number): ReturnType<typeof acceptable> =>
    acceptable(number, { unit: Buffer.alloc(400_000, number) });

  test('promises nothing, keeps what is small enough, and recovers when there is room', async () => {
    let store = await fixture.open({ maxPages: 120 });
    const kept: number[] = [];
    const refused: number[] = [];
    for (let number = 0; number < 8; number++) {
      await store.submit({ source: police, messages: [large(number)] }).then(
        () => kept.push(number),
        (error: unknown) => {
          const detail = 'The disk of the store is full.';
          expect(error).toMatchObject({ code: 'store-unavailable', detail, meaning: { retryable: true } });
          refused.push(number);
        },
      );
    }
    expect(kept.length).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(0);
    // In one batch with one that is too large: only that one fails.
    const beside = await Promise.allSettled([
      store.submit({ source: police, messages: [acceptable(100)] }),
      store.submit({ source: police, messages: [large(101)] }),
      store.appendRecords([{ kind: 'test.happened' }]),
    ]);
    expect(beside.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await store.countPending(health)).toBe(kept.length + 1);
    await store.close();

    store = await fixture.open();
    for (const number of refused) {
      expect((await store.submit({ source: police, messages: [large(number)] })).outcomes[0]?.outcome).toBe(
        'accepted',
      );
    }
    const records = await store.readLeaves(0, 100);
    expect(records.map(({ index }) => index)).toEqual(records.map((_, index) => index));
    expect(records).toHaveLength(10);
    expect(await store.countPending(health)).toBe(9);
    await store.close();
  });

  test('recovers unaided, without being opened again, when another process makes room', async () => {
    // The limit counts pages of the file, and free pages within it are used again.
    const store = await fixture.open({ maxPages: 60 });
    await store.submit({ source: police, messages: [large(1)] });
    const submitSecond = async (): Promise<unknown> => store.submit({ source: police, messages: [large(2)] });
    await expect(submitSecond()).rejects.toMatchObject({ code: 'store-unavailable' });
    await expect(submitSecond()).rejects.toMatchObject({ code: 'store-unavailable' });
    fixture.execute("UPDATE message SET unit = x''");
    await expect(submitSecond()).resolves.toMatchObject({ outcomes: [{ outcome: 'accepted' }] });
    await store.close();
  });
});

test('what was erased is nowhere in the files: neither the ciphertext nor what would open the bodies', async () => {
  const store = await fixture.open();
  const unit = Buffer.from('ciphertext of a case to be erased '.repeat(2_000));
  const message = acceptable(1, { unit });
  await store.submit({ source: police, messages: [message, acceptable(2)] });
  await store.settle(settlementOf([message], health));
  const reader = new DatabaseSync(fixture.file);
  const row = reader.prepare('SELECT secret FROM message WHERE id = ?').get(uuidToBytes(message.thread));
  reader.close();
  const secret = Buffer.from(row?.secret as Uint8Array);
  const erased = { kind: 'case.erased' };
  const holds = async (bytes: Buffer): Promise<boolean[]> =>
    Promise.all(['', '-wal'].map(async (end) => (await readFile(`${fixture.file}${end}`)).includes(bytes)));
  expect(await holds(secret)).toContain(true);
  expect(await holds(unit.subarray(0, 64))).toContain(true);
  expect(await store.eraseCase(message.thread, erased)).toBe('erased');
  expect(await holds(secret)).toEqual([false, false]);
  expect(await holds(unit.subarray(0, 64))).toEqual([false, false]);
  await store.close();
});

test('what the sender of a refused message was told is nowhere in the clear in the files, from the beginning', async () => {
  const store = await fixture.open();
  const text = 'No rule permits welfare of nhs-lanarkshire.';
  const messages = [acceptable(1), refusable(2, { text, thread: messageId(1) }), refusable(3, { text })];
  await store.submit({ source: police, messages });
  const files = await Promise.all(['', '-wal'].map(async (end) => readFile(`${fixture.file}${end}`)));
  expect(Buffer.concat(files).includes('{"code":"policy-denied"}')).toBe(true);
  expect(Buffer.concat(files).includes('welfare of')).toBe(false);
  await store.close();
});

test('what was erased while somebody reads older pages goes from the log with a commit after that, and who asks is told', async () => {
  const [gateway, operator] = [await fixture.open(), await fixture.open()];
  const message = acceptable(1);
  await gateway.submit({ source: police, messages: [message] });
  await gateway.settle(settlementOf([message], health));
  const secret = readSecrets().get(message.thread)!;
  const inLog = async (): Promise<boolean> => (await readFile(`${fixture.file}-wal`)).includes(secret);
  const reader = new DatabaseSync(fixture.file);
  reader.exec('BEGIN; SELECT count(*) FROM message');
  expect(await operator.eraseCase(message.thread, { kind: 'case.erased' })).toBe('erased');
  expect(await operator.readResidue()).toBe('write-ahead-log');
  await operator.close();
  expect(await gateway.readResidue()).toBe('write-ahead-log');
  expect(await inLog()).toBe(true);
  reader.close();
  await vi.waitFor(async () => expect(await gateway.readResidue()).toBeUndefined());
  expect(await inLog()).toBe(false);
  await gateway.close();
});

test('what an erased case leaves behind where rows have moved between pages is overwritten, too', async () => {
  const store = await fixture.open();
  // A sender's ids do not come in order, so pages are split in their middles.
  const numbers = Array.from({ length: 1_500 }, (_, place) => (place * 7_919) % 1_500);
  const messages = numbers.map((number) => {
    const thread = messageId(10_000 + number);
    if (number % 3 === 0) return refusable(number, { thread });
    return acceptable(number, number % 3 === 1 ? {} : { thread });
  });
  for (let start = 0; start < messages.length; start += 50)
    await store.submit({ source: police, messages: messages.slice(start, start + 50) });
  await store.settle(settlementOf(messages.filter(isAcceptable), health));
  const secrets = readSecrets();
  const erased = messages.filter((_, place) => place % 2 === 0).map(({ thread }) => thread!);
  const outcomes = await Promise.all(erased.map((id) => store.eraseCase(id, { kind: 'case.erased' })));
  expect(new Set(outcomes)).toEqual(new Set(['erased']));
  await store.close();
  const file = await readFile(fixture.file);
  expect(erased.filter((id) => file.includes(secrets.get(id)!))).toEqual([]);
  expect(messages.filter(({ thread }) => file.includes(secrets.get(thread!)!))).toHaveLength(750);
});

function isAcceptable(message: AcceptableMessage | RefusableMessage): message is AcceptableMessage {
  return message.verdict === 'accept';
}

/** The secrets of all cases, by case. */
function readSecrets(): ReadonlyMap<string, Buffer> {
  const reader = new DatabaseSync(fixture.file);
  const rows = reader
    .prepare(
      'SELECT id, secret FROM case_secret UNION SELECT id, secret FROM message WHERE secret IS NOT NULL',
    )
    .all() as unknown as { readonly id: Uint8Array; readonly secret: Uint8Array }[];
  reader.close();
  return new Map(rows.map(({ id, secret }) => [uuidFromBytes(id), Buffer.from(secret)]));
}

test('acceptances are read about 1 MiB of envelopes at a time', async () => {
  const store = await fixture.open();
  for (const number of [1, 2, 3]) {
    const { bytes } = encodeUnit(sampleEnvelopeOf(number, 700_000), Buffer.alloc(67), Buffer.alloc(7));
    await store.submit({ source: police, messages: [acceptable(number, { unit: bytes })] });
  }
  expect(await store.readAcceptances(0, 100, 0)).toHaveLength(2);
  await store.close();
});
