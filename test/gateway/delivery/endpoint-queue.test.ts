import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Dispatcher } from '../../../gateway/delivery/dispatcher.ts';
import type { Outlet } from '../../../gateway/delivery/outlet.ts';
import type { Lane, Store } from '../../../gateway/store/port.ts';
import { eventually } from '../../e2e/kit/watch.ts';
import { createSqliteFixture, type SqliteFixture } from '../store/sqlite-fixture.ts';
import {
  acceptable,
  health,
  hourMs,
  noon,
  police,
  sampleUnitOf,
  settlementOf,
} from '../store/synthetic-messages.ts';
import { Sink, SlowReads, type Accepted } from './slow-reads.ts';

let fixture: SqliteFixture;
let store: Store;
let reads: SlowReads;
let dispatcher: Dispatcher;
let errors: unknown[];
let next = 1;

beforeEach(async () => {
  fixture = await createSqliteFixture();
  store = await fixture.open();
  reads = new SlowReads(store);
  errors = [];
  next = 1;
  dispatcher = new Dispatcher({
    store: reads.store,
    now: () => fixture.clock.now,
    onError: (error) => errors.push(error),
  });
  store.listen({
    onReceipts: (endpoint, position, fresh) => dispatcher.receiptsGrown(endpoint, position, fresh),
    onChange: () => undefined,
  });
});
afterEach(async () => {
  reads.release();
  await store.close();
  await fixture.remove();
});

/** Commits messages to health and offers them, as the relay does. */
async function accept(count: number, lane: Lane = 1, offers = true, bytes = 0): Promise<Accepted[]> {
  const messages = Array.from({ length: count }, () => {
    const number = next++;
    return acceptable(number, {
      lane,
      ...(bytes > 0 && { unit: sampleUnitOf(number, Buffer.alloc(bytes)) }),
    });
  });
  const { outcomes } = await store.submit({ source: police, messages });
  const accepted = messages.map((message, index) => {
    const outcome = outcomes[index];
    if (outcome?.outcome !== 'accepted') throw new Error('not accepted');
    return { ...message, delivery: outcome.deliveries[0]! };
  });
  if (offers) offer(accepted);
  return accepted;
}

function offer(messages: readonly Accepted[]): void {
  dispatcher.offer(messages.map((message) => ({ ...message, recipient: health })));
}

function connect(credit: number): { sink: Sink; outlet: Outlet } {
  const sink = new Sink();
  const outlet = dispatcher.open(health, sink, null);
  if (credit > 0) dispatcher.grant(health, outlet, credit);
  return { sink, outlet };
}

const units = (messages: readonly Accepted[]): string[] => messages.map(({ unit }) => unit.toString());

/** Waits until a sink has so many units, and then a little for more that must not come. */
async function settled(sink: Sink, count: number): Promise<string[]> {
  await eventually(`${count} units`, () => (sink.units.length >= count ? true : undefined));
  await store.probe();
  await store.readQueue(health, 1, 0, 1);
  return sink.units;
}

