/** Signs notes: as a log, and as a witness that adds its time. */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { formatNote, formatSignatureLine } from './note.ts';
import { batchSigner } from './signing.ts';
import {
  cosignedMessage,
  signatureTypes,
  verifierKey,
  type SignatureType,
  type VerifierKey,
} from './verifier-key.ts';

/** Signs the texts of notes with one Ed25519 key. */
export type NoteSigner = {
  readonly verifierKey: VerifierKey;
  /** The signature line for a text, with its line feed. */
  signText(text: string): string;
};

/** Cosigns checkpoints with one Ed25519 key, which must sign nothing else (c2sp.org/tlog-cosignature). */
export type Cosigner = {
  readonly verifierKey: VerifierKey;
  /** The cosignature line for a checkpoint's text. @param timeSeconds whole seconds since 1970, at least 1 */
  cosign(text: string, timeSeconds: number): string;
};

/**
 * The signer of a log.
 * @param privateKeyPem Ed25519, PKCS#8 PEM
 * @throws RangeError when the key is of another kind; CausewayError `note-malformed` when the name may not be one
 */
export function noteSigner(name: string, privateKeyPem: string): NoteSigner {
  const { verifierKey: key, privateKey } = openKey(name, signatureTypes.ed25519, privateKeyPem);
  return {
    verifierKey: key,
    signText: (text) => formatSignatureLine(key, sign(null, Buffer.from(text), privateKey)),
  };
}

/** The cosigner of a witness. @throws as {@link noteSigner} */
export function cosigner(name: string, privateKeyPem: string): Cosigner {
  const { verifierKey: key, privateKey } = openKey(name, signatureTypes.cosignature, privateKeyPem);
  return {
    verifierKey: key,
    cosign(text, timeSeconds) {
      if (!Number.isSafeInteger(timeSeconds) || timeSeconds < 1)
        throw new RangeError('no time for a cosignature');
      const time = Buffer.alloc(8);
      time.writeBigUInt64BE(BigInt(timeSeconds));
      const signature = sign(null, cosignedMessage(text, timeSeconds), privateKey);
      return formatSignatureLine(key, Buffer.concat([time, signature]));
    },
  };
}

/** A note with the signatures of these signers. @throws CausewayError `note-malformed` when the text may not be one */
export function signNote(text: string, ...signers: readonly NoteSigner[]): string {
  return formatNote(
    text,
    signers.map((signer) => signer.signText(text)),
  );
}

function openKey(
  name: string,
  type: SignatureType,
  privateKeyPem: string,
): { verifierKey: VerifierKey; privateKey: KeyObject } {
  const { publicKey } = batchSigner(privateKeyPem);
  return { verifierKey: verifierKey(name, type, publicKey.raw), privateKey: createPrivateKey(privateKeyPem) };
}
