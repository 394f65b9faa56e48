/** Somebody who can write into the store has a revoked endpoint come back, or one disappear, while no gateway runs. */
import { rename } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { requestGateway } from '../../clients/sdk/gateway-request.ts';
import { Writer, type TestEndpoint } from './kit/endpoint.ts';
import { addresses, Exchange } from './kit/exchange.ts';
import { eventually } from './kit/watch.ts';
import { endpointHome } from '../../bin/sandbox.ts';

let exchange: Exchange;
let people: Record<'police' | 'north' | 'south', TestEndpoint>;

beforeAll(async () => {
  exchange = await Exchange.open({ isBare: true });
  people = await exchange.enrol('police', 'north', 'south');
});
afterAll(() => exchange.close());

type Row = Record<'endpoint' | 'version' | 'entry' | 'record', string>;

function edit<T>(work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(exchange.home.store, { timeout: 5_000 });
  try {
    return work(database);
  } finally {
    database.close();
  }
}

it('locks out the endpoint whose row was put back, and takes the exchange from nobody else', async () => {
  const row = edit(
    (database) =>
      database
        .prepare("SELECT * FROM directory_entry WHERE entry ->> 'endpoint' = ?")
        .get(addresses.south) as Row,
  );
  const writer = await Writer.open(people.police, [people.south]);
  await exchange.revoke(people.south);
  await exchange.stop(1_000);
  edit((database) =>
    database
      .prepare('UPDATE directory_entry SET entry = ?, record = ?, version = ? WHERE endpoint = ?')
      .run(row.entry, row.record, row.version, row.endpoint),
  );

  await exchange.start();
  expect(exchange.takeFailures('store-damaged')).toMatchObject([
    { endpoint: addresses.south, msg: expect.stringContaining('locked out') as string },
  ]);
  const south = await exchange.connect(people.south, { hello: null });
  expect(await south.refusal()).toEqual({ status: 403, code: 'certificate-unknown' });
  const police = await exchange.connect(people.police);
  expect(await police.refused(writer.message())).toBe('recipient-unknown');
  const north = await exchange.connect(people.north, { credit: 10 });
  const message = (await Writer.open(people.police, [people.north])).message();
  await police.accepted(message);
  await north.arrival(message);

  // Revoked once more, it is what it was.
  await exchange.revoke(people.south);
  await police.next('directory-changed');
  const again = await exchange.connect(people.south, { hello: null });
  expect(await again.refusal()).toEqual({ status: 403, code: 'endpoint-revoked' });
  await Promise.all([police.leave(), north.leave()]);
});

const readiness = z.object({
  status: z.literal('ready'),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});

/** What `/readyz` says of it where messages are taken. */
async function saidOfDirectory(): Promise<unknown[]> {
  const tls = { ca: exchange.home.authority.certificatePem };
  const asked = { gatewayUrl: exchange.url, path: '/readyz', tls, schema: readiness };
  const { checks } = await requestGateway(asked);
  return checks.filter(({ name }) => name === 'directory').map(({ ok, detail }) => ({ ok, detail }));
}

it('says whose row is gone, and has it back once it enrols again with a new token', async () => {
  const { health } = await exchange.enrol('health');
  await exchange.stop(1_000);
  edit((database) =>
    database.prepare("DELETE FROM directory_entry WHERE entry ->> 'endpoint' = ?").run(addresses.health),
  );

  await exchange.start();
  expect(exchange.takeFailures('store-damaged')).toMatchObject([
    { endpoint: addresses.health, msg: 'a row of the directory is gone: its endpoint is locked out' },
  ]);
  expect(await saidOfDirectory()).toEqual([
    { ok: true, detail: '1 row is gone: whoever it is about is locked out' },
  ]);
  const refused = await exchange.connect(health, { hello: null });
  expect(await refused.refusal()).toEqual({ status: 403, code: 'certificate-unknown' });

  const folder = endpointHome(exchange.dir, addresses.health);
  await rename(folder, `${folder}.before`);
  const again = await exchange.enrol('health');
  const session = await exchange.connect(again.health);
  await session.leave();
  // It looks once a second at most.
  await eventually('a directory that has all its rows', async () => (await saidOfDirectory()).length === 0);
});