describe('while a read of the queue is running', () => {
  it('a grant adds to the credit of the units that it brings, and no more go out than were granted', async () => {
    const messages = await accept(10);
    reads.hold();
    const { sink, outlet } = connect(3);
    await reads.caught();
    dispatcher.grant(health, outlet, 4);
    expect(sink.units).toEqual([]);
    reads.release();
    expect(await settled(sink, 7)).toEqual(units(messages.slice(0, 7)));
    expect(outlet.credit).toBe(0);
  });

  it('a session that closes gets nothing, and another gets everything in order', async () => {
    const messages = await accept(5);
    reads.hold();
    const first = connect(10);
    await reads.caught();
    dispatcher.close(health, first.outlet);
    const second = connect(10);
    reads.release();
    expect(await settled(second.sink, 5)).toEqual(units(messages));
    expect(first.sink.units).toEqual([]);
  });

  it('a session that closes makes what it had not settled due for the one that stays', async () => {
    const messages = await accept(6);
    const first = connect(3);
    await settled(first.sink, 3);
    reads.hold();
    const second = connect(10);
    await reads.caught();
    await store.settle(settlementOf(messages.slice(0, 1), health));
    dispatcher.settled(health, [messages[0]!.envelopeDigest]);
    dispatcher.close(health, first.outlet);
    reads.release();
    const all = await settled(second.sink, 5);
    expect([...all].sort()).toEqual(units(messages.slice(1)).sort());
  });

  it('what is committed meanwhile comes after it, once', async () => {
    const messages = await accept(3);
    reads.hold();
    const { sink } = connect(100);
    await reads.caught();
    messages.push(...(await accept(4)));
    reads.release();
    messages.push(...(await accept(2)));
    expect(await settled(sink, 9)).toEqual(units(messages));
    // From now on the queue is caught up: what is fresh goes straight out, without a read.
    await eventually('the last read', () => (reads.reads > 0 ? true : undefined));
    messages.push(...(await accept(1)));
    expect(await settled(sink, 10)).toEqual(units(messages));
  });

  it.each(['while the read runs', 'after it'])(
    'what is read before it is offered, be it %s, goes out once',
    async (moment) => {
      const { sink } = connect(100);
      await eventually('a read of each lane', () => (reads.reads >= 3 ? true : undefined));
      await settled(sink, 0);
      const late = await accept(3, 1, false);
      reads.hold();
      dispatcher.queueGrown(health);
      // Of lane 0, then of lane 1.
      await reads.caught();
      reads.release();
      reads.hold();
      await reads.caught();
      if (moment === 'after it') reads.release();
      if (moment === 'after it') await settled(sink, 3);
      // As a slow answer of the store to their sender. What is accepted later is never offered earlier.
      offer(late);
      const fresh = await accept(2);
      reads.release();
      expect(await settled(sink, 5)).toEqual(units([...late, ...fresh]));
    },
  );

  it('something immediate goes before the routine that the read brings', async () => {
    const routine = await accept(5);
    reads.hold();
    const { sink } = connect(4);
    // The first read is of lane 0, which is empty.
    await reads.caught();
    reads.release();
    reads.hold();
    await reads.caught();
    const immediate = await accept(2, 0);
    reads.release();
    expect(await settled(sink, 4)).toEqual(units([...immediate, ...routine.slice(0, 2)]));
  });

  it('a receipt that settles what it brings leaves nothing under way for ever', async () => {
    const messages = await accept(2);
    const first = connect(2);
    await settled(first.sink, 2);
    dispatcher.close(health, first.outlet);
    reads.hold();
    const second = connect(5);
    await reads.caught();
    await store.settle(settlementOf(messages, health));
    dispatcher.settled(
      health,
      messages.map(({ envelopeDigest }) => envelopeDigest),
    );
    reads.release();
    // They may go out once more: the recipient answers again, and that ends it.
    await settled(second.sink, 0);
    const repeated = await store.settle(settlementOf(messages, health));
    expect(repeated.outcome).toBe('repeated');
    dispatcher.settled(
      health,
      messages.map(({ envelopeDigest }) => envelopeDigest),
    );
    expect(second.outlet.underWay.size).toBe(0);
    const [fresh] = await accept(1);
    await eventually('the fresh one', () =>
      second.sink.units.includes(units([fresh!])[0]!) ? true : undefined,
    );
  });
});

