/** One row of the store is damaged while the gateway does not run: everybody else goes on. */
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { requestGateway } from '../../clients/sdk/gateway-request.ts';
import { uuidToBytes } from '../../protocol/uuid.ts';
import { Writer, type TestEndpoint } from './kit/endpoint.ts';
import { Exchange } from './kit/exchange.ts';
import { eventually } from './kit/watch.ts';

let exchange: Exchange;
let people: Record<'police' | 'north', TestEndpoint>;

beforeAll(async () => {
  exchange = await Exchange.open();
  people = await exchange.enrol('police', 'north');
});
afterAll(() => exchange.close());

const schema = z.object({
  status: z.string(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});

/** What `/readyz` says of a part, with its status. */
async function saidOf(part: string): Promise<string | undefined> {
  const tls = { ca: exchange.home.authority.certificatePem };
  const { status, checks } = await requestGateway({ gatewayUrl: exchange.url, path: '/readyz', tls, schema });
  const found = checks.find(({ name }) => name === part);
  return found === undefined ? undefined : `${status}: ${found.detail}`;
}

it('keeps neither what is queued behind it, nor alerts, nor new messages', async () => {
  const writer = await Writer.open(people.police, [people.north]);
  const before = await exchange.connect(people.police);
  const [first, damaged, third] = [writer.message(), writer.message(), writer.message()];
  for (const message of [first, damaged, third]) await before.accepted(message);
  await exchange.restart();
  expect(await saidOf('messages in the store')).toBeUndefined();
  await exchange.stop(1_000);
  const database = new DatabaseSync(exchange.home.store);
  database
    .prepare("UPDATE message SET unit = cast(x'ffff' || substr(unit, 3) AS BLOB) WHERE id = ?")
    .run(uuidToBytes(damaged.id));
  database.close();
  await exchange.start();

  const police = await exchange.connect(people.police);
  const north = await exchange.connect(people.north, { credit: 1 });
  await north.store(await north.arrival(first));
  north.grant(10);
  await north.store(await north.arrival(third));
  const fresh = writer.message();
  await police.accepted(fresh);
  await north.store(await north.arrival(fresh));
  await police.receipt(fresh, 'stored');
  expect(north.arrivals.map(({ id }) => id)).toEqual([first.id, third.id, fresh.id]);
  expect(north.isOpen).toBe(true);

  const read = 'ready: has read all that was accepted when it looked last';
  await eventually('the correlator', async () => ((await saidOf('correlator')) === read ? true : undefined));
  expect(await saidOf('messages in the store')).toMatch(/^ready: store-damaged: 1 /);
  const again = await exchange.connect(people.north, { credit: 10 });
  await Promise.all([police.leave(), north.leave(), again.leave()]);
  expect(again.arrivals).toEqual([]);
  const { record } = (await (await exchange.store()).readMessage(people.police.address, damaged.id))!;
  expect(exchange.takeFailures('store-damaged')).toMatchObject([{ message: damaged.id, leaf: record }]);
});
