import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeUnitFrame } from '../../protocol/wire/frame.ts';
import { limits } from '../../protocol/limits.ts';
import { Bystander } from './kit/bystander.ts';
import { Writer, type TestEndpoint } from './kit/endpoint.ts';
import { addresses, Exchange, type Name } from './kit/exchange.ts';

let exchange: Exchange;
let people: Record<Name, TestEndpoint>;
let bystander: Bystander;
/** How far the gateway's clock that nobody sets is ahead, ms. */
let ahead = 0;

beforeAll(async () => {
  exchange = await Exchange.open({ monotonicMs: () => performance.now() + ahead });
  people = await exchange.enrol('police', 'north', 'night', 'south', 'health');
  bystander = await Bystander.start(exchange, people.health, people.south);
});
afterAll(async () => {
  try {
    expect(await bystander.stop()).toBeGreaterThan(0);
  } finally {
    await exchange.close();
  }
});

describe.concurrent('a session that asks too much', () => {
  it('hello-timeout, 4408: says nothing for five seconds', async () => {
    const silent = await exchange.connect(people.night, { hello: null });
    await silent.opened();
    expect(await silent.closed(limits.helloTimeoutMs + 10_000)).toEqual({
      code: 4408,
      error: 'hello-timeout',
    });
    await exchange.recorded({ kind: 'session.error', code: 'hello-timeout', endpoint: addresses.night });
  });

  it('window-exceeded, 4429: has more than 1024 submissions unanswered', async () => {
    const greedy = await exchange.connect(people.police);
    // Small enough for all of it to arrive at once, before any of it can be answered.
    const nothing = Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), Buffer.from('x')]);
    const frame = encodeUnitFrame(
      'submit',
      Array.from({ length: limits.maxUnits }, () => nothing),
    );
    const { _socket: transport } = greedy.webSocket as unknown as {
      _socket: { cork(): void; uncork(): void };
    };
    transport.cork();
    for (let sent = 0; sent <= limits.maxUnanswered; sent += limits.maxUnits) greedy.send(frame);
    transport.uncork();
    expect(await greedy.closed()).toEqual({ code: 4429, error: 'window-exceeded' });
    await exchange.recorded({ kind: 'session.error', code: 'window-exceeded', endpoint: addresses.police });
  });

  it('rate-limited, 4429: has thousands of units refused, each of which would leave a line for good', async () => {
    const spammer = await exchange.connect(people.night);
    const nothing = Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), Buffer.from('x')]);
    const frame = encodeUnitFrame(
      'submit',
      Array.from({ length: limits.maxUnits }, () => nothing),
    );
    // Slower than the window, so that only the number of refusals can end it.
    for (let sent = 0; sent < 5_500 && spammer.isOpen; sent += limits.maxUnits) {
      spammer.send(frame);
      await spammer.answered(sent + limits.maxUnits);
    }
    expect(await spammer.closed()).toEqual({ code: 4429, error: 'rate-limited' });
    const again = await exchange.connect(people.night);
    again.send(frame);
    expect(await again.closed()).toEqual({ code: 4429, error: 'rate-limited' });
    await exchange.recorded({ kind: 'session.error', code: 'rate-limited', endpoint: addresses.night });
    const refusals = (await exchange.records()).filter(
      ({ entry }) => entry.kind === 'message.refused' && entry.source === addresses.night,
    );
    // The frame with which there are too many is answered as well.
    expect(refusals.length).toBeLessThan(5_000 + limits.maxUnits);
  });

  it('slow-consumer: does not read, is cut off while others go on, and loses nothing', async () => {
    const writer = await Writer.open(people.police, [people.north], undefined, 900_000);
    const police = await exchange.connect(people.police);
    const north = await exchange.connect(people.north, { credit: 100 });
    north.pause();
    const messages = Array.from({ length: 24 }, () => writer.message());
    for (const message of messages) await police.accepted(message);
    // One look sees the backlog stand still, a later one that ten seconds have passed since.
    const jump = setInterval(() => (ahead += 11_000), 3_000);
    await exchange.recorded({ kind: 'session.error', code: 'slow-consumer', endpoint: addresses.north });
    clearInterval(jump);
    north.terminate();
    const again = await exchange.connect(people.north, { credit: 100 });
    for (const message of messages) await again.store(await again.arrival(message));
    for (const message of messages) await police.receipt(message, 'stored');
    await Promise.all([again.leave(), police.leave()]);
  });
});
