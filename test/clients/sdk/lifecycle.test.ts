import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { openHome } from '../../../clients/sdk/home.ts';
import { revokeEndpoint } from '../../../gateway/identity/revocation.ts';
import { openSqliteStore } from '../../../gateway/store/sqlite/sqlite-store.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { concern, exchangeOfFile, health, nextEvent, police, socialWork, take } from './exchange.ts';

const exchange = exchangeOfFile(police, socialWork, health);

test('a certificate past two thirds of its time is renewed, and the client goes on with the new one', async () => {
  const homeDir = exchange().homes.get(police.address)!;
  const serialBefore = new X509Certificate((await openHome(homeDir)).tlsCertificatePem).serialNumber;
  const daysMs = 24 * 3_600_000;
  let offsetMs = 0;
  await using client = await exchange().client(police, { now: () => Date.now() + offsetMs });
  await exchange().stop();
  const renewed = nextEvent(client, 'renewed');
  offsetMs = 70 * daysMs;
  await exchange().restart();
  expect(await renewed).toEqual({ error: undefined });
  offsetMs = 0;
  const serialAfter = new X509Certificate((await openHome(homeDir)).tlsCertificatePem).serialNumber;
  expect(serialAfter).not.toBe(serialBefore);
  await client.whenConnected();
  await client.send(concern('after renewal'));
});

test('an endpoint that is revoked loses its session, is told why, and keeps what it has written', async () => {
  await using client = await exchange().client(health);
  const ended = nextEvent(client, 'disconnected');
  const { store: file, storeKeys } = exchange().gatewayHome;
  const store = await openSqliteStore({ file, ...storeKeys });
  await revokeEndpoint(store, health.address as EndpointAddress, 'unspecified', Date.now());
  await store.close();
  expect(await ended).toMatchObject({ error: { code: 'endpoint-revoked' } });
  expect(client.status().lastError?.code).toBe('endpoint-revoked');
  await using sender = await exchange().client(police);
  await expect(sender.send(concern('x', health.address))).rejects.toMatchObject({
    code: 'recipient-revoked',
  });
});

test('await using drains, so that what was acknowledged is confirmed before the process ends', async () => {
  await using sender = await exchange().client(police);
  const { id } = await sender.send(concern('last words'));
  {
    await using recipient = await exchange().client(socialWork);
    await take(recipient, 2);
  }
  expect((await sender.settled(id)).deliveries[0]).toMatchObject({ outcome: 'stored' });
});
