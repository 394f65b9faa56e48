/** Private keys that are not there, and clocks that took them: what becomes of notices. */
import { expect, test } from 'vitest';
import { openHome, replaceOpenpgpKey } from '../../../clients/sdk/home.ts';
import { generateOpenpgpKey, renewEncryptionKey } from '../../../clients/sdk/openpgp.ts';
import { concern, nextEvent } from './exchange.ts';
import { gatewayForEachTest } from './gateway-for-each-test.ts';
import { alice, answerToPing, bob, until, type ScriptedGateway } from './scripted-gateway.ts';

const dayMs = 86_400_000;
let gateway: ScriptedGateway;

gatewayForEachTest((opened) => (gateway = opened));

test('a notice for a key that the directory names and the home has lost waits until it is put back', async () => {
  const home = await openHome(gateway.homeOf(bob));
  const lost = await renewEncryptionKey(home.openpgpPrivateKey, Date.now() + 300 * dayMs, []);
  await replaceOpenpgpKey(home, lost);
  const sender = await gateway.client(alice);
  const { id } = await sender.send(concern('for the lost key', bob));
  const unit = (await gateway.session(alice)).units.at(-1)!;

  const without = await gateway.client(bob);
  const session = await gateway.session(bob);
  const held = nextEvent(without, 'held');
  const waiting = without.notices().next();
  session.deliver(unit);
  expect(await held).toMatchObject({ id, from: alice, code: 'home-invalid' });
  await answerToPing(session);
  expect(session.receipts).toEqual([]);
  // It is not the sender's key that it waits for.
  await without.directory.trust(alice);
  expect(without.held()).toHaveLength(1);
  await without.close();
  expect((await waiting).done).toBe(true);

  await replaceOpenpgpKey(home, home.openpgpPrivateKey);
  const mended = await gateway.client(bob);
  const shown = mended.notices().next();
  (await gateway.session(bob)).deliver(unit);
  const notice = (await shown).value!;
  expect(notice.text()).toBe('for the lost key');
  await notice.ack();
  expect(mended.held()).toEqual([]);
});

test('a client whose clock is far ahead leaves its keys alone and says so, until the clock is right', async () => {
  const before = await openHome(gateway.homeOf(bob));
  const ahead = await gateway.client(bob, { now: () => Date.now() + 300 * dayMs });
  await until(() => ahead.status().renewalRefusal !== undefined);
  expect(ahead.status().renewalRefusal).toMatchObject({ code: 'clock-skew' });
  await ahead.close();
  expect(await openHome(gateway.homeOf(bob))).toEqual(before);
  const right = await gateway.client(bob);
  await until(() => right.status().renewalRefusal === undefined);
});

test('a notice to an endpoint whose encryption key has ended is refused with whose it is, and when', async () => {
  const made = await generateOpenpgpKey(bob, Date.now() - 100 * dayMs);
  const at = gateway.entries.findIndex(({ endpoint }) => endpoint === bob);
  gateway.entries[at] = {
    ...gateway.entries[at]!,
    openpgpCertificate: made.certificateArmored,
    openpgpFingerprint: made.fingerprint,
    encryptionKey: made.encryptionKey,
  };
  const sender = await gateway.client(alice);
  await expect(sender.send(concern('too late', bob))).rejects.toMatchObject({
    code: 'key-expired',
    detail: expect.stringContaining(`The encryption key of ${bob} ended on 20`) as unknown,
  });
});

test('two clients of one home that hold a notice of a trusted sender do not come again for it without end', async () => {
  const sender = await gateway.client(alice);
  await sender.send(concern('under a certificate that is another’s', bob));
  const unit = (await gateway.session(alice)).units.at(-1)!;
  const at = gateway.entries.findIndex(({ endpoint }) => endpoint === alice);
  const { certificateArmored } = await generateOpenpgpKey(alice);
  gateway.entries[at] = { ...gateway.entries[at]!, openpgpCertificate: certificateArmored };
  let sessions = 0;
  gateway.onSession = (session) => {
    sessions++;
    session.deliver(unit);
  };
  const clients = [await gateway.client(bob), await gateway.client(bob)];
  const streams = clients.map((client) => client.notices());
  for (const stream of streams) void stream.next();
  await until(() => clients.every((client) => client.held().length > 0));
  // Each looks once a second at what the other has written.
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  expect(sessions).toBe(2);
  expect(clients[0]!.held()).toMatchObject([{ from: alice, code: 'key-unsuitable' }]);
});
