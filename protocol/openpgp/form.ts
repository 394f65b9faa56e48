/**
 * The one form of OpenPGP (RFC 9580) that Causeway writes: version 6 keys with Ed25519 and X25519, and messages that
 * are signed, then encrypted with AEAD (SEIPD version 2, in GCM) to version 6 recipient packets.
 *
 * Endpoints write notices in it and the gateway's correlator its alerts. Nothing in this folder decrypts, for the
 * gateway imports it too; the linter keeps it so.
 */
import {
  enums,
  generateKey,
  type Key,
  type PartialConfig,
  type PrivateKey,
  type PublicKey,
  type SignaturePacket,
} from 'openpgp';
import type { EndpointAddress } from '../ids.ts';
import { limits } from '../limits.ts';

/** For every call that makes a key or a message. */
export const openpgpForm: PartialConfig = {
  v6Keys: true,
  aeadProtect: true,
  preferredAEADAlgorithm: enums.aead.gcm,
  preferredSymmetricAlgorithm: enums.symmetric.aes256,
  preferredCompressionAlgorithm: enums.compression.uncompressed,
  showVersion: false,
  showComment: false,
};

/** The features flag for version 2 encrypted data (RFC 9580, section 5.2.3.32). */
const seipdVersion2 = 0x08;

/** True when the signature of a key on itself says that messages to it may use AEAD. */
export function announcesAead({ features }: Pick<SignaturePacket, 'features'>): boolean {
  return ((features?.[0] ?? 0) & seipdVersion2) !== 0;
}

/** The signature of a key on itself that counts at a moment. openpgp's types leave the method out. */
export async function selfSignatureOf(key: Key, at: Date): Promise<SignaturePacket> {
  type KeyWithSelfSignature = Key & { getPrimarySelfSignature(date: Date): Promise<SignaturePacket> };
  return await (key as KeyWithSelfSignature).getPrimarySelfSignature(at);
}

/**
 * Makes a key for an endpoint: a primary one that signs and a subkey to encrypt to. It starts a little before now, for
 * peers whose clocks are slow.
 * @param now ms since 1970
 * @param encryptionLifetimeMs how long the subkey may be encrypted to; for ever when undefined
 */
export async function makeKey(
  endpoint: EndpointAddress,
  now: number,
  encryptionLifetimeMs?: number,
): Promise<{ readonly privateKey: PrivateKey; readonly publicKey: PublicKey }> {
  return await generateKey({
    type: 'curve25519',
    userIDs: { name: endpoint },
    date: new Date(now - limits.maxClockSkewMs),
    ...(encryptionLifetimeMs === undefined
      ? {}
      : { subkeys: [{ keyExpirationTime: encryptionLifetimeMs / 1_000 }] }),
    format: 'object',
    config: openpgpForm,
  });
}
