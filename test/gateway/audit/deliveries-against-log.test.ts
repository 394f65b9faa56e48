import { afterEach, beforeEach, expect, it } from 'vitest';
import { HeldDeliveries } from '../../../gateway/audit/deliveries-against-log.ts';
import { holdMessagesAgainst } from '../../../gateway/audit/messages-against-log.ts';
import { toldStepOf } from '../../../gateway/audit/step-against-leaf.ts';
import type { Store } from '../../../gateway/store/port.ts';
import { createSqliteFixture, type SqliteFixture } from '../store/sqlite-fixture.ts';
import {
  acceptableAsWritten,
  health,
  hourMs,
  messageId,
  noon,
  police,
  settlementOf,
} from '../store/synthetic-messages.ts';

let fixture: SqliteFixture;
let store: Store;
const messages = [1, 2, 3, 4].map((number) => acceptableAsWritten(number));

beforeEach(async () => {
  fixture = await createSqliteFixture();
  store = await fixture.open();
  await store.submit({ source: police, messages });
});
afterEach(async () => {
  await store.close();
  await fixture.remove();
});

/** The store, which does this each time it has said what it keeps of messages. */
function storeThat(goesOn: () => Promise<unknown>): Store {
  return {
    ...store,
    readOutcomes: async (ids) => {
      const answer = await store.readOutcomes(ids);
      await goesOn();
      return answer;
    },
  };
}

it('a gateway that goes on meanwhile causes no alarm', async () => {
  const steps = [
    () => store.settle(settlementOf([messages[0]!], health, 'refused')),
    () => store.markDelivered([2, 3]),
    () => store.expire(noon + 2 * hourMs, 10),
    () => store.settle(settlementOf([messages[2]!], health)),
  ];
  const { deliveries, groups } = await holdMessagesAgainst(
    storeThat(async () => steps.shift()?.()),
    store,
  );
  expect([deliveries.looked, deliveries.faults.first, groups.first]).toEqual([4, [], []]);
  expect(steps).toEqual([]);
});

it('what has to wait too long for its leaf is held against it at once', async () => {
  await store.markDelivered([1, 2, 3, 4]);
  await store.settle(settlementOf(messages, health));
  await fixture.setDelivery(messageId(3), { state: 'refused' });
  const { outcomes } = await store.readOutcomes(messages.map(({ id }) => id));
  let read = 0;
  const leaves = {
    readLeaves: async (...ask: Parameters<Store['readLeaves']>) => {
      read++;
      return store.readLeaves(...ask);
    },
  };
  const held = new HeldDeliveries(store, leaves, 3);
  for (const leaf of await store.readLeaves(0, 100)) {
    const kept = outcomes.find((outcome) => outcome.leaf === leaf.index);
    if (kept !== undefined) held.expect(kept);
    await held.hold([{ leaf, told: toldStepOf(leaf) }]);
  }
  await held.finish();
  expect([held.looked, held.faults.count, read]).toEqual([4, 1, 2]);
  expect(held.faults.first).toEqual([
    { message: messageId(3), recipient: health, accepted: 2, step: 'settled', fault: 'otherwise', leaf: 10 },
  ]);
});
