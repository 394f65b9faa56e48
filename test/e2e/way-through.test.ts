import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receiptGroup, Writer, type TestEndpoint } from './kit/endpoint.ts';
import { addresses, Exchange, type Name } from './kit/exchange.ts';

let exchange: Exchange;
let people: Record<Name, TestEndpoint>;

beforeAll(async () => {
  exchange = await Exchange.open();
  people = await exchange.enrol('police', 'north', 'night', 'south', 'health');
});
afterAll(() => exchange.close());

describe('a notice', () => {
  it('goes to one recipient byte for byte, and the sender hears that it was delivered and stored', async () => {
    const writer = await Writer.open(people.police, [people.north]);
    const police = await exchange.connect(people.police);
    const north = await exchange.connect(people.north, { credit: 10 });
    const message = writer.message();
    await police.accepted(message);
    const arrival = await north.arrival(message);
    expect(arrival.unit.bytes.equals(message.unit.bytes)).toBe(true);
    const delivered = await police.receipt(message, 'delivered', people.north);
    expect(delivered).toMatchObject({ issuer: 'gateway/relay' });
    await north.store(arrival);
    const stored = await police.receipt(message, 'stored', people.north);
    expect(stored.issuer).toBe(people.north.address);
    expect(stored.position).toBeGreaterThan(delivered.position);
    expect(stored.envelopeDigest.equals(message.digest)).toBe(true);
    await Promise.all([police.leave(), north.leave()]);
  });

  it('goes to three recipients, and the sender learns who listens, who is away and where it is recorded', async () => {
    const recipients = [people.north, people.south, people.health];
    const writer = await Writer.open(people.police, recipients);
    const police = await exchange.connect(people.police);
    const north = await exchange.connect(people.north, { credit: 10 });
    const withoutCredit = await exchange.connect(people.south);
    const message = writer.message();
    const { record, listening, away } = await police.accepted(message);
    expect(listening).toEqual([addresses.north]);
    expect(away).toEqual([addresses.south, addresses.health]);
    const records = await exchange.records();
    expect(records.find(({ index }) => index === record)?.entry).toMatchObject({
      kind: 'message.accepted',
      message: message.id,
      source: addresses.police,
      category: 'police-concern',
    });
    await north.arrival(message);
    const health = await exchange.connect(people.health, { credit: 1 });
    withoutCredit.grant(1);
    for (const session of [north, withoutCredit, health]) {
      await session.store(await session.arrival(message));
      await police.receipt(message, 'stored', session.endpoint);
    }
    await Promise.all([police, north, withoutCredit, health].map((session) => session.leave()));
  });

  it('to a role reaches every endpoint of the agency that holds it', async () => {
    const role = 'north-lanarkshire-social-work/@duty';
    const writer = await Writer.open(people.police, [people.north, people.night], [role]);
    const police = await exchange.connect(people.police);
    const message = writer.message();
    const { listening, away } = await police.accepted(message);
    expect(listening).toEqual([]);
    expect([...away].sort()).toEqual([addresses.north, addresses.night].sort());
    for (const name of ['north', 'night'] as const) {
      const session = await exchange.connect(people[name], { credit: 10 });
      await session.store(await session.arrival(message));
      await police.receipt(message, 'stored', people[name]);
      await session.leave();
    }
    await police.leave();
  });

  it('that the recipient refuses is refused to the sender, in the recipient’s own signed words', async () => {
    const writer = await Writer.open(people.police, [people.south]);
    const police = await exchange.connect(people.police);
    const south = await exchange.connect(people.south, { credit: 10 });
    const message = writer.message();
    const { record } = await police.accepted(message);
    const arrival = await south.arrival(message);
    const detail = JSON.stringify({ code: 'payload-undecryptable' });
    south.sendReceipts(
      receiptGroup(people.south, [
        { kind: 'refused', message: message.id, envelopeDigest: arrival.digest, detail },
      ]),
    );
    const refused = await police.receipt(message, 'refused', people.south);
    expect(refused).toMatchObject({ issuer: addresses.south, detail });
    await exchange.recorded({ kind: 'delivery.refused', of: record, nth: 0 });
    await Promise.all([police.leave(), south.leave()]);
  });
});

describe('a sender that was away', () => {
  it('gets the receipts of its stream later, from the position that it names, until it says that it stored them', async () => {
    const writer = await Writer.open(people.police, [people.health]);
    const before = await exchange.connect(people.police);
    const message = writer.message();
    await before.accepted(message);
    await before.leave();
    // What it had received by then depends on how fast it left.
    const last = await (await exchange.store()).readReceiptsEnd(people.police.address);

    const health = await exchange.connect(people.health, { credit: 10 });
    await health.store(await health.arrival(message));
    await health.leave();

    const silent = await exchange.connect(people.police, { receiptsAfter: null });
    const after = await exchange.connect(people.police, { receiptsAfter: last });
    await after.receipt(message, 'stored');
    expect(after.receipts.map(({ kind }) => kind)).toEqual(['delivered', 'stored']);
    const [first, second] = after.receipts.map(({ position }) => position) as [number, number];
    expect([last, first, second]).toEqual([last, first, second].toSorted((a, b) => a - b));
    after.control({ type: 'receipts-stored', through: first });
    await after.leave();
    expect(silent.receipts).toEqual([]);
    await silent.leave();
    await exchange.recorded({ kind: 'receipts.forgotten', endpoint: addresses.police, through: first });

    const again = await exchange.connect(people.police, { receiptsAfter: 0 });
    const stored = await again.receipt(message, 'stored');
    expect(stored.position).toBe(second);
    expect(again.receipts[0]?.position).toBe(second);
    await again.leave();
  });
});

describe('a restart of the gateway', () => {
  it('loses neither the queue, nor its order, nor the receipts that nobody has fetched', async () => {
    const writer = await Writer.open(people.police, [people.south]);
    const police = await exchange.connect(people.police);
    const messages = writer.batch(Array.from({ length: 64 }, () => ({})));
    const answers = await police.submit(...messages);
    expect(answers.every(({ kind }) => kind === 'accepted')).toBe(true);
    const last = Math.max(0, ...police.receipts.map(({ position }) => position));
    await exchange.restart();

    const south = await exchange.connect(people.south, { credit: 100 });
    expect((await south.welcomed()).pending).toBe(64);
    const arrivals = await south.arrived(64);
    expect(arrivals.map(({ id }) => id)).toEqual(messages.map(({ id }) => id));
    expect(arrivals.every(({ unit }, index) => unit.bytes.equals(messages[index]!.unit.bytes))).toBe(true);
    await south.store(...arrivals);
    await south.leave();
    await exchange.restart();

    const later = await exchange.connect(people.police, { receiptsAfter: last });
    for (const message of messages) await later.receipt(message, 'stored');
    const positions = [...new Set(later.receipts.map(({ position }) => position))];
    expect([last, ...positions]).toEqual([last, ...positions].toSorted((a, b) => a - b));
    expect(later.receipts.filter(({ kind }) => kind === 'delivered')).toHaveLength(64);
    expect(later.receipts.filter(({ kind }) => kind === 'stored')).toHaveLength(64);
    await later.leave();
  });
});
