/** Senders that enrol again while notices of theirs are under way. */
import { beforeEach, expect, test } from 'vitest';
import { remedyOf } from '../../../clients/cli/held-remedy.ts';
import type { Client } from '../../../clients/sdk/client.ts';
import { updateDirectory } from '../../../clients/sdk/directory-update.ts';
import { createEndpointKeys } from '../../../clients/sdk/keys.ts';
import { LogTable } from '../../../clients/sdk/log/log-table.ts';
import { PinTable } from '../../../clients/sdk/pin-table.ts';
import { StateDatabase } from '../../../clients/sdk/state-database.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import type { Unit } from '../../../protocol/wire/frame.ts';
import { ChangingDirectory } from './changing-directory.ts';
import { concern, nextEvent } from './exchange.ts';
import { gatewayForEachTest } from './gateway-for-each-test.ts';
import { alice, bob, pauseForEver, until, type ScriptedGateway } from './scripted-gateway.ts';

const hourMs = 3_600_000;
let gateway: ScriptedGateway;
let directory: ChangingDirectory;
let recipient: Client;
let unit: Unit;

gatewayForEachTest((opened) => {
  gateway = opened;
  directory = new ChangingDirectory(gateway);
});

beforeEach(async () => {
  const sender = await gateway.client(alice);
  await sender.send(concern('under way', bob));
  unit = (await gateway.session(alice)).units.at(-1)!;
  await sender.close();
});

/** The entry of alice with other keys, registered some time ago. */
async function enrolledAgain(agoMs = 0): Promise<DirectoryEntry> {
  const { signingKey, openpgp } = await createEndpointKeys(alice);
  return {
    ...directory.entryOf(alice),
    ...{ signingKey, enrolledAt: new Date(Date.now() - agoMs).toISOString() },
    ...{ status: 'active', revokedAt: null },
    ...{ openpgpCertificate: openpgp.certificateArmored, openpgpFingerprint: openpgp.fingerprint },
    encryptionKey: openpgp.encryptionKey,
  };
}

async function revoke(agoMs: number): Promise<void> {
  const revokedAt = new Date(Date.now() - agoMs).toISOString();
  await directory.change(recipient, { ...directory.entryOf(alice), status: 'revoked', revokedAt });
}

/** What becomes of the notice under way: its text, or the code under which it is held. */
async function deliver(): Promise<string> {
  const held = nextEvent(recipient, 'held').then(({ code }) => code);
  const stream = recipient.notices();
  const shown = stream.next().then(({ value }) => value!.text());
  (await gateway.session(bob)).deliver(unit);
  return Promise.race([held, shown]);
}

test.each([
  ['the new ones are not trusted yet', false],
  ['the new ones are trusted as well', true],
])('a notice under former keys that were trusted is shown where %s', async (_when, isTrusted) => {
  recipient = await gateway.client(bob);
  await directory.change(recipient, await enrolledAgain());
  if (isTrusted) await recipient.directory.trust(alice);
  expect(await deliver()).toBe('under way');
});

test('a notice under former keys is shown by a client that starts after the change, from what the home has kept', async () => {
  recipient = await gateway.client(bob);
  await directory.change(recipient, await enrolledAgain());
  await recipient.close();
  recipient = await gateway.client(bob);
  expect(await deliver()).toBe('under way');
});

test('a notice under former keys that this home has never known is held, and its sender can send it again', async () => {
  directory.put(await enrolledAgain());
  recipient = await gateway.client(bob);
  expect(await deliver()).toBe('signing-key-unknown');
  expect(recipient.held().map(remedyOf)).toEqual([expect.stringContaining('ask it to send it again')]);
});

test('former keys are good for nothing that was made after others were registered', async () => {
  recipient = await gateway.client(bob);
  await directory.change(recipient, await enrolledAgain(hourMs));
  await recipient.directory.trust(alice);
  expect(await deliver()).toBe('signing-key-unknown');
});

test('a revocation counts for former keys too, also once their owner has enrolled again', async () => {
  recipient = await gateway.client(bob);
  await revoke(hourMs);
  await directory.change(recipient, await enrolledAgain());
  await recipient.directory.trust(alice);
  expect(await deliver()).toBe('signing-key-unknown');
});

test('a notice under way is shown when its sender has changed the OpenPGP key and kept the signing key', async () => {
  const { signingKey } = directory.entryOf(alice);
  recipient = await gateway.client(bob);
  await directory.change(recipient, { ...(await enrolledAgain()), signingKey });
  await recipient.directory.trust(alice);
  expect(await deliver()).toBe('under way');
});

test('content by an OpenPGP key of which this endpoint has only been told is held and not refused', async () => {
  const signed = directory.entryOf(alice);
  directory.put({ ...(await enrolledAgain()), signingKey: signed.signingKey });
  recipient = await gateway.client(bob, { pause: pauseForEver });
  await directory.tell(bob, signed);
  expect(await deliver()).toBe('key-changed');
});

/** Another process that shares the home reads the present entry of alice and trusts its keys, all at once. */
async function trustElsewhere(): Promise<void> {
  const other = new StateDatabase(gateway.homeOf(bob));
  const tables = { pins: new PinTable(other.statements), log: new LogTable(other.statements) };
  await other.write(() => {
    updateDirectory(directory.whole(), tables);
    tables.pins.addPin({ ...directory.entryOf(alice), trustedAt: Date.now() });
  });
  await other.close();
}

test.each([
  [
    'this client trusts them',
    () => recipient.directory.refresh().then(() => recipient.directory.trust(alice)),
  ],
  ['another process has read and trusts them', trustElsewhere],
])('a notice under keys that this client had not read yet is shown once %s', async (_who, trust) => {
  const signed = directory.entryOf(alice);
  directory.put(await enrolledAgain());
  recipient = await gateway.client(bob);
  const next = recipient.notices().next();
  const held = nextEvent(recipient, 'held');
  const before = await gateway.session(bob);
  before.deliver(unit);
  expect(await held).toMatchObject({ code: 'signing-key-unknown' });
  directory.put(signed);
  await trust();
  const later = () => gateway.sessions.find((one) => one.endpoint === bob && one !== before);
  await until(() => later()?.controls.some(({ type }) => type === 'credit') === true);
  later()!.deliver(unit);
  expect((await next).value!.text()).toBe('under way');
});
