import { randomUUIDv7 } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Client } from '../../../clients/sdk/client.ts';
import { createEndpointKeys } from '../../../clients/sdk/keys.ts';
import type { EndpointAddress, Fingerprint } from '../../../protocol/ids.ts';
import { sha256 } from '../../../protocol/proof/merkle.ts';
import { batchSigner } from '../../../protocol/proof/signing.ts';
import { encodeUnit } from '../../../protocol/wire/frame.ts';
import { parseEnvelope } from '../../../protocol/wire/envelope.ts';
import { ChangingDirectory } from './changing-directory.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import { concern, nextEvent } from './exchange.ts';
import { gatewayForEachTest } from './gateway-for-each-test.ts';
import { acceptance, alice, bob, pauseForEver, until, type ScriptedGateway } from './scripted-gateway.ts';

const newcomer = 'north/night' as EndpointAddress;

let gateway: ScriptedGateway;
let directory: ChangingDirectory;

gatewayForEachTest((opened) => {
  gateway = opened;
  directory = new ChangingDirectory(gateway);
});

/** A client that reads what has changed only where somebody waits for it. */
function lateReader(endpoint: EndpointAddress): Promise<Client> {
  return gateway.client(endpoint, { pause: pauseForEver });
}

function tellNewcomer(endpoint: EndpointAddress): Promise<void> {
  return directory.tell(endpoint, { ...directory.entryOf(bob), endpoint: newcomer, agency: 'north' });
}

/** Resolves when the client has dealt with everything that its gateway has said so far. */
async function heard(client: Client): Promise<void> {
  const error = nextEvent(client, 'gatewayError');
  (await gateway.session(client.endpoint)).control({
    type: 'error',
    code: 'internal-error',
    text: 'The gateway failed; the failure was logged.',
    closing: false,
  });
  await error;
}

test('changes that come one upon the other are read together', async () => {
  const due = Promise.withResolvers<undefined>();
  const client = await gateway.client(alice, { pause: () => due.promise });
  const read = nextEvent(client, 'directory');
  await tellNewcomer(alice);
  for (const roles of [['night'], ['day'], ['mash']]) {
    await directory.tell(alice, { ...directory.entryOf(newcomer), roles });
  }
  await heard(client);
  expect(directory.asked).toEqual([undefined]);
  due.resolve(undefined);
  expect(await read).toEqual({ version: 5 });
  expect(directory.asked).toEqual([undefined, 1]);
  expect(client.directory.list().find(({ endpoint }) => endpoint === newcomer)?.roles).toEqual(['mash']);
});

test.each([newcomer, 'north/@night'])('a notice to %s, unknown here, waits for nothing', async (to) => {
  const client = await lateReader(alice);
  await directory.tell(alice, {
    ...{ ...directory.entryOf(bob), endpoint: newcomer },
    ...{ agency: 'north', roles: ['night'] },
  });
  await heard(client);
  // Without the entry it would be an unknown recipient.
  await expect(client.send(concern('x', to))).rejects.toMatchObject({ code: 'key-unknown' });
  expect(directory.asked).toEqual([undefined, 1]);
});

test('a change that is announced right behind the welcome is read', async () => {
  await (await lateReader(alice)).close();
  gateway.onSession = (session) => {
    directory.put({ ...directory.entryOf(bob), endpoint: newcomer, agency: 'north' });
    session.control({ type: 'directory-changed', version: directory.version });
  };
  const client = await lateReader(alice);
  await heard(client);
  await client.directory.trust(newcomer);
  expect(client.directory.version).toBe(2);
});

test('an endpoint that has just been told of can be trusted at once', async () => {
  const client = await lateReader(alice);
  await tellNewcomer(alice);
  await heard(client);
  await client.directory.trust(newcomer);
  await client.send(concern('welcome', newcomer));
  expect(directory.asked).toEqual([undefined, 1]);
});

/** Bob is enrolled anew, and the change is announced. @returns his new fingerprint */
async function enrolBobAgain(client: Client): Promise<Fingerprint> {
  const { signingKey, openpgp } = await createEndpointKeys(bob);
  const openpgpFingerprint = openpgp.fingerprint;
  await directory.tell(client.endpoint, { ...directory.entryOf(bob), signingKey, openpgpFingerprint });
  await heard(client);
  return openpgpFingerprint;
}

test('a fingerprint is compared with the keys that were just told of, and not with those before', async () => {
  const client = await lateReader(alice);
  const { openpgpFingerprint: former } = directory.entryOf(bob);
  const fingerprint = await enrolBobAgain(client);
  await expect(client.directory.trust(bob, { fingerprint: former })).rejects.toMatchObject({
    code: 'key-changed',
  });
  await client.directory.trust(bob, { fingerprint });
  expect(client.directory.list()).toContainEqual(
    expect.objectContaining({ endpoint: bob, trust: 'trusted', openpgpFingerprint: fingerprint }),
  );
});

