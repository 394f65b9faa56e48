/** Random sequences of operations against a model that fits on a page. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { holdMessagesAgainst } from '../../../gateway/audit/messages-against-log.ts';
import type { DeliveryState, Store } from '../../../gateway/store/port.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { decodeReceiptGroup } from '../../../protocol/wire/receipt-group.ts';
import type { StoreFixture } from './contract/contract-store.ts';
import {
  acceptable,
  health,
  messageId,
  police,
  refusable,
  school,
  settlementOf,
  socialWork,
} from './synthetic-messages.ts';
import { toldBy, toldOf } from './told-receipts.ts';

type ModelDelivery = {
  readonly number: number;
  readonly recipient: EndpointAddress;
  readonly id: number;
  readonly lane: 0 | 1;
  readonly expiresAt: number;
  state: DeliveryState;
};
type FirstOutcome = { readonly variant: string; readonly accepted: boolean };

/** What the store should hold. All messages are from one sender. */
class Model {
  readonly outcomes = new Map<number, FirstOutcome>();
  readonly deliveries: ModelDelivery[] = [];
  /** What the sender was told after its submissions were answered. */
  readonly told: string[] = [];
  records = 0;

  open(recipient: EndpointAddress): ModelDelivery[] {
    return this.deliveries.filter(
      (delivery) =>
        delivery.recipient === recipient && (delivery.state === 'queued' || delivery.state === 'delivered'),
    );
  }

  of(number: number): ModelDelivery[] {
    return this.deliveries.filter((delivery) => delivery.number === number);
  }
}

type World = { store: Store; readonly model: Model; now: number };
type Step = (world: World) => Promise<void>;

const recipients = [health, school, socialWork];
const numbers = fc.integer({ min: 0, max: 11 });
const variants = fc.constantFrom('', 'other');

