import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { generateKey } from 'openpgp';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { buildEnrolmentRequest, createEndpointKeys, createTlsKey } from '../../../clients/sdk/keys.ts';
import { generateOpenpgpKey, readOpenpgpIdentity, renewEncryptionKey } from '../../../clients/sdk/openpgp.ts';
import { enrolEndpoint, renewCertificate } from '../../../gateway/identity/enrolment.ts';
import { digestSecret, issueEnrolmentToken } from '../../../gateway/identity/enrolment-token.ts';
import { PreviousCertificates } from '../../../gateway/identity/previous-certificates.ts';
import { revokeEndpoint } from '../../../gateway/identity/revocation.ts';
import type { Digest, EndpointAddress } from '../../../protocol/ids.ts';
import { digestOf, sha256 } from '../../../protocol/proof/merkle.ts';
import { directoryEntrySchema } from '../../../protocol/wire/directory.ts';
import {
  decodeEnrolmentToken,
  enrolmentStatement,
  type EnrolmentRequest,
} from '../../../protocol/wire/enrolment.ts';
import { bindForeignSubkey } from './foreign-subkey.ts';
import { agencies, council, openRegistry, police, type Registry } from './registry.ts';

let registry: Registry;
beforeAll(async () => {
  registry = await openRegistry();
});
beforeEach(() => {
  registry.clock.offsetMs = 0;
});
afterAll(() => registry.close());

const dayMs = 86_400_000;
const refusedWith = (code: string): unknown => expect.objectContaining({ code });

/** Refuses with this code, and the record's last refusal says the same. */
async function expectRefusal(
  request: EnrolmentRequest,
  code: string,
  endpoint: string | null,
): Promise<void> {
  await expect(enrolEndpoint(request, registry)).rejects.toEqual(refusedWith(code));
  expect((await registry.records('enrolment.refused')).at(-1)).toEqual({
    kind: 'enrolment.refused',
    code,
    endpoint,
  });
}

/** Refuses a secret that is not good, and writes nothing. */
async function expectUnrecorded(request: EnrolmentRequest): Promise<void> {
  const before = await registry.records('enrolment.refused');
  await expect(enrolEndpoint(request, registry)).rejects.toEqual(refusedWith('token-invalid'));
  expect(await registry.records('enrolment.refused')).toEqual(before);
}

async function entryOf(endpoint: EndpointAddress) {
  return (await registry.store.readDirectory()).entries.find((entry) => entry.endpoint === endpoint);
}

/** The request with a part replaced, signed again by a fresh envelope key. */
function resign(request: EnrolmentRequest, changes: Partial<EnrolmentRequest>): EnrolmentRequest {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const changed = { ...request, ...changes };
  return {
    ...changed,
    signingKey: publicKey.export({ format: 'jwk' }).x ?? '',
    signingKeyProof: sign(null, enrolmentStatement(changed), privateKey).toString('base64url'),
  };
}

test('a token names endpoint, CA and end, and its secret is not kept', async () => {
  const token = decodeEnrolmentToken(await registry.issueToken(council, ['social-work'], 60_000));
  expect(token).toMatchObject({ endpoint: council, ca: registry.authority.fingerprint });
  const [record] = (await registry.records('enrolment.permitted')).slice(-1);
  expect(record).toEqual({
    kind: 'enrolment.permitted',
    endpoint: council,
    roles: ['social-work'],
    expires: token.expires,
    tokenDigest: digestSecret(token.secret).toString('base64url'),
  });
});

test.each([
  ['an agency that is not in the agreement', 'stranger/x', [], 'agency-unknown'],
  ['the gateway itself', 'gateway/relay', [], 'agency-unknown'],
  ['an agency named like a built-in', 'constructor/x', [], 'agency-unknown'],
  ['a role that the agency may not hold', council, ['concern-hub'], 'request-malformed'],
])('no token is issued for %s', async (_name, endpoint, roles, code) => {
  await expect(
    issueEnrolmentToken(
      { endpoint: endpoint as EndpointAddress, roles },
      {
        ...registry,
        agencies: {
          rolesOf: (agency) => (Object.hasOwn({ council: 1 }, agency) ? agencies.rolesOf(agency) : undefined),
        },
        authorityFingerprint: registry.authority.fingerprint,
      },
    ),
  ).rejects.toEqual(refusedWith(code));
});

