/**
 * Verifier keys: `name+hex(key id)+base64(type ‖ public key)` (c2sp.org/signed-note, Verifier keys).
 *
 * Two types are known: 0x01, Ed25519 over the text of a note, with which a log signs; and 0x04, a cosignature with
 * its time, with which a witness does (c2sp.org/tlog-cosignature).
 */
import { hash, verify, type KeyObject } from 'node:crypto';
import { decodeBase64, decodeNoteText, malformedNote } from './note-text.ts';
import { signatureBytes, signingKeyFromRaw } from './signing.ts';

/** Signature types of the standard, as the byte in a verifier key. */
export const signatureTypes = { ed25519: 0x01, cosignature: 0x04 } as const;
export type SignatureType = (typeof signatureTypes)[keyof typeof signatureTypes];

/** A key that a note may be signed with. Name and key id together say which one. */
export type VerifierKey = {
  readonly name: string;
  /** The first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key), big-endian. */
  readonly keyId: number;
  readonly type: SignatureType;
  /** Raw Ed25519, 32 bytes. */
  readonly publicKey: Buffer;
  readonly key: KeyObject;
};

const timeBytes = 8;

/** The key with a name and a raw Ed25519 public key. @throws CausewayError `note-malformed` when the name may not be one */
export function verifierKey(name: string, type: SignatureType, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name))
    throw malformedNote('A key name is not empty and has neither spaces nor a plus sign.');
  const { raw, key } = signingKeyFromRaw(publicKey);
  return { name, keyId: keyIdOf(name, type, raw), type, publicKey: raw, key };
}

/** True for a name that a key may have: not empty, without spaces and plus signs. */
export function isKeyName(name: string): boolean {
  return name !== '' && !/[\p{White_Space}\p{Cc}+]/u.test(name) && name.isWellFormed();
}

/** Reads a verifier key; a line feed at its end is let pass. @throws CausewayError `note-malformed` */
export function parseVerifierKey(source: string | Uint8Array): VerifierKey {
  const text = decodeNoteText(source).replace(/\n$/, '');
  const [, name = '', keyId = '', encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  const material = decodeBase64(encoded);
  if (material === undefined || material.byteLength === 0) throw malformedNote('This is not a verifier key.');
  const type = Object.values(signatureTypes).find((known) => known === material[0]);
  if (type === undefined) throw malformedNote('The verifier key is of a type that is not supported.');
  if (material.byteLength !== 33) throw malformedNote('The verifier key has the wrong length.');
  const key = verifierKey(name, type, material.subarray(1));
  if (key.keyId !== Number.parseInt(keyId, 16)) {
    throw malformedNote('The id in the verifier key is not that of its name and its key.');
  }
  return key;
}

/** True for the text of a verifier key. */
export function isVerifierKey(text: string): boolean {
  try {
    parseVerifierKey(text);
    return true;
  } catch {
    return false;
  }
}

/** The verifier key as one line of text, without a line feed. */
export function formatVerifierKey({ name, keyId, type, publicKey }: VerifierKey): string {
  const material = Buffer.concat([Buffer.of(type), publicKey]).toString('base64');
  return `${name}+${keyId.toString(16).padStart(8, '0')}+${material}`;
}

/** What a signature of a key says: that it is right, and for a cosignature when it was made. */
export type SignatureReading = { readonly timeSeconds?: number };

/** Checks the signature of a key on the text of a note. @returns `undefined` when it is not the key's */
export function readSignature(
  key: VerifierKey,
  text: string,
  signature: Buffer,
): SignatureReading | undefined {
  if (key.type === signatureTypes.ed25519) {
    const isRight =
      signature.byteLength === signatureBytes && verify(null, Buffer.from(text), key.key, signature);
    return isRight ? {} : undefined;
  }
  if (signature.byteLength !== timeBytes + signatureBytes) return undefined;
  const timeSeconds = Number(signature.readBigUInt64BE());
  if (!Number.isSafeInteger(timeSeconds)) return undefined;
  const signed = cosignedMessage(text, timeSeconds);
  return verify(null, signed, key.key, signature.subarray(timeBytes)) ? { timeSeconds } : undefined;
}

/** What a cosignature of version 1 signs (c2sp.org/tlog-cosignature, Ed25519 signed message). */
export function cosignedMessage(text: string, timeSeconds: number): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${timeSeconds}\n${text}`);
}

function keyIdOf(name: string, type: SignatureType, publicKey: Uint8Array): number {
  const input = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(type), publicKey]);
  return Number.parseInt(hash('sha256', input, 'hex').slice(0, 8), 16);
}
