/** History goes on behind a message that is damaged in the file. */
import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it, test } from 'vitest';
import { holdMessagesAgainst } from '../../../gateway/audit/messages-against-log.ts';
import type { DamagedMessage, Store } from '../../../gateway/store/port.ts';
import { encodeUnit } from '../../../protocol/wire/frame.ts';
import { createSqliteFixture, type SqliteFixture } from './sqlite-fixture.ts';
import { acceptableAsWritten, messageId, police } from './synthetic-messages.ts';

let fixture: SqliteFixture;
let store: Store;
const told: DamagedMessage[] = [];
const unit2 = acceptableAsWritten(2).unit;
const damaged = { message: messageId(2), leaf: 1 };

beforeEach(async () => {
  fixture = await createSqliteFixture();
  store = await fixture.open();
  const onDamaged = (message: DamagedMessage): unknown => told.push(message);
  store.listen({ onReceipts: () => undefined, onChange: () => undefined, onDamaged });
  told.length = 0;
  await store.submit({ source: police, messages: [1, 2, 3, 4].map((number) => acceptableAsWritten(number)) });
});
afterEach(async () => {
  await store.close();
  await fixture.remove();
});

const idsAfter = async (after: number, limit: number): Promise<string[]> =>
  (await store.readAcceptances(after, limit, 0)).map(({ id }) => id);

test.each([
  ['its lengths', Buffer.concat([Buffer.from('ffff', 'hex'), unit2.subarray(2)])],
  ['its envelope', Buffer.from(unit2.map((byte, at) => (at === 60 ? byte ^ 1 : byte)))],
  ['zeros', Buffer.alloc(300)],
  ['emptiness, though no case was erased', Buffer.alloc(0)],
  ['nothing at all', null],
])('it is left out and named: %s', async (_, unit) => {
  await fixture.setUnit(messageId(2), unit);
  expect(await idsAfter(0, 2)).toEqual([messageId(1), messageId(3)]);
  expect(await idsAfter(3, 2)).toEqual([messageId(4)]);
  expect(await idsAfter(1, 1)).toEqual([messageId(3)]);
  expect(told).toEqual([damaged, damaged]);
  expect((await holdMessagesAgainst(store, store)).faults.first).toMatchObject([damaged]);
});

it('a damaged payload is nothing to history', async () => {
  await fixture.setUnit(messageId(2), encodeUnit(sampleEnvelope(), Buffer.alloc(67), Buffer.alloc(1)).bytes);
  expect(await idsAfter(0, 10)).toHaveLength(4);
});

it.each(['no envelope at all', '{}', '"text"', 'null'])(
  'what has its digest beside it and is none is left out: %s',
  async (text) => {
    const unit = encodeUnit(Buffer.from(text), Buffer.alloc(67), Buffer.from('payload')).bytes;
    const database = new DatabaseSync(fixture.file);
    const digest = createHash('sha256').update(text).digest();
    database.prepare('UPDATE message SET unit = ?, digest = ? WHERE record = 1').run(unit, digest);
    database.close();
    expect(await idsAfter(0, 10)).toEqual([1, 3, 4].map(messageId));
    expect(told).toEqual([damaged]);
    expect((await holdMessagesAgainst(store, store)).faults.first).toMatchObject([damaged]);
  },
);

function sampleEnvelope(): Buffer {
  return unit2.subarray(10, 10 + unit2.readUInt32BE(0));
}
