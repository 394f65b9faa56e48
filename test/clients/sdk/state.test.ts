import { copyFile, mkdir, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { generateKeyPairSync, randomUUIDv7 } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { backoffMs } from '../../../clients/sdk/backoff.ts';
import { KnownLimits } from '../../../clients/sdk/heeded-limits.ts';
import { isHolderAlive, newHolder, claimHolder } from '../../../clients/sdk/holder.ts';
import type { KeptAnswer } from '../../../clients/sdk/kept-answer.ts';
import type { Link } from '../../../clients/sdk/link.ts';
import { LogTable } from '../../../clients/sdk/log/log-table.ts';
import { LostTable } from '../../../clients/sdk/lost-table.ts';
import { OutboxTable, type EnvelopeDraft } from '../../../clients/sdk/outbox-table.ts';
import { Outbox } from '../../../clients/sdk/outbox.ts';
import { StateDatabase, stateFileName } from '../../../clients/sdk/state-database.ts';
import { openingFailure } from '../../../clients/sdk/state-failure.ts';
import { CausewayError, errorCodes } from '../../../protocol/errors.ts';
import type { Digest, EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import { limits } from '../../../protocol/limits.ts';
import { batchSigner } from '../../../protocol/proof/signing.ts';
import { parseEnvelope } from '../../../protocol/wire/envelope.ts';

/** Takes back what versions 5 to 7 added. */
const asOfVersion4 = `
  DROP TABLE false_receipts;
  ALTER TABLE held_receipts DROP COLUMN signed;
  ALTER TABLE own_changes DROP COLUMN found_at;
  DROP INDEX outbox_kept;
  ALTER TABLE outbox DROP COLUMN expires_at;
  ALTER TABLE outbox DROP COLUMN record_before;
  DROP TABLE lost;
  DELETE FROM meta WHERE name = 'highestRecord';`;

let dir: string;
let state: StateDatabase;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-state-'));
  state = new StateDatabase(dir);
});

afterEach(async () => {
  await state.close();
  await rm(dir, { recursive: true, force: true });
});

function countRows(): number {
  return Number(state.statements.prepare('SELECT count(*) AS n FROM sequences').get()!.n);
}

const insert = (name: string) => () =>
  state.statements.prepare('INSERT INTO sequences (recipient, last) VALUES (?, 1)').run(name);

test('the state is readable by its owner only', async () => {
  expect((await stat(join(dir, stateFileName))).mode & 0o777).toBe(0o600);
});

