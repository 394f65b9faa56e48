import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openHome } from '../../../clients/sdk/home.ts';
import { openAuthority } from '../../../gateway/identity/authority.ts';
import { revokeEndpoint } from '../../../gateway/identity/revocation.ts';
import { openSqliteStore } from '../../../gateway/store/sqlite/sqlite-store.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { concern, exchangeOfFile, health, nextEvent, police, socialWork, take } from './exchange.ts';

const night = { address: 'strathclyde-police/night-desk', roles: ['public-protection'] };
const exchange = exchangeOfFile(police, socialWork, health);

test('a certificate past two thirds of its time is renewed, and the client goes on with the new one', async () => {
  // Enrolled by an authority of 70 days ago.
  const { gatewayHome } = exchange();
  const read = (name: string) => readFile(join(gatewayHome.dir, name), 'utf8');
  const files = { privateKeyPem: await read('ca.key'), certificatePem: await read('ca.crt') };
  const authority = openAuthority(files, () => Date.now() - 70 * 24 * 3_600_000);
  await exchange().stop();
  await exchange().restart({ ...gatewayHome, authority });
  const homeDir = await exchange().enrol(night);
  await exchange().stop();
  await exchange().restart();
  const serial = async () => new X509Certificate((await openHome(homeDir)).tlsCertificatePem).serialNumber;
  const serialBefore = await serial();
  await using client = await exchange().client(night);
  await expect.poll(serial, { timeout: 10_000 }).not.toBe(serialBefore);
  expect(client.status().renewalRefusal).toBeUndefined();
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
