import { afterEach, beforeEach, expect, test } from 'vitest';
import { renew, renewIdentity } from '../../../clients/sdk/enrol.ts';
import { openHome, replaceOpenpgpKey } from '../../../clients/sdk/home.ts';
import { readOpenpgpIdentity, renewEncryptionKey } from '../../../clients/sdk/openpgp.ts';
import { concern, nextEvent, openExchange, police, socialWork, take, type Exchange } from './exchange.ts';

const sixtyDaysMs = 60 * 86_400_000;
let exchange: Exchange;

beforeEach(async () => {
  exchange = await openExchange([police, { ...socialWork, now: () => Date.now() - sixtyDaysMs }]);
});
afterEach(() => exchange.close());

const keysOf = async () =>
  readOpenpgpIdentity((await openHome(exchange.homes.get(socialWork.address)!)).openpgpPrivateKey);

test('a renewed encryption subkey is used by all, alarms nobody, and what was under way to the old one opens', async () => {
  const recipient = await exchange.client(socialWork);
  let sender = await exchange.client(police);
  const before = await keysOf();
  await sender.send(concern('queued before the renewal'));
  await exchange.stop();
  // Encrypted to the old key, submitted after the renewal.
  await sender.enqueue(concern('in the outbox before the renewal'));
  await sender.close();
  await exchange.restart();
  await renew(await openHome(exchange.homes.get(socialWork.address)!));
  const after = await keysOf();
  expect(after.fingerprint).toBe(before.fingerprint);
  expect(after.encryptionKeys).toEqual([before.encryptionKey, after.encryptionKey]);

  sender = await exchange.client(police);
  await sender.drain({ timeoutMs: 10_000 });
  await sender.directory.refresh();
  const [listed] = sender.directory.list().filter(({ endpoint }) => endpoint === socialWork.address);
  expect(listed?.trust).toBe('trusted');
  await sender.send(concern('encrypted to the new key'));
  // A client that runs since before the renewal finds the new private key by itself.
  const notices = await take(recipient, 3);
  expect(notices.map((notice) => notice.text())).toEqual([
    'queued before the renewal',
    'in the outbox before the renewal',
    'encrypted to the new key',
  ]);
  expect(sender.messages({ state: 'refused' })).toEqual([]);
  const sealedFor = notices.map(({ envelope }) => envelope.recipientKeys);
  expect(sealedFor).toEqual([[before.encryptionKey], [before.encryptionKey], [after.encryptionKey]]);
});

test('a subkey that a wrong clock has left in the future keeps no renewal from being taken', async () => {
  const home = await openHome(exchange.homes.get(socialWork.address)!);
  const { encryptionKey } = await keysOf();
  const spoilt = await renewEncryptionKey(home.openpgpPrivateKey, Date.now() + sixtyDaysMs, [encryptionKey]);
  const { entry } = await renewIdentity(await replaceOpenpgpKey(home, spoilt), {});
  expect(entry).toMatchObject({
    encryptionKey: (await keysOf()).encryptionKey,
    previousEncryptionKey: encryptionKey,
  });
  expect(entry.encryptionKey).not.toBe(encryptionKey);
});

test('a client whose certificate another program of the home has renewed is told to come again, and does', async () => {
  const client = await exchange.client(police);
  const renewed = await renew(await openHome(exchange.homes.get(police.address)!));
  const [ended, back] = [nextEvent(client, 'disconnected'), nextEvent(client, 'connected')];
  // The other program shows the new certificate.
  const other = await exchange.client(police, { home: renewed.dir });
  expect((await ended).error?.code).toBe('session-expired');
  await back;
  await Promise.all([client.send(concern('by the first')), other.send(concern('by the second'))]);
});