test('changes of one turn are committed together, and one that fails sinks no other', async () => {
  const results = await Promise.allSettled([
    state.write(insert('a')),
    state.write(() => {
      insert('half')();
      throw new CausewayError('outbox-full');
    }),
    state.write(insert('a')),
    state.write(insert('b')),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  expect((results[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'outbox-full' });
  expect((results[2] as PromiseRejectedResult).reason).toMatchObject({ code: 'state-unavailable' });
  expect(countRows()).toBe(2);
});

test('a writer waits while another process writes, and is told of the change', async () => {
  const other = new DatabaseSync(join(dir, stateFileName));
  const before = state.changesByOthers();
  other.exec("BEGIN IMMEDIATE; INSERT INTO sequences (recipient, last) VALUES ('theirs', 1)");
  let isWritten = false;
  const written = state.write(insert('ours')).then(() => (isWritten = true));
  // Longer than the database itself would wait for its turn.
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(isWritten).toBe(false);
  other.exec('COMMIT');
  await written;
  other.close();
  expect(countRows()).toBe(2);
  expect(state.changesByOthers()).not.toBe(before);
});

test('what nobody waits for is written before the state is closed', async () => {
  state.writeLater(insert('later'));
  await state.close();
  state = new StateDatabase(dir);
  expect(countRows()).toBe(1);
});

test('faults that were found before anybody could acknowledge them are kept, and can be', async () => {
  const fault = { kind: 'stale', subject: 's', foundAt: 1, detail: 'd', evidence: 'e' } as const;
  const change = { leaf: 7, kind: 'endpoint.renewed', at: 1, entry: 'e' as Digest, foreign: true };
  const table = (): LogTable => new LogTable(state.statements);
  await state.write(() => [table().noteFault(fault), table().noteChange(change)]);
  await state.close();
  const file = new DatabaseSync(join(dir, stateFileName));
  file.exec(`ALTER TABLE log_faults DROP COLUMN acknowledged_at;
    ALTER TABLE own_changes DROP COLUMN acknowledged_at; ${asOfVersion4} PRAGMA user_version = 3;`);
  file.close();
  state = new StateDatabase(dir);
  expect([table().readFaults(), table().readChanges()]).toEqual([[fault], [change]]);
  for (const at of [5, 6]) {
    await state.write(() => table().acknowledge({ faults: [fault], changes: [change] }, at));
    expect(table().readFaults()).toEqual([{ ...fault, acknowledgedAt: 5 }]);
    expect(table().readChanges()).toEqual([{ ...change, acknowledgedAt: 5 }]);
  }
});

test('a folder in the place of the state file is refused by a typed error that names it', async () => {
  const other = await mkdtemp(join(tmpdir(), 'causeway-unopened-'));
  const path = join(other, stateFileName);
  await mkdir(path);
  expect(() => new StateDatabase(other)).toThrow(
    expect.objectContaining({
      code: 'home-invalid',
      detail: `${path} is not a file.`,
    }),
  );
  await rm(other, { recursive: true });
});

test('a state of a later version is not touched', async () => {
  await state.close();
  const database = new DatabaseSync(join(dir, stateFileName));
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  database.exec('PRAGMA user_version = 99');
  database.close();
  expect(() => new StateDatabase(dir)).toThrow(expect.objectContaining({ code: 'store-incompatible' }));
  const again = new DatabaseSync(join(dir, stateFileName));
  again.exec(`PRAGMA user_version = ${version}`);
  again.close();
  state = new StateDatabase(dir);
});

test('a state of the version before goes on: what waits is kept from now on, of what was accepted there is no copy', async () => {
  const table = new OutboxTable(state.statements, 10);
  const [accepted, waiting] = [draft(['a/x']), draft(['a/x'])];
  const recipients = ['a/x' as EndpointAddress];
  const answer: KeptAnswer = { outcome: 'accepted', at: 1, record: 7, listening: [], away: [] };
  await state.write(() => {
    for (const envelope of [accepted, waiting])
      table.insert({ envelope, payload: Buffer.alloc(1), recipients }, 'me', true, Date.now(), limits);
    const [first] = table.readWaiting('me', 0, 1, 1);
    table.answer(accepted.id, first!.digest, answer);
    state.statements.exec(`
      UPDATE outbox SET payload = NULL WHERE state = 'accepted';
      ${asOfVersion4}
      PRAGMA user_version = 4;`);
  });
  await state.close();
  state = new StateDatabase(dir);
  const again = new OutboxTable(state.statements, 10);
  const lost = new LostTable(state.statements);
  await state.write(() => {
    const [left] = again.readWaiting('me', 0, 1, 1);
    again.answer(waiting.id, left!.digest, answer);
    lost.note('log', Date.now());
  });
  expect(lost.list(Date.now())).toMatchObject([
    { id: accepted.id, state: 'unsent', recipients },
    { id: waiting.id, state: 'due', recipients },
  ]);
  // What has expired is told by its expiry, and nobody can send it any more.
  expect(lost.list(Date.now() + 2 * limits.maxLifetimeMs)).toEqual([]);
});

test('a state file that is damaged is refused in words, and left as it is', async () => {
  const other = await mkdtemp(join(tmpdir(), 'causeway-damaged-'));
  const file = join(other, stateFileName);
  await writeFile(file, Buffer.alloc(5_000, 7));
  expect(() => new StateDatabase(other)).toThrow(expect.objectContaining({ code: 'store-damaged' }));
  expect(await readFile(file)).toEqual(Buffer.alloc(5_000, 7));
  await rm(other, { recursive: true });
});

test('what turns out to be damaged later is told as that, with the file, by reads and writes and by a check', async () => {
  const path = join(dir, stateFileName);
  const damaged = expect.objectContaining({
    code: 'store-damaged',
    detail: expect.stringContaining(`It is ${path}, `) as unknown,
  }) as Error;
  const read = () => state.statements.prepare('SELECT * FROM inbox').all();
  state.check();
  const other = new DatabaseSync(path);
  const rootOf = (name: string): number =>
    Number(other.prepare('SELECT rootpage AS page FROM sqlite_schema WHERE name = ?').get(name)!.page);
  const [inbox, sequences] = [rootOf('inbox'), rootOf('sequences')];
  other.exec('PRAGMA wal_checkpoint(TRUNCATE); DROP TABLE held;');
  expect(() => state.check()).toThrow(damaged);
  expect(() => state.statements.prepare('SELECT * FROM held').get()).toThrow(damaged);
  other.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  other.close();
  await state.close();
  const file = await open(path, 'r+');
  for (const page of [inbox, sequences]) await file.write(Buffer.alloc(4_096), 0, 4_096, (page - 1) * 4_096);
  await file.close();
  state = new StateDatabase(dir);
  expect(read).toThrow(damaged);
  await expect(state.write(insert('a'))).rejects.toEqual(damaged);
  expect(() => state.check()).toThrow(damaged);
});

test('a full disk is named as that', async () => {
  state.statements.exec('PRAGMA max_page_count = 1');
  await expect(
    state.write(() =>
      state.statements.prepare("INSERT INTO meta (name, value) VALUES ('n', zeroblob(100000))").run(),
    ),
  ).rejects.toMatchObject({
    code: 'state-unavailable',
    detail: `${join(dir, stateFileName)} cannot be written: the disk is full.`,
  });
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  expect(openingFailure('/home/state.db', full)).toMatchObject({
    code: 'state-unavailable',
    detail: '/home/state.db cannot be written: the disk is full.',
  });
  const readOnly = Object.assign(new Error('read-only file system'), { code: 'EROFS' });
  expect(openingFailure('/home/state.db', readOnly)).toMatchObject({
    code: 'state-unavailable',
    detail: '/home/state.db cannot be written: its disk takes no changes at present (it is read-only).',
  });
  const busy = Object.assign(new Error('database is locked'), { errcode: 5 });
  expect(openingFailure(join(dir, stateFileName), busy)).toMatchObject({
    code: 'state-unavailable',
    detail: `${join(dir, stateFileName)} is held by another program.`,
  });
});

test('a state that is gone or empty is not begun anew until a person allows it', async () => {
  const [path, mark] = [join(dir, stateFileName), join(dir, 'state-begun')];
  const lost = expect.objectContaining({
    code: 'home-invalid',
    detail: expect.stringMatching(/ is missing or empty, .* allows it: rm \S+$/) as unknown,
  }) as Error;
  // Another process that opens the home now sees the mark: the file must not look empty to it.
  expect((await stat(path)).size).toBeGreaterThan(0);
  await state.write(insert('a'));
  await state.close();
  await copyFile(path, `${path}.kept`);
  await rm(path);
  expect(() => new StateDatabase(dir)).toThrow(lost);
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  await writeFile(path, '');
  expect(() => new StateDatabase(dir)).toThrow(lost);
  const blank = new DatabaseSync(path);
  blank.exec('PRAGMA journal_mode = WAL');
  blank.close();
  expect(() => new StateDatabase(dir)).toThrow(lost);
  // A home of an older version has no mark, and gets it.
  await copyFile(`${path}.kept`, path);
  await rm(mark);
  await new StateDatabase(dir).close();
  await rm(path);
  expect(() => new StateDatabase(dir)).toThrow(lost);
  await rm(mark);
  state = new StateDatabase(dir);
  expect(countRows()).toBe(0);
});

test.skipIf(process.platform !== 'linux')(
  'a home that is opened twice in one process stays locked against others',
  async () => {
    await state.write(insert('ours'));
    const { ino } = await stat(join(dir, stateFileName));
    const countLocks = async () =>
      (await readFile('/proc/locks', 'utf8'))
        .split('\n')
        .filter((line) => line.includes(` ${process.pid} `) && line.includes(`:${ino} `)).length;
    expect(await countLocks()).toBe(1);
    const second = new StateDatabase(dir);
    expect(await countLocks()).toBe(1);
    await second.close();
  },
);

function draft(to: readonly string[]): EnvelopeDraft {
  const id = randomUUIDv7() as MessageId;
  return {
    id,
    source: 'north/duty' as EndpointAddress,
    type: 'notice',
    time: '2026-11-23T09:30:00.000Z',
    expires: '2026-11-24T09:30:00.000Z',
    to: [...to],
    category: 'concern',
    severity: 'concern',
    purpose: 'child-protection',
    basis: 'public-task',
    subjects: [],
    thread: id,
    payloadDigest: 'A'.repeat(43) as EnvelopeDraft['payloadDigest'],
    payloadBytes: 1,
    recipientKeys: ['0'.repeat(64) as EnvelopeDraft['recipientKeys'][number]],
    attachments: [],
    signingKey: 'A'.repeat(43) as EnvelopeDraft['signingKey'],
  };
}

test('numbers are gap-free for each recipient, whatever is sent, refused by the table, or withdrawn', async () => {
  const recipients = ['a/x', 'b/@y', 'c/z'];
  const step = fc.record({
    to: fc.subarray(recipients, { minLength: 1 }),
    fate: fc.constantFrom('kept', 'failed', 'withdrawn'),
    transmitted: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      state.statements.exec('DELETE FROM outbox; DELETE FROM sequences; DELETE FROM deliveries');
      const table = new OutboxTable(state.statements, 1_000);
      for (const { to, fate, transmitted } of steps) {
        const envelope = draft(to);
        await state
          .write(() => {
            table.insert(
              { envelope, payload: Buffer.alloc(1), recipients: [] },
              'me',
              transmitted,
              0,
              limits,
            );
            if (fate === 'failed') throw new CausewayError('aborted');
          })
          .catch(() => undefined);
        if (fate === 'withdrawn') {
          expect(await state.write(() => table.withdraw(envelope.id))).toBe(!transmitted);
        }
      }
      const seen = new Map<string, number[]>();
      for (const { envelope } of table.readWaiting('me', 0, 1_000, 1_000_000)) {
        const { to, sequence } = parseEnvelope(envelope);
        to.forEach((recipient, index) => {
          seen.set(recipient, [...(seen.get(recipient) ?? []), sequence[index]!]);
        });
      }
      for (const numbers of seen.values()) expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    }),
    { numRuns: 40 },
  );
});

test('a full outbox refuses, and has room again once something is answered', async () => {
  const table = new OutboxTable(state.statements, 2);
  const put = () =>
    state.write(() => {
      const envelope = draft(['a/x']);
      table.insert({ envelope, payload: Buffer.alloc(1), recipients: [] }, 'me', true, 0, limits);
      return envelope.id;
    });
  const first = await put();
  await put();
  await expect(put()).rejects.toMatchObject({ code: 'outbox-full' });
  const [row] = table.readWaiting('me', 0, 1, 1);
  await state.write(() =>
    table.answer(first, row!.digest, { outcome: 'refused', at: 1, code: 'policy-denied' }),
  );
  await put();
});

function openOutbox(earliest: () => number): Outbox {
  const { privateKey } = generateKeyPairSync('ed25519');
  const signer = batchSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return new Outbox({
    ...{ state, signer, holder: 'me', maxWaiting: 2, limits: new KnownLimits() },
    ...{ now: Date.now, earliest, random: Math.random },
    ...{ report: () => undefined, onLost: () => undefined },
    log: { verifiedSize: 0, contradicted: () => undefined, doubt: undefined },
  });
}

test('the copy of what has expired, and that it was lost, goes also while nothing may be sent', async () => {
  const table = new OutboxTable(state.statements, 2);
  const envelope = draft(['a/x']);
  const message = { envelope, payload: Buffer.alloc(1), recipients: ['a/x' as EndpointAddress] };
  await state.write(() => table.insert(message, 'me', true, 0, limits));
  const [row] = table.readWaiting('me', 0, 1, 1);
  const answer: KeptAnswer = { outcome: 'accepted', at: 1, record: 1, listening: [], away: [] };
  await state.write(() => table.answer(envelope.id, row!.digest, answer));
  const lost = new LostTable(state.statements);
  await state.write(() => lost.note('log', 1));
  const outbox = openOutbox(() => Date.parse(envelope.expires));
  expect([table.hasExpired(Infinity), lost.list(0).length]).toEqual([true, 1]);
  await outbox.reconcile();
  expect([table.hasExpired(Infinity), lost.list(0).length]).toEqual([false, 0]);
  outbox.close();
});

test('a session that is taken back while it is being set up gets nothing to send', async () => {
  const table = new OutboxTable(state.statements, 2);
  const message = { envelope: draft(['a/x']), payload: Buffer.alloc(1), recipients: [] };
  await state.write(() => table.insert(message, 'me', false, Date.now(), limits));
  const outbox = openOutbox(Date.now);
  let submitted = 0;
  const link = { state: 'ready', writable: true, limits, submit: () => submitted++ } as unknown as Link;
  const attaching = outbox.attach(link);
  // As where the log is found to contradict itself just then.
  outbox.detach();
  await attaching;
  expect({ submitted, isAttached: outbox.isAttached }).toEqual({ submitted: 0, isAttached: false });
  await outbox.attach(link);
  expect(submitted).toBe(1);
  outbox.close();
});

test('waiting before a new attempt grows, is spread out, and never exceeds its cap', () => {
  const code = fc.constantFrom(...errorCodes);
  fc.assert(
    fc.property(
      fc.nat(100),
      code,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempt, name, random) => {
        const waitMs = backoffMs(attempt, new CausewayError(name), undefined, random);
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(75_000);
        expect(backoffMs(attempt, undefined, undefined, random)).toBeLessThanOrEqual(30_000);
      },
    ),
  );
  expect(backoffMs(3, undefined, undefined, 0.5)).toBe(2_000);
  expect(backoffMs(99, undefined, undefined, 0.5)).toBe(15_000);
  expect(backoffMs(0, undefined, 2 ** 40, 0.5)).toBe(5_400_000);
  expect(backoffMs(0, new CausewayError('endpoint-revoked'), undefined, 0.5)).toBe(60_000);
});

test('a holder is alive while its client is open in a process that runs', () => {
  const holder = newHolder();
  expect(isHolderAlive(holder)).toBe(false);
  const release = claimHolder(holder);
  expect(isHolderAlive(holder)).toBe(true);
  release();
  expect(isHolderAlive(holder)).toBe(false);
  expect(isHolderAlive(holder.replace(/^\d+/, '1'))).toBe(true);
  expect(isHolderAlive(holder.replace(/^\d+/, '4194300'))).toBe(false);
  expect(isHolderAlive('1.abc.another-machine')).toBe(true);
});
