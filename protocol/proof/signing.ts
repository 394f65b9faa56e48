/**
 * One Ed25519 signature over a whole batch: `domain ‖ size u32 ‖ Merkle root`.
 *
 * Envelopes and receipts have a domain each, so that a signature over one can never pass for the other.
 */
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import type { Digest } from '../ids.ts';
import { hashBytes, digestOf } from './merkle.ts';

export const signatureBytes = 64;

/** What is signed, as the bytes that stand before size and root. */
export const signingDomains = {
  envelopes: 'causeway/v1/envelopes\0',
  receipts: 'causeway/v1/receipts\0',
} as const;
export type SigningDomain = keyof typeof signingDomains;

/** Signs batches with one private key. */
export type BatchSigner = {
  /** SHA-256 of the raw public key, base64url: the name of the key. */
  readonly keyId: Digest;
  signRoot(domain: SigningDomain, size: number, root: Buffer): Buffer;
};

/** An Ed25519 public key, raw and ready to use. */
export type SigningKey = { readonly keyId: Digest; readonly raw: Buffer; readonly key: KeyObject };

/** Reads a raw Ed25519 public key of 32 bytes. @throws RangeError when the length is wrong */
export function signingKeyFromRaw(raw: Uint8Array): SigningKey {
  if (raw.byteLength !== 32) throw new RangeError('an Ed25519 public key has 32 bytes');
  const copy = Buffer.from(raw);
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: copy.toString('base64url') },
    format: 'jwk',
  });
  return { keyId: digestOf(copy), raw: copy, key };
}

/** Reads an Ed25519 private key in PKCS#8 PEM and gives its signer. */
export function batchSigner(privateKeyPem: string): BatchSigner & { readonly publicKey: SigningKey } {
  const privateKey = createPrivateKey(privateKeyPem);
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (privateKey.asymmetricKeyType !== 'ed25519' || x === undefined) {
    throw new RangeError('not an Ed25519 private key');
  }
  const publicKey = signingKeyFromRaw(Buffer.from(x, 'base64url'));
  return {
    keyId: publicKey.keyId,
    publicKey,
    signRoot: (domain, size, root) => sign(null, signedBytes(domain, size, root), privateKey),
  };
}

/** The bytes under a batch signature. */
export function signedBytes(domain: SigningDomain, size: number, root: Uint8Array): Buffer {
  const prefix = signingDomains[domain];
  const bytes = Buffer.allocUnsafe(prefix.length + 4 + hashBytes);
  bytes.write(prefix, 'latin1');
  bytes.writeUInt32BE(size, prefix.length);
  bytes.set(root, prefix.length + 4);
  return bytes;
}

/** True when the signature over this batch is the key's. */
export function verifyRoot(
  domain: SigningDomain,
  size: number,
  root: Uint8Array,
  signature: Uint8Array,
  key: SigningKey,
): boolean {
  return verify(null, signedBytes(domain, size, root), key.key, signature);
}
