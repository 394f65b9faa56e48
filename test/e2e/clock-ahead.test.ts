import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Writer, type TestEndpoint } from './kit/endpoint.ts';
import { Exchange } from './kit/exchange.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let exchange: Exchange;
let people: Record<'police' | 'north', TestEndpoint>;
let writer: Writer;

beforeAll(async () => {
  exchange = await Exchange.open({ isBare: true });
  people = await exchange.enrol('police', 'north');
  writer = await Writer.open(people.police, [people.north]);
});
afterAll(() => exchange.close());

/** What `/readyz` says of the clock, with its status. */
async function saidOfClock(): Promise<[number | undefined, string | undefined]> {
  const ca = exchange.home.authority.certificatePem;
  return await new Promise((resolve, reject) => {
    const outgoing = request(`${exchange.url}/readyz`, { ca, agent: false }, (response) => {
      text(response).then((body) => {
        const { checks } = JSON.parse(body) as { checks: { name: string; detail: string }[] };
        resolve([response.statusCode, checks.find(({ name }) => name === 'clock')?.detail]);
      }, reject);
    });
    outgoing.on('error', reject).end();
  });
}

it('a start with a clock far ahead lets nothing expire, and says what it has found', async () => {
  const police = await exchange.connect(people.police);
  const message = writer.message();
  await police.accepted(message);
  await exchange.restart();
  expect(await saidOfClock()).toEqual([200, undefined]);

  await exchange.restart({ now: () => Date.now() + 200 * dayMs });
  expect(await saidOfClock()).toEqual([503, expect.stringMatching(/^clock-wrong/)]);
  await exchange.restart({ now: Date.now });
  const north = await exchange.connect(people.north, { credit: 1 });
  await north.store(await north.arrival(message));
});

it('what has expired by a clock far ahead is refused for now, and taken once the clock is right', async () => {
  const message = writer.message();
  await exchange.restart({ now: () => Date.now() + 40 * dayMs });
  const astray = await exchange.connect(people.police);
  expect(await astray.refused(message)).toBe('store-unavailable');
  await exchange.restart({ now: Date.now });
  const police = await exchange.connect(people.police);
  await police.accepted(message);
});

it('what was made in the future by a clock that is behind is refused for now, and taken once the clock is right', async () => {
  const time = new Date(Date.now() + 3 * hourMs).toISOString();
  const expires = new Date(Date.now() + dayMs).toISOString();
  const message = writer.message({ time, expires });
  const right = { now: () => Date.now() + 3 * hourMs };
  await exchange.restart(right);
  await exchange.restart({ now: Date.now });
  expect(await saidOfClock()).toEqual([200, undefined]);
  const astray = await exchange.connect(people.police);
  expect(await astray.refused(message)).toBe('store-unavailable');
  await exchange.restart(right);
  const police = await exchange.connect(people.police);
  await police.accepted(message);
});
