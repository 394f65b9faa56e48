import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { requestGateway } from '../../clients/sdk/gateway-request.ts';
import { Writer } from './kit/endpoint.ts';
import { Exchange } from './kit/exchange.ts';

let exchange: Exchange;
beforeAll(async () => {
  exchange = await Exchange.open({ isBare: true });
});
afterAll(() => exchange.close());

const schema = z.object({
  status: z.string(),
  checks: z.array(z.object({ name: z.string(), detail: z.string() })),
});

async function saidOfClock(): Promise<[string, string | undefined]> {
  const tls = { ca: exchange.home.authority.certificatePem };
  const { status, checks } = await requestGateway({ gatewayUrl: exchange.url, path: '/readyz', tls, schema });
  return [status, checks.find(({ name }) => name === 'clock')?.detail];
}

it('a start with a clock far ahead lets nothing expire, and says what it has found', async () => {
  const people = await exchange.enrol('police', 'north');
  const writer = await Writer.open(people.police, [people.north]);
  const police = await exchange.connect(people.police);
  const message = writer.message();
  await police.accepted(message);
  await exchange.restart();
  expect(await saidOfClock()).toEqual(['ready', undefined]);

  await exchange.restart({ now: () => Date.now() + 200 * 86_400_000 });
  expect(await saidOfClock()).toEqual(['ready', expect.stringMatching(/^clock-wrong/)]);
  await exchange.restart({ now: Date.now });
  const north = await exchange.connect(people.north, { credit: 1 });
  await north.store(await north.arrival(message));
});