describe('what was committed and told to nobody', () => {
  it('is read on, also where a reading was under way that came too soon, and goes out once', async () => {
    const { sink } = connect(10);
    const told = await accept(2);
    await settled(sink, 2);
    reads.hold();
    dispatcher.queueGrown(health);
    await reads.caught();
    const untold = await accept(3, 1, false);
    dispatcher.readOn();
    reads.release();
    expect(await settled(sink, 5)).toEqual(units([...told, ...untold]));
  });

  it('is read on where it is receipts', async () => {
    const [first, second] = await accept(2);
    await store.markDelivered([first!.delivery]);
    const sender = new Sink();
    dispatcher.open(police, sender, 0);
    await eventually('the first group', () => (sender.positions.length === 1 ? true : undefined));
    store.listen({ onReceipts: () => undefined, onChange: () => undefined });
    reads.hold();
    dispatcher.readOn();
    await reads.caught();
    await store.markDelivered([second!.delivery]);
    dispatcher.readOn();
    reads.release();
    await eventually('both groups', () => (sender.positions.length >= 2 ? true : undefined));
    expect(sender.positions).toEqual([noon, noon + 1]);
  });
});

it('a receipt that is told of during a reading for what was not is read on, too', async () => {
  const [first, second] = await accept(2);
  await store.markDelivered([first!.delivery]);
  const sender = new Sink();
  const outlet = dispatcher.open(police, sender, 0);
  await eventually('the end of the reading', () => (outlet.mayLackReceipts ? undefined : true));
  store.listen({ onReceipts: () => undefined, onChange: () => undefined });
  reads.hold();
  dispatcher.readOn();
  await reads.caught();
  await store.markDelivered([second!.delivery]);
  dispatcher.receiptsGrown(police, noon + 1, undefined);
  reads.release();
  await eventually('both groups', () => (sender.positions.length >= 2 ? true : undefined));
  expect(sender.positions).toEqual([noon, noon + 1]);
});

describe('a sink that is not writable', () => {
  it('gets nothing until it resumes, and then everything in order', async () => {
    const messages = await accept(3);
    const { sink, outlet } = connect(0);
    sink.writable = false;
    dispatcher.grant(health, outlet, 10);
    messages.push(...(await accept(2)));
    await settled(sink, 0);
    expect(sink.units).toEqual([]);
    sink.writable = true;
    dispatcher.resume(health, outlet);
    expect(await settled(sink, 5)).toEqual(units(messages));
  });
});

describe('fresh deliveries that cannot go out at once', () => {
  const hold = async (
    count: number,
    bytes = 0,
    credit = 1_000,
  ): Promise<{ sink: Sink; outlet: Outlet; messages: Accepted[] }> => {
    const { sink, outlet } = connect(credit);
    await eventually('a read of each lane', () => (reads.reads >= 3 ? true : undefined));
    await settled(sink, 0);
    sink.writable = false;
    const messages = await accept(count, 1, true, bytes);
    return { sink, outlet, messages };
  };

  it('go out when the sink resumes, and are not read from the store', async () => {
    const { sink, outlet, messages } = await hold(3);
    const before = reads.reads;
    sink.writable = true;
    dispatcher.resume(health, outlet);
    messages.push(...(await accept(2)));
    expect(await settled(sink, 5)).toEqual(units(messages));
    expect(reads.reads).toBe(before);
  });

  it('are read from the store where there are more than may be held', async () => {
    const { sink, outlet, messages } = await hold(5, 300 * 1024);
    const before = reads.reads;
    sink.writable = true;
    dispatcher.resume(health, outlet);
    expect(await settled(sink, 5)).toEqual(units(messages));
    expect(reads.reads).toBeGreaterThan(before);
  });

  it.each([3_001, -3_001])(
    'are read from the store after more than a moment (%i ms), and what was erased meanwhile does not go out',
    async (passed) => {
      const { sink, outlet, messages } = await hold(8, 0, 5);
      sink.writable = true;
      dispatcher.resume(health, outlet);
      await settled(sink, 5);
      const [erased] = messages.splice(6, 1);
      expect(await store.eraseCase(erased!.thread, { kind: 'test.happened' }, 'end')).toBe('erased');
      fixture.clock.now += passed;
      dispatcher.grant(health, outlet, 5);
      expect(await settled(sink, 7)).toEqual(units(messages));
    },
  );

  it('do not go out any more once they have expired', async () => {
    fixture.clock.now = noon + hourMs - 1;
    const { sink, outlet } = await hold(1);
    fixture.clock.now = noon + hourMs;
    sink.writable = true;
    dispatcher.resume(health, outlet);
    expect(await settled(sink, 0)).toEqual([]);
  });

  it('are joined to what a read brings, and then nothing more is read, however much comes meanwhile', async () => {
    const messages = await accept(70);
    reads.hold();
    const { sink } = connect(1_000);
    // Of lane 0, then twice of lane 1: the last one brings some of what came during the first.
    for (let nth = 0; nth < 3; nth++) {
      await reads.caught();
      messages.push(...(await accept(10)));
      reads.release();
      if (nth < 2) reads.hold();
    }
    expect(await settled(sink, 100)).toEqual(units(messages));
    expect(reads.reads).toBeLessThanOrEqual(4);
  });

  it('are held no longer once a read has brought them, also where it is cut short', async () => {
    const [left] = await accept(1);
    const first = connect(1);
    await settled(first.sink, 1);
    const { sink, outlet } = connect(0);
    sink.room = 1;
    const messages = await accept(3, 1, false);
    const [brought, ...rest] = messages;
    reads.hold();
    dispatcher.grant(health, outlet, 10);
    await reads.caught();
    offer(messages);
    reads.release();
    await settled(sink, 1);
    await store.settle(settlementOf([brought!], health));
    dispatcher.settled(health, [brought!.envelopeDigest]);
    // As through another gateway: a read from what the first session leaves finds nothing in front of what is held.
    await store.settle(settlementOf([left!, ...rest], health));
    dispatcher.close(health, first.outlet);
    sink.room = Infinity;
    dispatcher.resume(health, outlet);
    expect(await settled(sink, 3)).toEqual(units(messages));
  });
});

