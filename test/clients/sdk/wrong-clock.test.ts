import { expect, test } from 'vitest';
import { connect } from '../../../clients/sdk/client.ts';
import { GatewayClock } from '../../../clients/sdk/gateway-clock.ts';
import { limits } from '../../../protocol/limits.ts';
import { parseEnvelope } from '../../../protocol/wire/envelope.ts';
import { gatewayForEachTest } from './gateway-for-each-test.ts';
import { concern, nextEvent, take } from './exchange.ts';
import { alice, bob, until, type ScriptedGateway } from './scripted-gateway.ts';

const dayMs = 24 * 3_600_000;

let gateway: ScriptedGateway;

gatewayForEachTest((opened) => (gateway = opened));

test.each([1_000, 2 ** 42])(
  'a recipient signs its receipt by its own clock, also where the gateway’s says %i',
  async (clock) => {
    const sender = await gateway.client(alice);
    gateway.welcome = { clock };
    const recipient = await gateway.client(bob);
    const { id } = await sender.send(concern('x', bob));
    const session = await gateway.session(bob);
    session.deliver(...(await gateway.session(alice)).units);
    await take(recipient, 1);
    await until(() => session.receipts.length > 0);
    const [receipt] = session.receipts;
    expect(receipt).toMatchObject({ kind: 'stored', message: id });
    expect(Math.abs(receipt!.at - Date.now())).toBeLessThan(60_000);
    expect(Math.abs(recipient.status().clockAheadMs!)).toBeGreaterThan(400 * dayMs);
  },
);

test('what is held is neither hidden nor forgotten by a clock that is ahead, the gateway’s or its own', async () => {
  const sender = await gateway.client(alice);
  const dataschema = 'urn:causeway:dataset:concern-report:1.0';
  gateway.datasets.set('concern-report/1.0', { $id: dataschema, type: 'object' });
  for (let count = 0; count < 3; count++) await sender.send({ ...concern('', bob), dataschema, content: {} });
  const { units } = await gateway.session(alice);
  gateway.datasets.clear();
  const clocks = [[], [2 ** 42, Date.now], [Date.now(), () => Date.now() + 400 * dayMs]] as const;
  for (const [nth, [clock, now]] of clocks.entries()) {
    gateway.welcome = clock === undefined ? {} : { clock };
    const recipient = await gateway.client(bob, now === undefined ? {} : { now });
    expect(recipient.held()).toHaveLength(nth);
    void recipient.notices().next();
    (await gateway.session(bob)).deliver(units[nth]!);
    await nextEvent(recipient, 'held');
    expect(recipient.status().held).toBe(nth + 1);
    await recipient.close();
  }
  const home = gateway.homeOf(bob);
  const offline = await connect({ home, waitMs: 0, now: () => Date.now() + 400 * dayMs });
  expect(offline.held()).toHaveLength(3);
  await offline.close();
});

test('how far the clocks differ is held as of the welcome, the gateway’s time goes on, and that this computer’s was set is noticed', () => {
  let offMs = 0;
  const clock = new GatewayClock(() => Date.now() + offMs);
  expect(clock.aheadMs()).toBeUndefined();
  expect(clock.hasJumped).toBe(false);
  clock.heard(Date.now() - 60_000);
  expect(clock.hasJumped).toBe(false);
  offMs = 8 * 3_600_000;
  expect(clock.aheadMs()).toBeCloseTo(60_000, -4);
  expect(clock.now() - Date.now()).toBeCloseTo(-60_000, -4);
  expect(clock.hasJumped).toBe(true);
  clock.heard(Date.now() - 60_000);
  expect(clock.hasJumped).toBe(false);
});

test('what has not expired goes by the clock that is behind, also where this computer’s was set since', () => {
  let offMs = 0;
  const clock = new GatewayClock(() => Date.now() + offMs);
  const lateMs = (): number => Date.now() - clock.earliest();
  expect(clock.earliest()).toBe(0);
  clock.heard(Date.now() + 60_000);
  expect(lateMs()).toBeCloseTo(0, -4);
  clock.heard(Date.now() - 60_000);
  for (offMs of [0, 400 * dayMs]) expect(lateMs()).toBeCloseTo(60_000, -4);
  offMs = -dayMs;
  expect(lateMs()).toBeCloseTo(dayMs, -4);
});

test('what a sender whose clock is behind sends lives as long as what others do, under a key of its future', async () => {
  const sender = await gateway.client(alice, { now: () => Date.now() - 40 * dayMs });
  await sender.send(concern('from the past', bob));
  const recipient = await gateway.client(bob);
  (await gateway.session(bob)).deliver(...(await gateway.session(alice)).units);
  const [notice] = await take(recipient, 1);
  expect(notice!.text()).toBe('from the past');
  expect((notice!.time.getTime() - Date.now()) / dayMs).toBeCloseTo(-40, 1);
  expect((notice!.expires.getTime() - Date.now()) / dayMs).toBeCloseTo(30, 1);
});

test('nothing lasts longer than the gateway allows, and what it may take for expired is left to it to judge', async () => {
  for (const aheadDays of [80, 91]) {
    gateway.welcome = { clock: Date.now() + aheadDays * dayMs };
    const sender = await gateway.client(alice);
    const session = await gateway.session(alice);
    await sender.send(concern('x', bob));
    const { time, expires } = parseEnvelope(session.units[0]!.envelope);
    expect(Date.parse(expires) - Date.parse(time)).toBe(limits.maxLifetimeMs);
    await sender.close();
  }
});

test('a gateway whose clock is behind gets nothing encrypted to a key that has ended', async () => {
  const sender = await gateway.client(alice, { now: () => Date.now() + 100 * dayMs });
  await expect(sender.send(concern('x', bob))).rejects.toMatchObject({ code: 'key-expired' });
});

test('a clock that is set while the directory is read renews nothing by that before another welcome', async () => {
  const asked: string[] = [];
  let offMs = 0;
  gateway.onRequest = (path) => {
    asked.push(path);
    offMs = 400 * dayMs;
    return true;
  };
  const client = await gateway.client(bob, { now: () => Date.now() + offMs });
  await until(() => client.status().renewalRefusal?.code === 'clock-skew');
  expect(asked).not.toContain('/v1/renew');
});
