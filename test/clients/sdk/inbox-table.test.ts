import { randomUUIDv7 } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HeldNotice } from '../../../clients/sdk/events.ts';
import { InboxTable, mostHeld } from '../../../clients/sdk/inbox-table.ts';
import { StateDatabase } from '../../../clients/sdk/state-database.ts';
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';

const sender = 'north/duty' as EndpointAddress;
let dir: string;
let state: StateDatabase;
let table: InboxTable;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-inbox-'));
  state = new StateDatabase(dir);
  table = new InboxTable(state.statements);
});
afterEach(async () => {
  await state.close();
  await rm(dir, { recursive: true, force: true });
});

function held(given: Partial<HeldNotice> = {}): HeldNotice {
  const id = randomUUIDv7() as MessageId;
  const told = { category: 'concern', severity: 'urgent', heldAt: 1_000, expiresAt: 5_000 };
  return { id, from: sender, code: 'dataset-unknown', ...told, ...given };
}

test('a held notice goes when it expires at the gateway', async () => {
  const [short, long] = [held({ expiresAt: 2_000 }), held({ heldAt: 1_500 })];
  await state.write(() => [short, long].forEach((notice) => table.hold(notice, 1_000)));
  expect(table.readHeld(1_999)).toEqual([short, long]);
  expect(table.readHeld(2_000)).toEqual([long]);
  expect(table.countHeld(2_000)).toBe(1);
  await state.write(() => table.hold(held({ heldAt: 9_000 }), 3_000));
  expect(state.statements.prepare('SELECT count(*) AS n FROM held').get()!.n).toBe(2);
});

test('a notice that is held for another reason than before says so, and waits for trust from then on', async () => {
  const notice = held();
  expect(await state.write(() => table.hold(notice, 1_000))).toBe('noted');
  expect(await state.write(() => table.hold(notice, 1_000))).toBe('known');
  expect(table.awaitsTrust([sender])).toBe(false);
  expect(await state.write(() => table.hold({ ...notice, code: 'key-changed', heldAt: 2_000 }, 2_000))).toBe(
    'noted',
  );
  expect(table.readHeld(2_000)).toEqual([{ ...notice, code: 'key-changed' }]);
  expect(table.awaitsTrust([sender])).toBe(true);
});

test('a notice that another process has stored meanwhile is not held any more', async () => {
  const notice = held();
  const stored = { id: notice.id, sender, digest: Buffer.alloc(32), at: 1_000, detail: '' };
  await state.write(() => table.settle(stored));
  expect(await state.write(() => table.hold(notice, 1_000))).toBe('known');
  expect(table.readHeld(1_000)).toEqual([]);
});

test('senders without end that a gateway invents fill no more than so many rows', async () => {
  const first = held({ from: 'invented/desk-0' as EndpointAddress });
  await state.write(() => {
    table.hold(first, 1_000);
    // Held one by one, they would take seconds.
    state.statements.exec(
      `WITH RECURSIVE nths (nth) AS (SELECT 1 UNION ALL SELECT nth + 1 FROM nths WHERE nth < ${mostHeld.inAll - 1})
       INSERT INTO held (id, sender, code, category, severity, held_at, expires_at)
       SELECT randomblob(16), 'invented/desk-' || nth, 'key-unknown', 'concern', 'urgent', 1000, 5000 FROM nths`,
    );
  });
  expect(await state.write(() => table.hold(held(), 1_000))).toBe('left out');
  expect(await state.write(() => table.hold({ ...first, code: 'key-changed' }, 1_000))).toBe('noted');
  expect(table.countHeld(1_000)).toBe(mostHeld.inAll);
});

test('one sender leaves room for what is held of others', async () => {
  const first = held();
  await state.write(() => {
    table.hold(first, 1_000);
    for (let nth = 1; nth < mostHeld.ofOne; nth++) table.hold(held(), 1_000);
  });
  expect(await state.write(() => table.hold(held(), 1_000))).toBe('left out');
  expect(await state.write(() => table.hold(first, 1_000))).toBe('known');
  expect(await state.write(() => table.hold(held({ from: 'south/duty' as EndpointAddress }), 1_000))).toBe(
    'noted',
  );
});
