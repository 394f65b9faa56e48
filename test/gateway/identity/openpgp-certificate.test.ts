import fc from 'fast-check';
import { armor, enums, generateKey, readKey, revokeKey, type KeyOptions, type PartialConfig } from 'openpgp';
import { beforeAll, expect, test } from 'vitest';
import { generateOpenpgpKey, type OpenpgpKeyFiles } from '../../../clients/sdk/openpgp.ts';
import { inspectOpenpgpCertificate } from '../../../gateway/identity/openpgp-certificate.ts';
import { isCausewayError, type CausewayError } from '../../../protocol/errors.ts';
import { council } from './registry.ts';

const hourMs = 3600_000;
const modern: PartialConfig = {
  v6Keys: true,
  aeadProtect: true,
  preferredAEADAlgorithm: enums.aead.gcm,
};

let ours: OpenpgpKeyFiles;
beforeAll(async () => {
  ours = await generateOpenpgpKey(council);
});

async function make(
  options: Omit<Partial<KeyOptions>, 'format'>,
): Promise<{ publicKey: string; privateKey: string }> {
  return generateKey({
    type: 'curve25519',
    userIDs: { name: council },
    date: new Date(Date.now() - hourMs),
    subkeys: [{ keyExpirationTime: 90 * 86_400 }],
    config: modern,
    ...options,
    format: 'armored',
  });
}

async function refusal(armored: string, now = Date.now()): Promise<CausewayError> {
  const outcome: unknown = await inspectOpenpgpCertificate(armored, now).then(
    () => 'accepted',
    (error: unknown) => error,
  );
  if (!isCausewayError(outcome, 'key-unsuitable')) throw new Error(`not refused: ${String(outcome)}`);
  return outcome;
}

test('a certificate made by the SDK is taken, with its two fingerprints', async () => {
  const found = await inspectOpenpgpCertificate(ours.certificateArmored, Date.now());
  expect(found).toEqual({
    armored: ours.certificateArmored,
    fingerprint: ours.fingerprint,
    encryptionKey: ours.encryptionKey,
  });
});

test('a certificate on curve 448 that prefers OCB is taken', async () => {
  const { publicKey } = await make({
    type: 'curve448',
    config: { ...modern, preferredAEADAlgorithm: enums.aead.ocb },
  });
  expect((await inspectOpenpgpCertificate(publicKey, Date.now())).fingerprint).toMatch(/^[0-9a-f]{64}$/);
});

test('text around the certificate is not kept', async () => {
  const wrapped = `A note\n\n${ours.certificateArmored.replace('BLOCK-----\n', 'BLOCK-----\nComment: a note\n')}`;
  const found = await inspectOpenpgpCertificate(wrapped, Date.now());
  expect(found.armored).toBe(ours.certificateArmored);
});

test('a private key sent by mistake is refused, and its text is nowhere in the error', async () => {
  const error = await refusal(ours.privateKeyArmored);
  expect(error.detail).toContain('This is a private key');
  const body = ours.privateKeyArmored.split('\n')[3] ?? '';
  expect(JSON.stringify([error.message, error.stack, error.problems, String(error.cause)])).not.toContain(
    body,
  );
});

test('a private key under the label of a public one is refused', async () => {
  const disguised = ours.privateKeyArmored.replaceAll('PRIVATE', 'PUBLIC');
  expect((await refusal(disguised)).detail).toContain('This is a private key');
});

test('a version 4 key is refused, with AEAD or without', async () => {
  for (const aeadProtect of [true, false]) {
    const { publicKey } = await make({ type: 'ecc', config: { v6Keys: false, aeadProtect } });
    expect((await refusal(publicKey)).detail).toContain('version 4');
  }
});

test('a version 6 key without AEAD is refused', async () => {
  const { publicKey } = await make({ config: { v6Keys: true, aeadProtect: false } });
  expect((await refusal(publicKey)).detail).toContain('AEAD');
});

test('an expired key is refused', async () => {
  const { publicKey } = await make({ keyExpirationTime: 60 });
  expect((await refusal(publicKey)).detail).toContain('expired');
});

test('a key whose encryption subkey has expired is refused', async () => {
  const { publicKey } = await make({ subkeys: [{ type: 'curve25519', keyExpirationTime: 60 }] });
  expect((await refusal(publicKey)).detail).toContain('no valid encryption key');
});

test('a key without an encryption subkey is refused', async () => {
  const { publicKey } = await make({ subkeys: [{ type: 'curve25519', sign: true }] });
  expect((await refusal(publicKey)).detail).toContain('no valid encryption key');
});

test('a key with two encryption subkeys is refused', async () => {
  const { publicKey } = await make({ subkeys: [{ type: 'curve25519' }, { type: 'curve25519' }] });
  expect((await refusal(publicKey)).detail).toContain('more than one');
});

test('an encryption subkey without an end, or with one beyond 90 days, is refused', async () => {
  for (const subkey of [{}, { keyExpirationTime: 91 * 86_400 }]) {
    const { publicKey } = await make({ subkeys: [subkey] });
    expect((await refusal(publicKey)).detail).toContain('must expire within 90 days');
  }
});

test('an encryption subkey on a NIST curve is refused', async () => {
  const { publicKey } = await make({ subkeys: [{ type: 'ecc', curve: 'nistP256' }] });
  expect((await refusal(publicKey)).detail).toContain('X25519');
});

test('a key of the far future is refused, one a minute ahead is not', async () => {
  const now = Date.now();
  const far = await make({ date: new Date(now + hourMs) });
  await refusal(far.publicKey, now);
  const near = await make({ date: new Date(now + 60_000) });
  await inspectOpenpgpCertificate(near.publicKey, now);
});

test('a revoked key is refused', async () => {
  const { publicKey, revocationCertificate } = await generateKey({
    type: 'curve25519',
    userIDs: { name: council },
    date: new Date(Date.now() - hourMs),
    config: modern,
    format: 'armored',
  });
  const revoked = await revokeKey({
    key: (await readKey({ armoredKey: publicKey })).toPublic(),
    revocationCertificate,
    format: 'armored',
  });
  await refusal(revoked.publicKey);
});

test('two certificates at once are refused', async () => {
  const other = await generateOpenpgpKey(council);
  const binaries = await Promise.all(
    [ours, other].map(async ({ certificateArmored }) =>
      (await readKey({ armoredKey: certificateArmored })).write(),
    ),
  );
  const both = armor(enums.armor.publicKey, Buffer.concat(binaries));
  expect((await refusal(both)).detail).toContain('exactly one');
});

test.each([
  ['nothing', ''],
  ['a word', 'hello'],
  ['too much', 'x'.repeat(40_000)],
  ['an empty block', '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----\n'],
])('%s instead of a certificate is refused', async (_name, text) => {
  await refusal(text);
});

test('a certificate with any byte changed is refused or means the same keys', async () => {
  const binary = (await readKey({ armoredKey: ours.certificateArmored })).write();
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: binary.byteLength - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, difference) => {
        const changed = Buffer.from(binary);
        changed[at] = (changed[at] ?? 0) ^ difference;
        const armored = armor(enums.armor.publicKey, changed);
        try {
          const found = await inspectOpenpgpCertificate(armored, Date.now());
          expect(found.fingerprint).toBe(ours.fingerprint);
          expect(found.encryptionKey).toBe(ours.encryptionKey);
        } catch (error) {
          if (!isCausewayError(error, 'key-unsuitable')) throw error;
        }
      },
    ),
    { numRuns: 200 },
  );
});