test('enrolment stores the public keys and returns a certificate for the TLS key', async () => {
  const token = decodeEnrolmentToken(await registry.issueToken(council, ['social-work']));
  const keys = await createEndpointKeys(council);
  const response = await enrolEndpoint(buildEnrolmentRequest(keys, token.secret), registry);
  expect(directoryEntrySchema.parse(response.entry)).toEqual(await entryOf(council));
  expect(response.entry).toMatchObject({
    agency: 'council',
    roles: ['social-work'],
    status: 'active',
    openpgpFingerprint: keys.openpgp.fingerprint,
    encryptionKey: keys.openpgp.encryptionKey,
    previousEncryptionKey: null,
    signingKey: keys.signingKey,
    tlsThumbprint: sha256(new X509Certificate(response.certificate).raw).toString('base64url'),
  });
  expect(response.receiptKey).toBe(registry.receiptKey);
  const [record] = (await registry.records('endpoint.enrolled')).slice(-1);
  expect(record).toMatchObject({ endpoint: council, tlsThumbprint: response.entry.tlsThumbprint });
  const [permitted] = (await registry.records('enrolment.permitted')).slice(-1);
  expect(record?.tokenDigest).toBe(permitted?.tokenDigest);
});

test.each([
  ['put into the store', 'own', police, [], 3_600_000],
  ['given a role in the store', 'issued', council, ['social-work'], 86_400_000],
  ['given more time in the store', 'issued', council, [], 30 * 86_400_000],
])(
  'a permit that somebody has %s enrols nobody, and that is recorded',
  async (...[, whose, endpoint, roles, lifetimeMs]) => {
    const issued = decodeEnrolmentToken(await registry.issueToken(council)).secret;
    const secret = whose === 'issued' ? issued : 'B'.repeat(43);
    const permit = { endpoint, roles, expiresAt: registry.now() + lifetimeMs };
    await registry.store.permitEnrolment(
      { secretDigest: digestSecret(secret), ...permit },
      { kind: 'test.happened' },
    );
    const keys = await createEndpointKeys(endpoint);
    await expectRefusal(buildEnrolmentRequest(keys, secret), 'token-invalid', endpoint);
  },
);

test('a secret that nobody issued is refused and leaves no line: strangers could fill the log with them', async () => {
  const { request } = await registry.prepare(council);
  await expectUnrecorded({ ...request, secret: 'A'.repeat(43) });
});

test('a token cannot be used twice with other keys', async () => {
  const { request } = await registry.prepare(council);
  await enrolEndpoint(request, registry);
  const again = buildEnrolmentRequest(await createEndpointKeys(council), request.secret);
  await expectRefusal(again, 'token-used', council);
  await expectRefusal(resign(request, {}), 'token-used', council);
});

test('an enrolment is not repeated for another TLS key, whoever holds the token and the other keys', async () => {
  const { keys, request } = await registry.prepare(council);
  await enrolEndpoint(request, registry);
  await enrolEndpoint(request, registry);
  const other = buildEnrolmentRequest({ ...keys, ...createTlsKey() }, request.secret);
  await expectRefusal(other, 'token-used', council);
  expect((await enrolEndpoint(request, registry)).entry.signingKey).toBe(request.signingKey);
});

test('an enrolment is not repeated once its certificate was renewed: the former TLS key was given up by that', async () => {
  const { request } = await registry.prepare(council);
  const { entry } = await enrolEndpoint(request, registry);
  await renewOver(council, entry.tlsThumbprint);
  await expectRefusal(request, 'token-used', council);
});

