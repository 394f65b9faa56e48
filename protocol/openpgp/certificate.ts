/** Certificates of recipients and senders: read once each, and refused where they are not of our form. */
import { readKey, type Key, type PublicKey, type SignaturePacket } from 'openpgp';
import { CausewayError } from '../errors.ts';
import { fingerprintSchema, type Fingerprint } from '../ids.ts';
import { announcesAead, openpgpForm, selfSignatureOf } from './form.ts';

/** The fingerprints by which the directory names a key. */
export type KeyNames = {
  /** Of the primary key. */
  readonly fingerprint: Fingerprint;
  /** Of the encryption subkey. */
  readonly encryptionKey: Fingerprint;
};

/** @throws Error when there is no encryption key that is good at that moment */
export async function namesOf(key: Key, at: Date = new Date()): Promise<KeyNames> {
  const encryption = await key.getEncryptionKey(undefined, at);
  return {
    fingerprint: fingerprintSchema.parse(key.getFingerprint()),
    encryptionKey: fingerprintSchema.parse(encryption.getFingerprint()),
  };
}

const parsedCertificates = new Map<string, Promise<PublicKey>>();
const maxParsedCertificates = 1_000;

/**
 * Reads an armored certificate. The same ones come with every message, so each text is parsed once.
 * @throws CausewayError `key-unsuitable`
 */
export async function readCertificate(armored: string): Promise<PublicKey> {
  const known = parsedCertificates.get(armored);
  if (known !== undefined) return known;
  const parsed = parseCertificate(armored);
  await parsed;
  if (parsedCertificates.size >= maxParsedCertificates) parsedCertificates.clear();
  parsedCertificates.set(armored, parsed);
  return parsed;
}

/**
 * Reads a certificate to encrypt to. One key without AEAD would pull the whole message down to SEIPD version 1.
 * @param at when it has to be good
 * @throws CausewayError `key-unsuitable`
 */
export async function readAeadCertificate(armored: string, at: Date = new Date()): Promise<PublicKey> {
  const key = await readCertificate(armored);
  let selfSignature: SignaturePacket;
  try {
    selfSignature = await selfSignatureOf(key, at);
  } catch (cause) {
    throw unsuitable('Its own signature is not valid.', cause);
  }
  if (!announcesAead(selfSignature)) throw unsuitable('It is without AEAD.');
  return key;
}

/**
 * Why an endpoint's certificate has no encryption key that is good at a moment, as the error to throw: that it has ended or
 * not begun, or that there is none.
 */
export async function encryptionKeyError(
  key: Key,
  owner: string,
  at: Date,
  cause: unknown,
): Promise<CausewayError> {
  const [newest] = key.subkeys.toSorted(
    (a, b) => b.getCreationTime().getTime() - a.getCreationTime().getTime(),
  );
  if (newest === undefined) return unsuitable('It has no valid encryption key.', cause);
  const startsAt = newest.getCreationTime();
  const endsAt = await newest.getExpirationTime(startsAt).catch(() => null);
  const told = (words: string): CausewayError =>
    new CausewayError('key-expired', { detail: `The encryption key of ${owner} ${words}.`, cause });
  if (startsAt > at) return told(`starts on ${startsAt.toISOString()} only`);
  if (endsAt instanceof Date && endsAt <= at) return told(`ended on ${endsAt.toISOString()}`);
  return unsuitable('It has no valid encryption key.', cause);
}

/** The error for a key that cannot be used. */
export function unsuitable(detail: string, cause?: unknown): CausewayError {
  return new CausewayError('key-unsuitable', { detail, cause });
}

async function parseCertificate(armored: string): Promise<PublicKey> {
  let key: Key;
  try {
    key = await readKey({ armoredKey: armored, config: openpgpForm });
  } catch (cause) {
    throw unsuitable('It cannot be read.', cause);
  }
  if (key.isPrivate()) throw unsuitable('It is a private key.');
  if (key.keyPacket.version !== 6) throw unsuitable('It is not a version 6 key.');
  return key.toPublic();
}