describe('a read that fails', () => {
  it('is reported and tried again, for deliveries and for receipts', async () => {
    const messages = await accept(2);
    await store.markDelivered(messages.map(({ delivery }) => delivery));
    reads.failing = true;
    const { sink } = connect(5);
    const sender = new Sink();
    dispatcher.open(police, sender, 0);
    await eventually('an error each', () => (errors.length >= 2 ? true : undefined));
    reads.failing = false;
    expect(await settled(sink, 2)).toEqual(units(messages));
    await eventually('the receipts', () => (sender.positions.length === 1 ? true : undefined));
  });
});

describe('the receipt stream', () => {
  it('has no gap and nothing twice, whatever grows while it is being read', async () => {
    const messages = await accept(12);
    const deliver = (from: number, to: number): Promise<unknown> =>
      Promise.all(messages.slice(from, to).map(({ delivery }) => store.markDelivered([delivery])));
    await deliver(0, 1);
    reads.hold();
    const sender = new Sink();
    dispatcher.open(police, sender, 0);
    await reads.caught();
    for (let index = 1; index < 6; index++) await deliver(index, index + 1);
    reads.release();
    for (let index = 6; index < 12; index++) await deliver(index, index + 1);
    await eventually('twelve groups', () => (sender.positions.length >= 12 ? true : undefined));
    expect(sender.positions).toEqual(Array.from({ length: 12 }, (_, index) => noon + index));
  });

  it('is not read again where the socket has drained and nothing is missing', async () => {
    const sender = new Sink();
    const outlet = dispatcher.open(police, sender, 0);
    await eventually('the end of the stream', () => (outlet.mayLackReceipts ? undefined : true));
    const [message] = await accept(1);
    await store.markDelivered([message!.delivery]);
    await eventually('the group', () => (sender.positions.length === 1 ? true : undefined));
    const before = reads.reads;
    dispatcher.resume(police, outlet);
    await store.probe();
    // Its queue, which it has not asked for, is not read either.
    expect(reads.reads).toBe(before);
  });

  it('which lacks the position that a session names is given whole, and begins at none that is later', async () => {
    const messages = await accept(4);
    const deliver = (index: number): Promise<void> => store.markDelivered([messages[index]!.delivery]);
    const open = async (receiptsAfter: number): Promise<Sink> => {
      const sender = new Sink();
      const outlet = dispatcher.open(police, sender, receiptsAfter);
      await eventually('the end of the stream', () => (outlet.mayLackReceipts ? undefined : true));
      return sender;
    };
    await deliver(0);
    await deliver(1);
    await store.forgetReceipts(police, noon);
    fixture.clock.now += 10;
    const senders: Sink[] = [];
    for (const after of [noon, noon + 1, noon + 5, noon + hourMs]) senders.push(await open(after));
    await deliver(2);
    await eventually('the third group', () =>
      senders.every(({ positions }) => positions.at(-1) === noon + 10) ? true : undefined,
    );
    const [kept, known, between, ahead] = senders.map(({ positions }) => positions);
    expect([kept, known]).toEqual([[noon + 1, noon + 10], [noon + 10]]);
    expect([between, ahead]).toEqual([kept, kept]);
    // Where nothing is kept, the first group that comes tells of it, and then stands in its own place.
    await store.forgetReceipts(police, noon + 10);
    fixture.clock.now += 10;
    const late = await open(noon + 15);
    await deliver(3);
    await eventually('the fourth group', () => (late.positions.length >= 2 ? true : undefined));
    expect(late.positions).toEqual([noon + 15, noon + 20]);
  });

  it('waits for a sink that is not writable and goes on where it stopped', async () => {
    const messages = await accept(3);
    const sender = new Sink();
    const outlet = dispatcher.open(police, sender, 0);
    await store.markDelivered([messages[0]!.delivery]);
    await eventually('the first group', () => (sender.positions.length === 1 ? true : undefined));
    sender.writable = false;
    await store.markDelivered([messages[1]!.delivery]);
    await store.markDelivered([messages[2]!.delivery]);
    expect(sender.positions).toEqual([noon]);
    sender.writable = true;
    dispatcher.resume(police, outlet);
    await eventually('the rest', () => (sender.positions.length === 3 ? true : undefined));
    expect(sender.positions).toEqual([noon, noon + 1, noon + 2]);
  });
});

