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
  await state.write(() => [short, long].forEach((notice) => table.hold(notice)));
  expect(table.readHeld(1_999)).toEqual([short, long]);
  expect(table.readHeld(2_000)).toEqual([long]);
  expect(table.countHeld(2_000)).toBe(1);
  await state.write(() => table.hold(held({ heldAt: 3_000 })));
  expect(state.statements.prepare('SELECT count(*) AS n FROM held').get()!.n).toBe(2);
});

test('a notice that is held for another reason than before says so, and waits for trust from then on', async () => {
  const notice = held();
  expect(await state.write(() => table.hold(notice))).toBe(true);
  expect(await state.write(() => table.hold(notice))).toBe(false);
  expect(table.awaitsTrust([sender])).toBe(false);
  expect(await state.write(() => table.hold({ ...notice, code: 'key-changed', heldAt: 2_000 }))).toBe(true);
  expect(table.readHeld(2_000)).toEqual([{ ...notice, code: 'key-changed' }]);
  expect(table.awaitsTrust([sender])).toBe(true);
});

test('senders without end that a gateway invents fill no more than so many rows', async () => {
  const first = held({ from: 'invented/desk-0' as EndpointAddress });
  await state.write(() => {
    table.hold(first);
    for (let nth = 1; nth < mostHeld; nth++)
      table.hold(held({ from: `invented/desk-${nth}` as EndpointAddress, code: 'key-unknown' }));
  });
  expect(await state.write(() => table.hold(held()))).toBe(false);
  expect(await state.write(() => table.hold({ ...first, code: 'key-changed' }))).toBe(true);
  expect(table.countHeld(1_000)).toBe(mostHeld);
});
