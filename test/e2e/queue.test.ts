import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { receiptGroup, Writer, type TestEndpoint, type TestMessage } from './kit/endpoint.ts';
import { addresses, Exchange } from './kit/exchange.ts';
import type { RawSession } from './kit/raw-session.ts';

let exchange: Exchange;
let people: Record<'police' | 'north', TestEndpoint>;
let writer: Writer;
let police: RawSession;

beforeAll(async () => {
  exchange = await Exchange.open();
  people = await exchange.enrol('police', 'north');
  writer = await Writer.open(people.police, [people.north]);
});
afterAll(() => exchange.close());
beforeEach(async () => {
  police = await exchange.connect(people.police);
});
afterEach(async () => {
  // What one test leaves in the queue must not reach the next.
  const rest = await exchange.connect(people.north, { credit: 4_096 });
  const { pending } = await rest.welcomed();
  if (pending > 0) await rest.store(...(await rest.arrived(pending)));
  await Promise.all([rest.leave(), police.leave()]);
});

async function submit(count: number, changes = {}): Promise<TestMessage[]> {
  const messages = Array.from({ length: Math.ceil(count / 64) }, (_, batch) =>
    writer.batch(Array.from({ length: Math.min(64, count - batch * 64) }, () => changes)),
  ).flat();
  const answers = await police.submit(...messages);
  expect(answers.every(({ kind }) => kind === 'accepted')).toBe(true);
  return messages;
}

const ids = (items: readonly { id: string }[]): string[] => items.map(({ id }) => id);

describe('credit', () => {
  it('is respected exactly, for a backlog and for what is fresh', async () => {
    const backlog = await submit(10);
    const north = await exchange.connect(people.north, { credit: 3 });
    await north.arrived(3);
    const fresh = await submit(2);
    north.grant(1);
    await north.arrived(4);
    // A receipt that comes after shows that nothing else was under way.
    await north.store(...north.arrivals);
    expect(ids(north.arrivals)).toEqual(ids(backlog.slice(0, 4)));
    north.grant(7);
    await north.arrived(11);
    await north.store(...north.arrivals.slice(4));
    expect(ids(north.arrivals)).toEqual(ids([...backlog, fresh[0]!]));
    north.grant(5);
    await north.arrived(12);
    const [straight] = await submit(1);
    await north.arrival(straight!);
    await north.store(...north.arrivals.slice(11));
    expect(north.arrivals).toHaveLength(13);
    await north.leave();
  });

  it('above the limit ends the session, and so does credit before the welcome', async () => {
    const greedy = await exchange.connect(people.north, { credit: 4_096 });
    greedy.grant(1);
    expect(await greedy.closed()).toEqual({ code: 4400, error: 'frame-unexpected' });
    const hasty = await exchange.connect(people.north, { hello: null });
    await hasty.opened();
    hasty.control({ type: 'hello', client: 'hasty', receiptsAfter: null });
    hasty.grant(1);
    expect(await hasty.closed()).toEqual({ code: 4400, error: 'frame-unexpected' });
    expect(hasty.arrivals).toEqual([]);
  });
});

describe('the order of deliveries', () => {
  it('lets immediate notices overtake routine ones in a backlog, each kind in the order of acceptance', async () => {
    const routine = await submit(100);
    const immediate = await submit(3, { severity: 'immediate' });
    const north = await exchange.connect(people.north, { credit: 5 });
    await north.arrived(5);
    const more = await submit(1, { severity: 'immediate' });
    north.grant(200);
    await north.arrived(104);
    expect(ids(north.arrivals)).toEqual(
      ids([...immediate, ...routine.slice(0, 2), ...more, ...routine.slice(2)]),
    );
    await north.store(...north.arrivals);
    await north.leave();
  });

  it('is kept for a backlog of several frames', async () => {
    const messages = await submit(600);
    const north = await exchange.connect(people.north, { credit: 1_000 });
    await north.arrived(600);
    expect(ids(north.arrivals)).toEqual(ids(messages));
    await north.leave();
  });
});

describe('several sessions of one endpoint', () => {
  it('share its deliveries, each going to one of them', async () => {
    const sessions = await Promise.all([20, 20].map((credit) => exchange.connect(people.north, { credit })));
    const messages = await submit(40);
    const [left, right] = await Promise.all(sessions.map((session) => session.arrived(20)));
    expect(ids([...left!, ...right!]).sort()).toEqual(ids(messages).sort());
    await sessions[0]!.store(...left!);
    await sessions[1]!.store(...right!);
    await Promise.all(sessions.map((session) => session.leave()));
  });

  it('take over what a session that died had not settled', async () => {
    const first = await exchange.connect(people.north, { credit: 10 });
    const messages = await submit(10);
    const arrivals = await first.arrived(10);
    await first.store(...arrivals.slice(0, 4));
    const second = await exchange.connect(people.north, { credit: 100 });
    first.terminate();
    await second.arrived(6);
    expect(ids(second.arrivals)).toEqual(ids(messages.slice(4)));
    await second.store(...second.arrivals);
    await second.leave();
  });

  it('take over what a session that said goodbye had not settled, and its late word of arrival still counts', async () => {
    const first = await exchange.connect(people.north, { credit: 2, confirms: false });
    const [message, other] = await submit(2);
    await first.arrived(2);
    // The receipt keeps the session open until it is durable.
    first.sendReceipts(receiptGroup(people.north, [{ message: other!.id, envelopeDigest: other!.digest }]));
    first.control({ type: 'goodbye' });
    first.control({ type: 'received', units: 1 });
    expect(await first.closed()).toEqual({ code: 1000, error: undefined });
    await police.receipt(message!, 'delivered');
    const second = await exchange.connect(people.north, { credit: 5 });
    await second.store(await second.arrival(message!));
    expect(second.arrivals).toHaveLength(1);
    await second.leave();
  });

  it('each get the receipt stream that they asked for', async () => {
    const north = await exchange.connect(people.north, { credit: 10 });
    const other = await exchange.connect(people.police);
    const [message] = await submit(1);
    await north.store(await north.arrival(message!));
    const [one, two] = await Promise.all([
      police.receipt(message!, 'stored'),
      other.receipt(message!, 'stored'),
    ]);
    expect(one.position).toBe(two.position);
    await Promise.all([north.leave(), other.leave()]);
  });
});

describe('a delivery that nobody fetches', () => {
  it('expires, and the sender is told exactly once', async () => {
    const short = { expires: new Date(Date.now() + 1_200).toISOString() };
    const north = await exchange.connect(people.north, { credit: 1 });
    const message = writer.message(short);
    const never = writer.message(short);
    await police.accepted(message);
    await north.arrival(message);
    await police.accepted(never);
    await police.receipt(message, 'expired');
    await police.receipt(never, 'expired', people.north);
    north.grant(5);
    // Another delivery passes, the expired one does not.
    const [next] = await submit(1);
    await north.store(await north.arrival(next!));
    await police.receipt(next!, 'stored');
    expect(ids(north.arrivals)).toEqual(ids([message, next!]));
    const expired = police.receipts.filter(({ kind, message: id }) => kind === 'expired' && id === never.id);
    expect(expired).toHaveLength(1);
    expect(expired[0]).toMatchObject({ issuer: 'gateway/relay', recipient: addresses.north });
    await north.leave();
    const again = await exchange.connect(people.north, { credit: 5 });
    expect((await again.welcomed()).pending).toBe(0);
    await again.leave();
  });
});
