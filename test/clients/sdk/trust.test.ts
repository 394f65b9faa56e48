import { rename } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { connect } from '../../../clients/sdk/client.ts';
import { concern, exchangeOfFile, health, nextEvent, police, socialWork, take } from './exchange.ts';

const exchange = exchangeOfFile(police, socialWork, health);

function untrusting(endpoint: { address: string }) {
  return connect({ home: exchange().homes.get(endpoint.address)!, random: () => 0.1 });
}

test('nothing is sent to a key that nobody has trusted, and a wrong fingerprint is not trusted', async () => {
  await using sender = await untrusting(police);
  await expect(sender.send(concern('x'))).rejects.toMatchObject({ code: 'key-unknown' });
  const listing = sender.directory.list().find(({ endpoint }) => endpoint === socialWork.address)!;
  expect(listing.trust).toBe('unknown');
  await expect(
    sender.directory.trust(socialWork.address, { fingerprint: 'ab'.repeat(32) }),
  ).rejects.toMatchObject({ code: 'key-changed' });
  await expect(
    sender.directory.trust(socialWork.address, { fingerprint: listing.openpgpFingerprint.slice(1) }),
  ).rejects.toMatchObject({
    code: 'request-malformed',
    detail: 'A fingerprint has 64 characters; this one has 63.',
  });
  const spelled = listing.openpgpFingerprint.toUpperCase().replace(/(.{4})/g, '$1 ');
  await sender.directory.trust(socialWork.address, { fingerprint: spelled });
  await sender.send(concern('now'));
  await using recipient = await exchange().client(socialWork);
  await take(recipient, 1);
});

test('a notice from an unknown key is held, shown nowhere, and comes once the key is trusted', async () => {
  await using sender = await exchange().client(police);
  await using recipient = await untrusting(health);
  const held = nextEvent(recipient, 'held');
  const stream = recipient.notices();
  const next = stream.next();
  const { id } = await sender.send(concern('held', health.address));
  expect(await held).toMatchObject({ id, from: police.address, code: 'key-unknown', category: 'concern' });
  expect(recipient.held()).toMatchObject([{ id }]);
  await recipient.directory.trust(police.address);
  const { value: notice } = await next;
  expect(notice).toMatchObject({ id });
  await notice!.ack();
  await stream.return();
  expect(recipient.held()).toEqual([]);
  await sender.settled(id);
});

test('trust given by another process that shares the home reaches the one that listens', async () => {
  const newcomer = { address: 'nhs-lanarkshire/emergency-department', roles: ['emergency-department'] };
  await using listening = await exchange().client(socialWork);
  await exchange().enrol(newcomer);
  await using other = await untrusting(socialWork);
  await using sender = await exchange().client(newcomer);
  const held = nextEvent(listening, 'held');
  const stream = listening.notices();
  const next = stream.next();
  const { id } = await sender.send(concern('from a newcomer'));
  await held;
  await other.directory.refresh();
  await other.directory.trust(newcomer.address);
  const { value } = await next;
  expect(value!.id).toBe(id);
  await value!.ack();
  await stream.return();
});

test('a changed key is shown, refused in both directions, and works again once it is trusted', async () => {
  await using recipient = await exchange().client(socialWork);
  const changed = nextEvent(recipient, 'keyChanged');
  const oldHome = exchange().homes.get(police.address)!;
  await rename(oldHome, `${oldHome}.old`);
  await exchange().enrol(police);
  expect(await changed).toEqual({ endpoint: police.address });
  const listing = recipient.directory.list().find(({ endpoint }) => endpoint === police.address)!;
  expect(listing.trust).toBe('changed');
  await expect(recipient.send(concern('x', police.address))).rejects.toMatchObject({ code: 'key-changed' });
  expect(await recipient.directory.trustAll()).not.toContain(police.address);

  await using sender = await exchange().client(police);
  const held = nextEvent(recipient, 'held');
  const stream = recipient.notices();
  const next = stream.next();
  const { id } = await sender.send(concern('with the new key'));
  expect(await held).toMatchObject({ id, code: 'key-changed' });
  await recipient.directory.trust(police.address);
  const { value } = await next;
  expect(value!.id).toBe(id);
  await value!.ack();
  await stream.return();
});

test('a receipt whose signer is not trusted any more waits for trust and is then believed', async () => {
  await using sender = await exchange().client(health);
  await using recipient = await exchange().client(socialWork);
  const { id } = await sender.send(concern('before the change'));
  const changed = nextEvent(sender, 'keyChanged');
  await recipient.close();
  const oldHome = exchange().homes.get(socialWork.address)!;
  await rename(oldHome, `${oldHome}.old`);
  await exchange().enrol(socialWork);
  await changed;
  await using fresh = await exchange().client(socialWork);
  const refused = nextEvent(fresh, 'refusedNotice');
  const stream = fresh.notices();
  const next = stream.next();
  // The message was made for the former key: the new holder of the address cannot read it and says so.
  expect((await refused).error.code).toBe('payload-misdirected');
  await fresh.drain({ timeoutMs: 5_000 });
  expect(sender.message(id)!.deliveries).toMatchObject([{ outcome: undefined }]);
  await sender.directory.trust(socialWork.address);
  expect((await sender.settled(id)).deliveries).toMatchObject([
    { outcome: 'refused', code: 'payload-misdirected' },
  ]);
  await stream.return();
  await fresh.close();
  expect(await next).toMatchObject({ done: true });
});
