/**
 * Looks at the OpenPGP certificates that endpoints register (RFC 9580).
 * Of openpgp it imports only what reads public certificates.
 */
import { enums, readKeys, type Key, type SignaturePacket, type Subkey } from 'openpgp';
import { CausewayError } from '../../protocol/errors.ts';
import { fingerprintSchema, type Fingerprint } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import { announcesAead, selfSignatureOf } from '../../protocol/openpgp/form.ts';
import { encryptionKeyLifetimeMs } from '../../protocol/wire/enrolment.ts';

const maxArmoredBytes = 32_768;
const agreementAlgorithms = new Set<number>([enums.publicKey.x25519, enums.publicKey.x448]);
const acceptedAeads = new Set<number>([enums.aead.gcm, enums.aead.ocb]);
const encryptionFlags = enums.keyFlags.encryptCommunication | enums.keyFlags.encryptStorage;

/** What the directory keeps of a certificate. */
export type OpenpgpCertificate = {
  /** The certificate armored anew: whatever stood around it is gone. */
  readonly armored: string;
  /** Of the primary key. */
  readonly fingerprint: Fingerprint;
  /** Of the one encryption subkey. */
  readonly encryptionKey: Fingerprint;
};

/** A part of openpgp's object that its types leave out. */
type SignatureWithSuites = SignaturePacket & {
  readonly preferredCipherSuites: readonly (readonly [number, number])[] | null;
};

/**
 * Checks that a certificate is public, version 6, in force, able to sign, and has exactly one encryption key,
 * which can be used with AEAD and expires within 90 days.
 * @param now ms since 1970
 * @throws CausewayError `key-unsuitable`, with the reason in words
 */
export async function inspectOpenpgpCertificate(armored: string, now: number): Promise<OpenpgpCertificate> {
  const key = await readCertificate(armored);
  if (key.keyPacket.version !== 6) {
    throw unsuitable(`It is a version ${key.keyPacket.version} key; make a version 6 key (RFC 9580).`);
  }
  const at = momentOfCheck(key, now);
  const selfSignature = await verifySelfSignature(key, at);
  checkAead(selfSignature);
  await key.getSigningKey(undefined, at).catch((cause: unknown) => {
    throw unsuitable('It has no valid key for signing.', cause);
  });
  const encryption = await findEncryptionKey(key, at);
  await checkExpiry(encryption, at);
  return {
    armored: key.armor(),
    fingerprint: fingerprintSchema.parse(key.getFingerprint()),
    encryptionKey: fingerprintSchema.parse(encryption.getFingerprint()),
  };
}

async function readCertificate(armored: string): Promise<Key> {
  if (armored.length > maxArmoredBytes) throw unsuitable(`It is larger than ${maxArmoredBytes} bytes.`);
  if (armored.includes('PRIVATE KEY')) throw privateKeySent();
  let keys: Key[];
  try {
    keys = await readKeys({ armoredKeys: armored, config: { maxUserIDLength: 1_024 } });
  } catch (cause) {
    throw unsuitable('It is not an armored OpenPGP certificate.', cause);
  }
  if (keys.some((key) => key.isPrivate())) throw privateKeySent();
  const [key] = keys;
  if (key === undefined || keys.length !== 1) throw unsuitable('It must hold exactly one certificate.');
  return key;
}

/** The clock of an endpoint may be ahead by the skew that envelopes are allowed, too. */
function momentOfCheck(key: Key, now: number): Date {
  const createdAt = key.getCreationTime().getTime();
  return new Date(createdAt > now && createdAt <= now + limits.maxClockSkewMs ? createdAt : now);
}

async function verifySelfSignature(key: Key, at: Date): Promise<SignatureWithSuites> {
  try {
    await key.verifyPrimaryKey(at);
    return (await selfSignatureOf(key, at)) as SignatureWithSuites;
  } catch (cause) {
    throw unsuitable(
      'Its own signature is missing or wrong, or it has expired, been revoked or starts in the future.',
      cause,
    );
  }
}

/** Without a list of preferences, AES-128 with OCB is understood (RFC 9580, section 5.2.3.15). */
function checkAead(selfSignature: SignatureWithSuites): void {
  const { preferredCipherSuites } = selfSignature;
  if (!announcesAead(selfSignature)) {
    throw unsuitable('It does not announce AEAD (SEIPD version 2): switch AEAD on when making the key.');
  }
  if (preferredCipherSuites !== null && !preferredCipherSuites.some(([, aead]) => acceptedAeads.has(aead))) {
    throw unsuitable('Its preferences name neither GCM nor OCB.');
  }
}

async function findEncryptionKey(key: Key, at: Date): Promise<Subkey> {
  const found: Subkey[] = [];
  for (const subkey of key.subkeys) {
    const binding = await subkey.verify(at).catch(() => undefined);
    if (binding !== undefined && ((binding.keyFlags?.[0] ?? 0) & encryptionFlags) !== 0) found.push(subkey);
  }
  const [subkey] = found;
  if (subkey === undefined) throw unsuitable('It has no valid encryption key; it may have expired.');
  if (found.length > 1) throw unsuitable('It has more than one valid encryption key; keep exactly one.');
  if (subkey.keyPacket.version !== 6 || !agreementAlgorithms.has(subkey.keyPacket.algorithm)) {
    throw unsuitable('Its encryption key must be X25519 or X448.');
  }
  return subkey;
}

async function checkExpiry(subkey: Subkey, at: Date): Promise<void> {
  const endsAt = Number(await subkey.getExpirationTime(at));
  if (endsAt <= at.getTime() + encryptionKeyLifetimeMs + limits.maxClockSkewMs) return;
  throw unsuitable(
    'Its encryption key must expire within 90 days: a key that leaks must not open messages for ever.',
  );
}

function privateKeySent(): CausewayError {
  return unsuitable(
    'This is a private key. It has left its owner, so it must not be used any more: make a new key and send only its certificate.',
  );
}

function unsuitable(detail: string, cause?: unknown): CausewayError {
  return new CausewayError('key-unsuitable', { detail, cause });
}