it('a session that confirms nothing that arrived gets no more in the end, and goes on when it confirms', async () => {
  const { sink, outlet } = connect(70_000);
  await settled(sink, 0);
  for (let nth = 0; nth < 65_536; nth++) outlet.push(`${nth}`, { delivery: 0, lane: 1, expiresAt: noon });
  // All of it was settled, which is no confirmation.
  outlet.underWay.clear();
  const [message] = await accept(1);
  await settled(sink, 0);
  expect(sink.units).toEqual([]);
  expect(dispatcher.confirm(health, outlet, 65_537)).toBeUndefined();
  expect(dispatcher.confirm(health, outlet, 2)).toHaveLength(2);
  expect(await settled(sink, 1)).toEqual(units([message!]));
});

it('a session that answers nothing gets more once some of it has expired, and what it holds is looked through once a second', async () => {
  const { sink, outlet } = connect(70_000);
  await settled(sink, 0);
  const soon = fixture.clock.now + 1_000;
  for (let nth = 0; nth < 65_536; nth++)
    outlet.push(`${nth}`, { delivery: 0, lane: 1, expiresAt: soon + (nth === 0 ? 0 : 500) });
  dispatcher.confirm(health, outlet, 65_536);
  const held = await accept(2);
  await settled(sink, 0);
  expect(sink.units).toEqual([]);
  fixture.clock.now = soon;
  dispatcher.queueGrown(health);
  expect(await settled(sink, 1)).toEqual(units(held.slice(0, 1)));
  fixture.clock.now = soon + 500;
  dispatcher.queueGrown(health);
  expect(await settled(sink, 1)).toHaveLength(1);
  fixture.clock.now = soon + 1_000;
  dispatcher.queueGrown(health);
  expect(await settled(sink, 2)).toEqual(units(held));
});