test('trust without a fingerprint is given to the keys that were just told of', async () => {
  const client = await lateReader(alice);
  const openpgpFingerprint = await enrolBobAgain(client);
  await client.directory.trust(bob);
  expect(client.directory.list()).toContainEqual(
    expect.objectContaining({ endpoint: bob, trust: 'trusted', openpgpFingerprint }),
  );
});

test('trust in all is given to those who were just told of, and not to former keys', async () => {
  const client = await lateReader(alice);
  await tellNewcomer(alice);
  await heard(client);
  expect(await client.directory.trustAll()).toEqual([newcomer]);
});

type Refusal = 'recipient-keys-mismatch' | 'recipient-revoked';

test.each<[Refusal, Partial<DirectoryEntry>, string]>([
  ['recipient-keys-mismatch', { signingKey: 'A'.repeat(43) }, 'key-changed'],
  ['recipient-revoked', { status: 'revoked', revokedAt: new Date().toISOString() }, 'recipient-revoked'],
])('after one refusal with %s, nothing is sent before the change was read', async (code, change, then) => {
  const client = await lateReader(alice);
  gateway.onSubmit = (session, units) => {
    const refused = { kind: 'refused', detail: JSON.stringify({ code }) } as const;
    session.receipt(
      0,
      units.map((unit) => ({ ...acceptance(unit), ...refused })),
    );
  };
  await directory.tell(alice, { ...directory.entryOf(bob), ...change });
  await heard(client);
  await expect(client.send(concern('x', bob))).rejects.toMatchObject({ code });
  await expect(client.send(concern('x', bob))).rejects.toMatchObject({ code: then });
  expect((await gateway.session(alice)).units).toHaveLength(1);
});

test('whoever is told that a notice is held finds the present keys of its sender', async () => {
  const recipient = await lateReader(bob);
  const { signingKey, signingKeyPem, openpgp } = await createEndpointKeys(alice);
  const sender = await gateway.client(alice);
  await sender.send(concern('by the new keys', bob));
  const { units } = await gateway.session(alice);
  const shown = Promise.withResolvers<string>();
  recipient.on('held', () => {
    const entry = recipient.directory.list().find(({ endpoint }) => endpoint === alice)!;
    shown.resolve(entry.openpgpFingerprint);
  });
  const fingerprint = openpgp.fingerprint;
  await directory.tell(bob, { ...directory.entryOf(alice), signingKey, openpgpFingerprint: fingerprint });
  await heard(recipient);
  const envelope = { ...parseEnvelope(units[0]!.envelope), signingKey: batchSigner(signingKeyPem).keyId };
  void recipient.notices().next();
  const bytes = Buffer.from(JSON.stringify({ ...envelope, id: randomUUIDv7() }));
  (await gateway.session(bob)).deliver(encodeUnit(bytes, units[0]!.proof, units[0]!.payload));
  expect(await shown.promise).toBe(fingerprint);
});

test('a receipt that comes before its signer’s new keys were read is judged by them', async () => {
  const sender = await lateReader(alice);
  const { id } = await sender.send(concern('x', bob));
  const session = await gateway.session(alice);
  const bad: string[] = [];
  sender.on('badReceipt', ({ error }) => bad.push(error.code));
  const { signingKey, signingKeyPem, openpgp } = await createEndpointKeys(bob);
  await directory.tell(alice, {
    ...directory.entryOf(bob),
    signingKey,
    openpgpFingerprint: openpgp.fingerprint,
  });
  const about = { message: id, envelopeDigest: sha256(session.units[0]!.envelope) };
  const stored = { ...about, kind: 'stored', issuer: bob, recipient: bob } as const;
  session.receipt(1, [stored], batchSigner(signingKeyPem));
  await until(() => session.controls.some((frame) => frame.type === 'receipts-stored'));
  await sender.directory.refresh();
  await sender.directory.trust(bob);
  expect((await sender.settled(id)).deliveries).toMatchObject([{ outcome: 'stored' }]);
  expect(bad).toEqual([]);
});

test('so is one that comes after connecting, before what changed meanwhile was read', async () => {
  const before = await lateReader(alice);
  const { id } = await before.send(concern('x', bob));
  const envelopeDigest = sha256((await gateway.session(alice)).units[0]!.envelope);
  await before.close();
  const { signingKey, signingKeyPem, openpgp } = await createEndpointKeys(bob);
  directory.put({ ...directory.entryOf(bob), signingKey, openpgpFingerprint: openpgp.fingerprint });
  gateway.welcome = { directoryVersion: directory.version };
  const stored = { message: id, envelopeDigest, kind: 'stored', issuer: bob, recipient: bob } as const;
  gateway.onSession = (session) => session.receipt(1, [stored], batchSigner(signingKeyPem));
  const bad: string[] = [];
  const again = await lateReader(alice);
  again.on('badReceipt', ({ error }) => bad.push(error.code));
  await again.directory.trust(bob);
  expect((await again.settled(id)).deliveries).toMatchObject([{ outcome: 'stored' }]);
  expect(bad).toEqual([]);
});