test('an enrolment whose answer was lost is asked for again with the same token and keys, and changes the certificate alone', async () => {
  const { request } = await registry.prepare(council);
  const lost = await enrolEndpoint(request, registry);
  const again = await enrolEndpoint(request, registry);
  expect(again.entry).toEqual({
    ...lost.entry,
    tlsThumbprint: digestOf(new X509Certificate(again.certificate).raw),
    previousTlsThumbprint: lost.entry.tlsThumbprint,
  });
  expect(await entryOf(council)).toEqual(again.entry);
  expect(again.leaf).toBeGreaterThan(lost.leaf);
  expect((await registry.records('endpoint.renewed')).at(-1)).toMatchObject({
    endpoint: council,
    tlsThumbprint: again.entry.tlsThumbprint,
  });
});

test('an enrolment is not repeated for a revoked endpoint, beside a newer token, or once its token has ended', async () => {
  const { request } = await registry.prepare(council);
  await enrolEndpoint(request, registry);
  await registry.issueToken(council);
  await expectUnrecorded(request);
  const second = await registry.prepare(council);
  await enrolEndpoint(second.request, registry);
  await revokeEndpoint(registry.store, council, 'device-lost', registry.now());
  await expectUnrecorded(second.request);
  const third = await registry.prepare(council);
  await enrolEndpoint(third.request, registry);
  registry.clock.offsetMs = 25 * 3600_000;
  await expectRefusal(third.request, 'token-expired', null);
});

test('an enrolment that is asked for again while the first request is under way is answered as a repetition', async () => {
  const { request } = await registry.prepare(council);
  const counted: string[] = [];
  const deps = { ...registry, repeated: (endpoint: string) => void counted.push(endpoint) };
  const answers = await Promise.all([enrolEndpoint(request, deps), enrolEndpoint(request, deps)]);
  const present = await entryOf(council);
  const thumbprints = answers.map(({ entry }) => entry.tlsThumbprint);
  expect(thumbprints.sort()).toEqual([present?.tlsThumbprint, present?.previousTlsThumbprint].sort());
  expect(counted).toEqual([council]);
});

test('of two enrolments with one token and different keys at the same time one wins', async () => {
  const { request } = await registry.prepare(council);
  const other = buildEnrolmentRequest(await createEndpointKeys(council), request.secret);
  const results = await Promise.allSettled([request, other].map((one) => enrolEndpoint(one, registry)));
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'token-used' },
  });
});

test('a repetition counts once, however often the entry changes under it', async () => {
  const { request } = await registry.prepare(council);
  await enrolEndpoint(request, registry);
  const counted: string[] = [];
  let overtaken = 3;
  const replaceEntry: Registry['store']['replaceEntry'] = (...change) =>
    overtaken-- > 0 ? Promise.resolve('overtaken') : registry.store.replaceEntry(...change);
  const store = Object.assign(Object.create(registry.store) as Registry['store'], { replaceEntry });
  await enrolEndpoint(request, {
    ...registry,
    store,
    repeated: (endpoint) => void counted.push(endpoint),
  });
  expect(counted).toEqual([council]);
});

test('an expired token is refused', async () => {
  const { request } = await registry.prepare(council);
  registry.clock.offsetMs = 25 * 3600_000;
  await expectRefusal(request, 'token-expired', null);
});

test('a newer token for the endpoint replaces the one before', async () => {
  const { request } = await registry.prepare(council);
  await registry.issueToken(council);
  await expectUnrecorded(request);
});

test('a token for one endpoint does not enrol another', async () => {
  const { request } = await registry.prepare(council);
  await expectRefusal(resign(request, { endpoint: police }), 'token-invalid', council);
});

test('a proof by another key, or over other parts, is refused', async () => {
  const { request } = await registry.prepare(council);
  const other = resign(request, {});
  await expectRefusal({ ...request, signingKey: other.signingKey }, 'request-signature-invalid', council);
  await expectRefusal(
    { ...request, certificateRequest: createTlsKey().certificateRequestPem },
    'request-signature-invalid',
    council,
  );
});

test('a signing key that is no point of the curve is refused', async () => {
  const { request } = await registry.prepare(council);
  const signingKey = Buffer.alloc(32, 0xff).toString('base64url');
  await expectRefusal({ ...request, signingKey }, 'request-signature-invalid', council);
});