const submitStep = fc
  .array(
    fc.record({
      number: numbers,
      variant: variants,
      verdict: fc.constantFrom('accept', 'accept', 'accept', 'final', 'passing'),
      to: fc.subarray(recipients, { minLength: 1 }),
      lane: fc.constantFrom<0 | 1>(0, 1),
      lifetime: fc.integer({ min: 1, max: 50 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((specs): Step => async ({ store, model, now }) => {
    const messages = specs.map(({ number, variant, verdict, to, lane, lifetime }) =>
      verdict === 'accept'
        ? acceptable(number, {
            variant,
            lane,
            expiresAt: now + lifetime,
            recipients: to.map((endpoint) => ({ endpoint, listening: true })),
          })
        : refusable(number, { variant, final: verdict === 'final' }),
    );
    const { outcomes, receipts } = await store.submit({ source: police, messages });
    expect(decodeReceiptGroup(receipts).receipts.map(({ message }) => message)).toEqual(
      messages.map(({ id }) => id),
    );
    specs.forEach(({ number, variant, verdict, to, lane, lifetime }, index) => {
      const outcome = outcomes[index]!;
      const first = verdict === 'passing' ? undefined : model.outcomes.get(number);
      if (first !== undefined) {
        const expected = first.accepted ? 'duplicate' : 'refused';
        if (first.variant === variant) expect(outcome.outcome).toBe(expected);
        else expect(outcome).toEqual({ outcome: 'refused', code: 'id-conflict' });
        model.records++;
        return;
      }
      model.records++;
      expect(outcome.outcome).toBe(verdict === 'accept' ? 'accepted' : 'refused');
      if (verdict !== 'passing') model.outcomes.set(number, { variant, accepted: verdict === 'accept' });
      if (outcome.outcome !== 'accepted') return;
      expect(outcome.deliveries).toHaveLength(to.length);
      to.forEach((recipient, which) => {
        const id = outcome.deliveries[which]!;
        expect(id).toBeGreaterThan(model.deliveries.at(-1)?.id ?? 0);
        model.deliveries.push({ number, recipient, id, lane, expiresAt: now + lifetime, state: 'queued' });
      });
    });
  });

const deliverStep = fc.array(fc.nat({ max: 30 }), { maxLength: 5 }).map((picks): Step => async (world) => {
  const { store, model } = world;
  const ids = picks.map((pick) => model.deliveries[pick]?.id ?? 1_000_000 + pick);
  await store.markDelivered(ids);
  for (const delivery of model.deliveries) {
    if (delivery.state !== 'queued' || !ids.includes(delivery.id)) continue;
    delivery.state = 'delivered';
    model.told.push(toldOf('delivered', messageId(delivery.number), delivery.recipient));
    model.records++;
  }
});

const settleStep = fc
  .record({
    picks: fc.uniqueArray(numbers, { minLength: 1, maxLength: 3 }),
    recipient: fc.constantFrom(...recipients),
    kind: fc.constantFrom<'stored' | 'refused'>('stored', 'stored', 'refused'),
    named: fc.boolean(),
  })
  .map(({ picks, recipient, kind, named }): Step => async ({ store, model }) => {
    const found = picks.map((number) => model.of(number).find((each) => each.recipient === recipient));
    const messages = picks.map((number) =>
      acceptable(number, { variant: model.outcomes.get(number)?.variant ?? '' }),
    );
    const ids = named ? found.map((delivery) => delivery?.id ?? 1) : [];
    const settlement = settlementOf(messages, recipient, kind, ids);
    const { outcome } = await store.settle(settlement);
    if (found.includes(undefined)) {
      expect(outcome).toBe('unmatched');
      return;
    }
    const changing = found.filter(
      (delivery) =>
        delivery?.state === 'queued' ||
        delivery?.state === 'delivered' ||
        (delivery?.state === 'expired' && kind === 'stored'),
    );
    expect(outcome).toBe(changing.length > 0 ? 'settled' : 'repeated');
    for (const delivery of changing) delivery!.state = kind;
    if (changing.length > 0) model.told.push(settlement.group.toString());
    model.records += changing.length;
  });

const expireStep = fc
  .record({ passes: fc.integer({ min: 0, max: 20 }), limit: fc.integer({ min: 1, max: 4 }) })
  .map(({ passes, limit }): Step => async (world) => {
    const { store, model } = world;
    world.now += passes;
    const isOpen = ({ state }: ModelDelivery): boolean => state === 'queued' || state === 'delivered';
    const due = model.deliveries.filter((each) => isOpen(each) && each.expiresAt <= world.now);
    const { expired, nextDueAt } = await store.expire(world.now, limit);
    expect(expired).toHaveLength(Math.min(limit, due.length));
    for (const delivery of model.deliveries) {
      if (!expired.includes(delivery.id)) continue;
      expect(due).toContain(delivery);
      delivery.state = 'expired';
      model.told.push(toldOf('expired', messageId(delivery.number), delivery.recipient));
      model.records++;
    }
    const times = model.deliveries.filter(isOpen).map(({ expiresAt }) => expiresAt);
    expect(nextDueAt).toBe(times.length === 0 ? null : Math.min(...times));
  });

async function compare({ store, model, now }: World): Promise<void> {
  for (const recipient of recipients) {
    const open = model.open(recipient);
    expect(await store.countPending(recipient)).toBe(open.length);
    for (const lane of [0, 1] as const) {
      const queued = await store.readQueue(recipient, lane, 0, 1000);
      expect(queued.map(({ delivery, message }) => [delivery, message])).toEqual(
        open
          .filter((each) => each.lane === lane && each.expiresAt > now)
          .map(({ id, number }) => [id, messageId(number)]),
      );
    }
  }
  for (const [number, { accepted }] of model.outcomes) {
    const found = await store.readMessage(police, messageId(number));
    if (!accepted) expect(found).toBeUndefined();
    else
      expect(found?.deliveries.map(({ state }) => state)).toEqual(model.of(number).map(({ state }) => state));
  }
  const records = await store.readLeaves(0, 10_000);
  expect(records.map(({ index }) => index)).toEqual(
    Array.from({ length: model.records }, (_, index) => index),
  );
  const held = await holdMessagesAgainst(store, store);
  expect([held.deliveries.faults.first, held.groups.first]).toEqual([[], []]);
  const groups = await store.readReceipts(police, 0, 10_000);
  const positions = groups.map(({ position }) => position);
  expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
  expect(toldBy(groups).sort()).toEqual(model.told.toSorted());
}

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: submitStep },
    { weight: 2, arbitrary: deliverStep },
    { weight: 3, arbitrary: settleStep },
    { weight: 1, arbitrary: expireStep },
  ),
  { minLength: 1, maxLength: 25 },
);

/** Holds an engine to the model: each run opens one database, twice. */
export function storeModel(name: string, createFixture: () => Promise<StoreFixture>): void {
  test(`any sequence of operations leaves the store on ${name} as the model says, also after opening again`, async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const fixture = await createFixture();
        const { clock } = fixture;
        const world: World = {
          store: await fixture.open(),
          model: new Model(),
          get now() {
            return clock.now;
          },
          set now(now) {
            clock.now = now;
          },
        };
        try {
          for (const step of sequence) await step(world);
          await compare(world);
          await world.store.close();
          world.store = await fixture.open();
          await compare(world);
        } finally {
          await world.store.close();
          await fixture.remove();
        }
      }),
      { numRuns: 8 },
    );
  }, 120_000);
}
