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
  school,
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
    () => store.submit({ source: police, messages: [acceptableAsWritten(5)] }),
    () => store.settle(settlementOf([messages[0]!], health, 'refused')),
    () => store.markDelivered([2, 3]),
    () => store.expire(noon + 2 * hourMs, 10),
    () => store.settle(settlementOf([messages[2]!], health)),
  ];
  const { unknown, deliveries, groups } = await holdMessagesAgainst(
    storeThat(async () => steps.shift()?.()),
    store,
  );
  expect([deliveries.looked, deliveries.faults.first, groups.first]).toEqual([5, [], []]);
  expect([unknown, deliveries.unknown]).toEqual([0, 0]);
  expect(steps).toEqual([]);
});

it.each(['before', 'after'])(
  'what comes %s all is counted makes up for nothing that was put in',
  async (when) => {
    await fixture.addDelivery(messageId(4), school, 100);
    await fixture.copyMessage(messageId(1), messageId(9));
    const more = [5, 6, 7].map((number) => acceptableAsWritten(number));
    const busy: Store = {
      ...store,
      countKept: async () => {
        if (when === 'before') await store.submit({ source: police, messages: more });
        const kept = await store.countKept();
        if (when === 'after') await store.submit({ source: police, messages: more });
        return kept;
      },
    };
    const { unknown, deliveries } = await holdMessagesAgainst(busy, store);
    expect([unknown, deliveries.unknown]).toEqual([1, 1]);
    expect(deliveries.looked).toBe(when === 'before' ? 7 : 4);
  },
);

it.each([5, -1])('a delivery that has %d for its state is told of', async (state) => {
  fixture.execute(`UPDATE delivery SET state = ${state} WHERE id = 3`);
  const { deliveries } = await holdMessagesAgainst(store, store);
  const [faulty] = deliveries.faults.first;
  expect([deliveries.looked, deliveries.faults.count]).toEqual([4, 1]);
  expect(faulty).toMatchObject({ message: messageId(3), recipient: health, fault: 'no-state' });
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