test('a signing key under which anybody can sign is refused', async () => {
  const { request } = await registry.prepare(council);
  // The neutral element: by the bare equation, R = the same and S = 0 fit every message.
  const raw = Buffer.alloc(32);
  raw[0] = 1;
  const proof = Buffer.concat([raw, Buffer.alloc(32)]);
  await expectRefusal(
    { ...request, signingKey: raw.toString('base64url'), signingKeyProof: proof.toString('base64url') },
    'request-signature-invalid',
    council,
  );
});

test('a bad certificate request is refused', async () => {
  const { request } = await registry.prepare(council);
  await expectRefusal(resign(request, { certificateRequest: 'no' }), 'request-malformed', council);
});

test('an OpenPGP key without AEAD is refused, and the token stays good', async () => {
  const { request } = await registry.prepare(council);
  const { publicKey } = await generateKey({ userIDs: { name: council }, format: 'armored' });
  await expectRefusal(resign(request, { openpgpCertificate: publicKey }), 'key-unsuitable', council);
  await enrolEndpoint(request, registry);
});

test('the OpenPGP key of another endpoint is refused: it is public, and belongs to one alone', async () => {
  const { keys } = await registry.enrolNew(police);
  const { request } = await registry.prepare(council);
  const openpgpCertificate = keys.openpgp.certificateArmored;
  await expectRefusal(resign(request, { openpgpCertificate }), 'key-unsuitable', council);
  await enrolEndpoint(request, registry);
});

test('of two that enrol at the same instant with one key, one gets it', async () => {
  const [one, two] = [await registry.prepare(council), await registry.prepare(police)];
  const { secret } = two.request;
  const shared = buildEnrolmentRequest({ ...one.keys, endpoint: police }, secret);
  const results = await Promise.allSettled([
    enrolEndpoint(one.request, registry),
    enrolEndpoint(shared, registry),
  ]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'key-unsuitable' },
  });
});

test('an endpoint enrols again with new keys, also after revocation, by a new token only', async () => {
  await registry.enrolNew(council);
  const waiting = await registry.prepare(council);
  await revokeEndpoint(registry.store, council, 'device-lost', registry.now());
  await expectUnrecorded(waiting.request);
  const { keys } = await registry.enrolNew(council);
  expect(await entryOf(council)).toMatchObject({
    status: 'active',
    revokedAt: null,
    signingKey: keys.signingKey,
  });
});

/** Asks for a new certificate over the one with this thumbprint. @returns the thumbprint of the new one */
async function renewOver(
  endpoint: EndpointAddress,
  thumbprint: Digest,
  openpgp?: { readonly certificateArmored: string },
): Promise<Digest> {
  const renewal = {
    certificateRequest: createTlsKey().certificateRequestPem,
    ...(openpgp === undefined ? {} : { openpgpCertificate: openpgp.certificateArmored }),
  };
  const { certificate } = await renewCertificate({ endpoint, thumbprint }, renewal, registry);
  return digestOf(new X509Certificate(certificate).raw);
}

test('renewal changes the certificate, keeps the one before it, and nothing else', async () => {
  const { entry } = (await registry.enrolNew(council)).response;
  const renewed = await renewOver(council, entry.tlsThumbprint);
  const changes = { tlsThumbprint: renewed, previousTlsThumbprint: entry.tlsThumbprint };
  expect(await entryOf(council)).toEqual({ ...entry, ...changes });
  expect((await registry.records('endpoint.renewed')).at(-1)).toEqual({
    kind: 'endpoint.renewed',
    endpoint: council,
    ...changes,
    encryptionKey: entry.encryptionKey,
    became: { ...entry, ...changes },
  });
});

