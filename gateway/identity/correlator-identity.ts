/** The correlator as an endpoint: its keys in the gateway's home, and its entry in the directory. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { agencyOf, correlatorAddress } from '../../protocol/ids.ts';
import { digestOf, sha256 } from '../../protocol/proof/merkle.ts';
import { batchSigner } from '../../protocol/proof/signing.ts';
import { CausewayError } from '../../protocol/errors.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import { writeNewFile } from '../../files/durable-file.ts';
import type { Store } from '../store/port.ts';
import { keyTaken, readEntry } from './change-entry.ts';
import type { SealingKeyFiles } from './openpgp-seal.ts';
import { usableKey } from './usable-key.ts';
import { readHomeFile, readPrivateFile } from '../../files/private-folder.ts';
import type { KeyNames } from '../../protocol/openpgp/certificate.ts';

const files = {
  signingKey: 'correlator.key',
  openpgpKey: 'correlator.pgp',
  certificate: 'correlator.asc',
} as const;

/** What the correlator signs with. */
export type CorrelatorKeys = SealingKeyFiles & {
  /** Ed25519 private key that signs its envelopes, PKCS#8 PEM. */
  readonly signingKeyPem: string;
};

/** Makes fresh keys in a gateway's home. */
export async function writeCorrelatorKeys(dir: string, now: number): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519');
  // OpenPGP is large, and most commands only read where the keys stand.
  const { generateSealingKey } = await import('./openpgp-seal.ts');
  const openpgp = await generateSealingKey(correlatorAddress, now);
  await writeNewFile(join(dir, files.signingKey), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await writeNewFile(join(dir, files.openpgpKey), openpgp.privateKeyArmored);
  await writeNewFile(join(dir, files.certificate), openpgp.certificateArmored, 0o644);
}

/** Reads them. @throws CausewayError `home-invalid` */
export async function readCorrelatorKeys(dir: string): Promise<CorrelatorKeys> {
  const signingKeyPem = await readPrivateFile(join(dir, files.signingKey), 'gateway');
  usableKey(join(dir, files.signingKey), () => batchSigner(signingKeyPem));
  return {
    signingKeyPem,
    privateKeyArmored: await readPrivateFile(join(dir, files.openpgpKey), 'gateway'),
    certificateArmored: await readHomeFile(join(dir, files.certificate), 'gateway'),
  };
}

/**
 * Checks the OpenPGP key, and gives the names that the directory keeps.
 * @throws CausewayError `home-invalid`, with the file, `clock-wrong`
 */
export async function readCorrelatorNames(keys: CorrelatorKeys): Promise<KeyNames> {
  const { readSealingKey } = await import('./openpgp-seal.ts');
  return readSealingKey(keys, { key: files.openpgpKey, certificate: files.certificate });
}

/** No certificate has this digest: the correlator lives in the gateway and never connects. */
const noTlsCertificate = digestOf(Buffer.from('causeway/v1/no-tls-certificate\0'));
const permitLifetimeMs = 60_000;

/**
 * Sees to it that the directory has the correlator with these keys, so that every endpoint can prove by the audit log
 * that it is the gateway's.
 * @param known its entry in the directory as last read
 * @returns false where the directory has it so, and nothing was changed
 * @throws CausewayError `home-invalid`, `clock-wrong`, `store-unavailable`
 */
export async function enrolCorrelator(
  keys: CorrelatorKeys,
  store: Pick<Store, 'readEntry' | 'permitEnrolment' | 'enrol'>,
  known: DirectoryEntry | undefined,
  now: number,
): Promise<boolean> {
  const { fingerprint, encryptionKey } = await readCorrelatorNames(keys);
  const signingKey = batchSigner(keys.signingKeyPem).publicKey.raw.toString('base64url');
  if (
    known?.status === 'active' &&
    known.signingKey === signingKey &&
    known.openpgpFingerprint === fingerprint
  )
    return false;
  const entry: DirectoryEntry = {
    endpoint: correlatorAddress,
    agency: agencyOf(correlatorAddress),
    roles: [],
    status: 'active',
    enrolledAt: new Date(now).toISOString(),
    revokedAt: null,
    tlsThumbprint: noTlsCertificate,
    previousTlsThumbprint: null,
    openpgpCertificate: keys.certificateArmored,
    openpgpFingerprint: fingerprint,
    encryptionKey,
    previousEncryptionKey: null,
    signingKey,
  };
  const secretDigest = sha256(randomBytes(32));
  const permit = { secretDigest, endpoint: correlatorAddress, roles: [], expiresAt: now + permitLifetimeMs };
  await store.permitEnrolment(permit, {
    kind: 'enrolment.permitted',
    endpoint: correlatorAddress,
    tokenDigest: secretDigest.toString('base64url'),
    by: 'gateway',
  });
  const outcome = await store.enrol(secretDigest, entry, now, {
    kind: 'endpoint.enrolled',
    endpoint: correlatorAddress,
    tlsThumbprint: noTlsCertificate,
    openpgpFingerprint: fingerprint,
    encryptionKey,
    signingKey,
    roles: [],
    tokenDigest: secretDigest.toString('base64url'),
  });
  if (outcome === 'enrolled') return true;
  // Another gateway of the same home was faster, or the clock stands wrong.
  const entryNow = await readEntry(store, correlatorAddress);
  if (entryNow.signingKey === signingKey) return true;
  throw outcome === 'key-taken' ? keyTaken() : new CausewayError(outcome);
}
