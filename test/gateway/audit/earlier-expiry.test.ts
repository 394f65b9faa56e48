import { afterEach, beforeEach, expect, test } from 'vitest';
import { findEarlierExpiries } from '../../../gateway/audit/earlier-expiry.ts';
import type { Store } from '../../../gateway/store/port.ts';
import { encodeUnit } from '../../../protocol/wire/frame.ts';
import { createSqliteFixture, type SqliteFixture } from '../store/sqlite-fixture.ts';
import { plainEnvelope } from '../../protocol/samples.ts';
import {
  acceptable,
  health,
  hourMs,
  noon,
  police,
  school,
  settlementOf,
} from '../store/synthetic-messages.ts';

let fixture: SqliteFixture;
let store: Store;
beforeEach(async () => {
  fixture = await createSqliteFixture();
  store = await fixture.open();
});
afterEach(async () => {
  await store.close();
  await fixture.remove();
});

const kinds = async (indices: readonly number[]): Promise<unknown[]> => {
  const leaves = await Promise.all(indices.map((index) => store.readLeaves(index, 1)));
  return leaves.map(([leaf]) => [leaf?.entry.kind, leaf?.entry.of, leaf?.entry.nth]);
};

function expiringUnit(at: number): Buffer {
  const envelope = { ...plainEnvelope(), expires: new Date(at).toISOString() };
  return encodeUnit(Buffer.from(JSON.stringify(envelope)), Buffer.alloc(68), Buffer.from('x')).bytes;
}

test('a delivery that expired and was stored afterwards gives both leaves', async () => {
  const recipients = [health, school].map((endpoint) => ({ endpoint, listening: true }));
  const message = acceptable(1, { recipients, expiresAt: noon + 10, unit: expiringUnit(noon + 10) });
  const other = acceptable(2, { expiresAt: noon + 10 });
  await store.submit({ source: police, messages: [other, message] });
  fixture.clock.now = noon + 20;
  await store.expire(noon + 20, 10);
  const [before] = await store.readEvidence(message.id);
  expect(await findEarlierExpiries(store, before!)).toEqual([]);
  await store.settle(settlementOf([message], health));
  await store.appendRecords([{ kind: 'gateway.started' }]);
  const [evidence] = await store.readEvidence(message.id);
  const found = await findEarlierExpiries(store, evidence!);
  // Of both recipients: the one that has not stored it is in the evidence anyway.
  expect(await kinds(found)).toEqual([
    ['delivery.expired', 1, 0],
    ['delivery.expired', 1, 1],
  ]);
  expect(evidence!.deliveries.map(({ settledRecord }) => settledRecord)).not.toContain(found[0]);
});

test('a delivery that was stored in time costs no look through the log, and one stored too late does', async () => {
  const [inTime, late] = [1, 2].map((number) => {
    return acceptable(number, { unit: expiringUnit(noon + hourMs), expiresAt: noon + hourMs });
  });
  await store.submit({ source: police, messages: [inTime!, late!] });
  await store.settle(settlementOf([inTime!], health));
  fixture.clock.now = noon + hourMs;
  await store.settle(settlementOf([late!], health));
  let looks = 0;
  const watched = {
    readLeaves: (from: number, limit: number) => store.readLeaves(from, limit),
    readLeafRuns: async (from: number) => {
      looks++;
      return await store.readLeafRuns(from);
    },
  };
  const [ofInTime] = await store.readEvidence(inTime!.id);
  expect(ofInTime?.deliveries).toMatchObject([{ state: 'stored' }]);
  expect(await findEarlierExpiries(watched, ofInTime!)).toEqual([]);
  expect(looks).toBe(0);
  const [ofLate] = await store.readEvidence(late!.id);
  await findEarlierExpiries(watched, ofLate!);
  expect(looks).toBeGreaterThan(0);
});

test('a delivery that expired and was never stored costs no look through the log', async () => {
  const message = acceptable(1);
  await store.submit({ source: police, messages: [message] });
  await store.settle(settlementOf([message], health));
  const [evidence] = await store.readEvidence(message.id);
  const unit = Buffer.alloc(0);
  const readLeafRuns = (): never => expect.fail('the log was looked through');
  const readLeaves = (from: number, limit: number) => store.readLeaves(from, limit);
  const waiting = {
    ...evidence!,
    deliveries: evidence!.deliveries.map((each) => ({ ...each, state: 'expired' as const })),
  };
  expect(await findEarlierExpiries({ readLeaves, readLeafRuns }, { ...waiting, unit })).toEqual([]);
});