test('renewal takes a new encryption subkey of the same primary key and remembers the one before it', async () => {
  const { keys, response } = await registry.enrolNew(council);
  const { entry } = response;
  const later = Date.now() + 60 * dayMs;
  const withNext = await renewEncryptionKey(keys.openpgp.privateKeyArmored, later);
  const renewed = await readOpenpgpIdentity(withNext, later);
  registry.clock.offsetMs = 60 * dayMs;
  const first = await renewOver(council, entry.tlsThumbprint, renewed);
  const after = {
    openpgpCertificate: renewed.certificateArmored,
    openpgpFingerprint: entry.openpgpFingerprint,
    encryptionKey: renewed.encryptionKey,
    previousEncryptionKey: entry.encryptionKey,
    signingKey: entry.signingKey,
  };
  expect(await entryOf(council)).toMatchObject(after);
  // Asked for again, because the answer was lost: the key before it stays the key before it.
  const second = await renewOver(council, first, renewed);
  expect(await entryOf(council)).toMatchObject(after);
  const stranger = await generateOpenpgpKey(council, later);
  await expect(renewOver(council, second, stranger)).rejects.toEqual(refusedWith('key-unsuitable'));
  expect(await entryOf(council)).toMatchObject(after);
});

test('renewal takes no encryption subkey of another endpoint under the own primary key', async () => {
  const other = await registry.enrolNew(police);
  const { keys, response } = await registry.enrolNew(council);
  const certificate = await bindForeignSubkey(keys.openpgp, other.keys.openpgp);
  const { tlsThumbprint, encryptionKey } = response.entry;
  const renewed = renewOver(council, tlsThumbprint, { certificateArmored: certificate });
  await expect(renewed).rejects.toEqual(refusedWith('key-unsuitable'));
  expect(await entryOf(council)).toMatchObject({ encryptionKey });
});

test('a renewal whose answer was lost is asked for again, and the certificate never seen is forgotten', async () => {
  const { entry } = (await registry.enrolNew(council)).response;
  const lost = await renewOver(council, entry.tlsThumbprint);
  const second = await renewOver(council, entry.tlsThumbprint);
  expect(await entryOf(council)).toMatchObject({
    tlsThumbprint: second,
    previousTlsThumbprint: entry.tlsThumbprint,
  });
  await expect(renewOver(council, lost)).rejects.toEqual(refusedWith('certificate-unknown'));
  const third = await renewOver(council, second);
  expect(await entryOf(council)).toMatchObject({ tlsThumbprint: third, previousTlsThumbprint: second });
  await expect(renewOver(council, entry.tlsThumbprint)).rejects.toEqual(refusedWith('certificate-unknown'));
});

test('the first sight of the new certificate ends the one before it, once', async () => {
  const { entry } = (await registry.enrolNew(council)).response;
  const failures: unknown[] = [];
  const previous = new PreviousCertificates(registry.store, (error) => failures.push(error));
  const renewed = await renewOver(council, entry.tlsThumbprint);
  const kept = (await entryOf(council))!;
  previous.shown(kept, entry.tlsThumbprint);
  for (const _ of 'twice') previous.shown(kept, renewed);
  await vi.waitFor(async () => expect((await entryOf(council))?.previousTlsThumbprint).toBeNull());
  expect(await entryOf(council)).toEqual({ ...entry, tlsThumbprint: renewed });
  // A gateway that has not read the directory since changes nothing more.
  previous.shown(kept, renewed);
  await registry.store.probe();
  const completed = await registry.records('endpoint.renewal-completed');
  expect(completed.filter(({ tlsThumbprint }) => tlsThumbprint === renewed)).toHaveLength(1);
  expect(failures).toEqual([]);
});

test('a store that fails keeps the previous certificate until the next sight of the new one', async () => {
  const { entry } = (await registry.enrolNew(council)).response;
  const renewed = await renewOver(council, entry.tlsThumbprint);
  const kept = (await entryOf(council))!;
  const failures: unknown[] = [];
  let attempts = 0;
  const previous = new PreviousCertificates(
    {
      replaceEntry: (...change) =>
        ++attempts === 1 ? Promise.reject(new Error('down')) : registry.store.replaceEntry(...change),
    },
    (error) => failures.push(error),
  );
  previous.shown(kept, renewed);
  await vi.waitFor(() => expect(failures).toHaveLength(1));
  previous.shown(kept, renewed);
  await vi.waitFor(async () => expect((await entryOf(council))?.previousTlsThumbprint).toBeNull());
});

test('enrolment and revocation end both certificates', async () => {
  const first = (await registry.enrolNew(council)).response.entry;
  await renewOver(council, first.tlsThumbprint);
  const again = (await registry.enrolNew(council)).response.entry;
  expect(await entryOf(council)).toMatchObject({
    tlsThumbprint: again.tlsThumbprint,
    previousTlsThumbprint: null,
  });
  await renewOver(council, again.tlsThumbprint);
  const revoked = await revokeEndpoint(registry.store, council, 'device-lost', registry.now());
  expect(await entryOf(council)).toEqual(revoked);
  expect(revoked).toMatchObject({ status: 'revoked', previousTlsThumbprint: null });
});

test('a revocation that a renewal or an enrolment overtakes revokes what they left', async () => {
  for (const overtake of [
    async () => renewOver(police, (await entryOf(police))!.tlsThumbprint),
    async () => registry.enrolNew(police),
  ]) {
    await registry.enrolNew(police);
    let overtaken = false;
    const store = {
      ...registry.store,
      replaceEntry: async (...change: Parameters<typeof registry.store.replaceEntry>) => {
        if (!overtaken) await overtake();
        overtaken = true;
        return registry.store.replaceEntry(...change);
      },
    };
    const revoked = await revokeEndpoint(store, police, 'agency-left', registry.now());
    expect(await entryOf(police)).toEqual(revoked);
    expect(revoked.status).toBe('revoked');
  }
});

test('a revocation that is overtaken again and again gives up in a way that can be tried again', async () => {
  await registry.enrolNew(police);
  const store = { ...registry.store, replaceEntry: () => Promise.resolve('overtaken' as const) };
  await expect(revokeEndpoint(store, police, 'unspecified', registry.now())).rejects.toEqual(
    refusedWith('store-unavailable'),
  );
});

test('renewal does not bring back a revoked endpoint', async () => {
  const { entry } = (await registry.enrolNew(police)).response;
  await revokeEndpoint(registry.store, police, 'agency-left', registry.now());
  await expect(renewOver(police, entry.tlsThumbprint)).rejects.toEqual(refusedWith('endpoint-revoked'));
  expect((await entryOf(police))?.status).toBe('revoked');
  expect((await registry.records('renewal.refused')).at(-1)).toMatchObject({ code: 'endpoint-revoked' });
});

test('revoking is recorded once with its reason; an unknown endpoint is an error', async () => {
  await registry.enrolNew(police);
  const revoked = await revokeEndpoint(registry.store, police, 'key-compromised', registry.now());
  expect(await revokeEndpoint(registry.store, police, 'unspecified', registry.now())).toEqual(revoked);
  expect((await registry.records('enrolment.withdrawn')).at(-1)).toEqual({
    kind: 'enrolment.withdrawn',
    endpoint: police,
  });
  expect((await registry.records('endpoint.revoked')).at(-1)).toEqual({
    kind: 'endpoint.revoked',
    endpoint: police,
    reason: 'key-compromised',
    became: revoked,
  });
  await expect(
    revokeEndpoint(registry.store, 'council/nobody' as EndpointAddress, 'unspecified', registry.now()),
  ).rejects.toEqual(refusedWith('endpoint-unknown'));
});

test('revoking takes a token back, of an endpoint that is revoked already and of one that never enrolled as well', async () => {
  const never = 'council/never-came' as EndpointAddress;
  await registry.enrolNew(police);
  const revoke = (endpoint: EndpointAddress) =>
    revokeEndpoint(registry.store, endpoint, 'device-lost', registry.now());
  const before = await revoke(police);
  const tokens = [await registry.prepare(police), await registry.prepare(never)];
  expect(await revoke(police)).toEqual(before);
  await expect(revoke(never)).rejects.toEqual(refusedWith('endpoint-unknown'));
  for (const { request } of tokens) {
    await expect(enrolEndpoint(request, registry)).rejects.toEqual(refusedWith('token-invalid'));
  }
});

test('no record holds a secret or a private key', async () => {
  const lines = JSON.stringify(await registry.store.readLeaves(0, 1_000));
  expect(lines).not.toMatch(/PRIVATE|secret/);
});
