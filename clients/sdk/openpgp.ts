/**
 * OpenPGP (RFC 9580) for the SDK: the only file of it that imports openpgp, and the only one that decrypts.
 *
 * What is written has the form of `protocol/openpgp`. Anything older is refused in both directions.
 */
import {
  decrypt,
  PublicKeyEncryptedSessionKeyPacket,
  readMessage,
  readPrivateKey,
  SymEncryptedIntegrityProtectedDataPacket,
  type DecryptMessageResult,
  type Message,
  type PartialConfig,
  type PrivateKey,
  type PublicKey,
  type Subkey,
} from 'openpgp';
import { CausewayError } from '../../protocol/errors.ts';
import { fingerprintSchema, type EndpointAddress, type Fingerprint } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import {
  encryptionKeyError,
  namesOf,
  readCertificate,
  type KeyNames,
} from '../../protocol/openpgp/certificate.ts';
import { makeKey, openpgpForm } from '../../protocol/openpgp/form.ts';
import { seal } from '../../protocol/openpgp/seal.ts';
import { encryptionKeyLifetimeMs } from '../../protocol/wire/enrolment.ts';

/** The most that content may measure once decrypted and, where a foreign client compressed it, inflated. */
export const maxContentBytes = 8 * 1024 * 1024;

const config: PartialConfig = {
  ...openpgpForm,
  allowUnauthenticatedMessages: false,
  maxDecompressedMessageSize: maxContentBytes,
};

/**
 * For openpgp: of a signature only what held at its own moment is asked, and of a key that decrypts no term at all. The types
 * leave it out, though the checks of openpgp know it.
 */
const atItsOwnTime = null as unknown as Date;

/** An endpoint's OpenPGP key pair as it is kept. */
export type OpenpgpKeyFiles = KeyNames & {
  readonly privateKeyArmored: string;
  readonly certificateArmored: string;
};

/** An endpoint's private OpenPGP key, ready to use. */
export type OpenpgpIdentity = {
  readonly fingerprint: Fingerprint;
  /** The newest encryption subkey that has begun: the one that is published. */
  readonly encryptionKey: Fingerprint;
  /** Every encryption subkey at hand. Those before the newest open what is still under way. */
  readonly encryptionKeys: readonly Fingerprint[];
  /** With the newest encryption subkey alone. */
  readonly certificateArmored: string;
  readonly privateKey: PrivateKey;
};

/**
 * An encryption subkey is kept for as long after its creation: it is in the directory for one lifetime at most, taken
 * as the previous one for another, and the last message to it may then be as long under way as messages may.
 */
const subkeyKeptMs = 2 * encryptionKeyLifetimeMs + limits.maxLifetimeMs;

/** Makes an endpoint's key. @param now ms since 1970 */
export async function generateOpenpgpKey(
  endpoint: EndpointAddress,
  now: number = Date.now(),
): Promise<OpenpgpKeyFiles> {
  const { privateKey, publicKey } = await makeKey(endpoint, now, encryptionKeyLifetimeMs);
  return {
    privateKeyArmored: privateKey.armor(),
    certificateArmored: publicKey.armor(),
    ...(await namesOf(privateKey, new Date(now))),
  };
}

/**
 * Adds an encryption subkey of 90 days to a private key, unless its newest has more than half of that before it: a
 * renewal that failed uses again what it made. Subkeys that no message can be encrypted to any more are dropped, and
 * those from the future, which a wrong clock made.
 * @param now ms since 1970
 * @param named what the own directory entry names, which is never dropped; where that is not known, nothing is
 * @returns the private key, armored
 * @throws CausewayError `home-invalid`
 */
export async function renewEncryptionKey(
  privateKeyArmored: string,
  now: number,
  named?: readonly Fingerprint[],
): Promise<string> {
  const { privateKey } = await readOpenpgpIdentity(privateKeyArmored, now);
  const newest = newestSubkey(privateKey, now);
  const isFresh = (subkey: Subkey): boolean =>
    hasBegun(subkey, now) && now < createdAt(subkey) + encryptionKeyLifetimeMs / 2;
  if (newest !== undefined && isFresh(newest)) return privateKeyArmored;
  const isNamed = (subkey: Subkey): boolean =>
    named === undefined || named.some((key) => key === subkey.getFingerprint());
  privateKey.subkeys = privateKey.subkeys.filter(
    (subkey) => isNamed(subkey) || (hasBegun(subkey, now) && now < createdAt(subkey) + subkeyKeptMs),
  );
  const renewed = await privateKey.addSubkey({
    type: 'curve25519',
    keyExpirationTime: encryptionKeyLifetimeMs / 1_000,
    date: new Date(Math.max(now - limits.maxClockSkewMs, privateKey.getCreationTime().getTime())),
    config,
  });
  return renewed.armor();
}

/**
 * Reads a private key as {@link generateOpenpgpKey} made it.
 * @param now ms since 1970
 * @throws CausewayError `home-invalid`
 */
export async function readOpenpgpIdentity(
  privateKeyArmored: string,
  now: number = Date.now(),
): Promise<OpenpgpIdentity> {
  try {
    const privateKey = await readPrivateKey({ armoredKey: privateKeyArmored, config });
    const newest = newestSubkey(privateKey, now);
    if (newest === undefined) throw new Error('there is no subkey');
    const certificate = privateKey.toPublic();
    const isNewest = (subkey: Subkey): boolean => subkey.getFingerprint() === newest.getFingerprint();
    certificate.subkeys = certificate.subkeys.filter(isNewest);
    return {
      privateKey,
      certificateArmored: certificate.armor(),
      fingerprint: fingerprintSchema.parse(privateKey.getFingerprint()),
      encryptionKey: fingerprintSchema.parse(newest.getFingerprint()),
      encryptionKeys: privateKey.subkeys.map((subkey) => fingerprintSchema.parse(subkey.getFingerprint())),
    };
  } catch (cause) {
    throw new CausewayError('home-invalid', {
      detail:
        'Its OpenPGP key, openpgp.key, cannot be read: it is damaged, or another file stands in its place.',
      cause,
    });
  }
}

/**
 * What an armored certificate holds, for comparison with a directory entry.
 * @param owner whose it is, for the words of an error
 * @param at when its encryption key has to be good
 * @throws CausewayError `key-unsuitable`, `key-expired`
 */
export async function readOpenpgpCertificate(
  armored: string,
  owner: string,
  at: Date = new Date(),
): Promise<KeyNames> {
  const key = await readCertificate(armored);
  return namesOf(key, at).catch(async (cause: unknown) => {
    throw await encryptionKeyError(key, owner, at, cause);
  });
}

/**
 * The fingerprint of a certificate's primary key, which signs. Its encryption key may have ended.
 * @param armored the certificate
 * @throws CausewayError `key-unsuitable`
 */
export async function readPrimaryKey(armored: string): Promise<Fingerprint> {
  return fingerprintSchema.parse((await readCertificate(armored)).getFingerprint());
}

/**
 * Signs content and encrypts it to each recipient; see {@link seal}.
 * @param options.recipients armored certificates
 * @param options.at when it is signed, and when the keys have to be good: now by default
 * @throws CausewayError `key-unsuitable` when one of the certificates cannot be used with AEAD
 */
export async function encryptAndSign(
  content: Uint8Array,
  options: {
    readonly signWith: OpenpgpIdentity;
    readonly recipients: readonly string[];
    readonly at?: Date;
  },
): Promise<Uint8Array> {
  return await seal(content, options.signWith.privateKey, options.recipients, options.at);
}

/**
 * Decrypts a payload and checks that it bears exactly one signature, the sender's, by a key that was good when it signed.
 * What this computer's clock says counts for nothing: a clock that stands wrong must not refuse a notice for good.
 * @param options.senderCertificate armored; the certificate that the directory, as verified, gives for the sender, or
 *   those of which one must have signed
 * @returns the signed content and nothing else of the payload
 * @throws CausewayError `payload-undecryptable`, `payload-unsigned`, `key-unsuitable`
 */
export async function decryptAndVerify(
  payload: Uint8Array,
  options: {
    readonly decryptWith: OpenpgpIdentity;
    readonly senderCertificate: string | readonly string[];
  },
): Promise<Uint8Array> {
  const keys = await Promise.all([options.senderCertificate].flat().map(readCertificate));
  const result = await openMessage(await readSealedMessage(payload), options.decryptWith, keys);
  const [signature] = result.signatures;
  if (signature === undefined || result.signatures.length !== 1) {
    throw unsigned(`It bears ${result.signatures.length} signatures; exactly one is expected.`);
  }
  try {
    await signature.verified;
  } catch (cause) {
    throw unsigned('Its signature is not the sender’s.', cause);
  }
  const content = result.data as Uint8Array;
  if (content.byteLength > maxContentBytes) throw undecryptable('Its content is too large.');
  return content;
}

/** Reads the packets around the ciphertext and refuses everything but version 6 recipients and SEIPD version 2. */
async function readSealedMessage(payload: Uint8Array): Promise<Message<Uint8Array>> {
  let message: Message<Uint8Array>;
  try {
    message = await readMessage({ binaryMessage: payload, config });
  } catch (cause) {
    throw undecryptable('It is not an OpenPGP message.', cause);
  }
  const packets = [...message.packets];
  const data = packets.pop();
  const recipients = packets as (PublicKeyEncryptedSessionKeyPacket & { readonly version: number })[];
  const sealed = data as
    (SymEncryptedIntegrityProtectedDataPacket & { readonly version: number }) | undefined;
  if (!(sealed instanceof SymEncryptedIntegrityProtectedDataPacket) || sealed.version !== 2) {
    throw undecryptable('It is not encrypted with AEAD (SEIPD version 2).');
  }
  if (
    recipients.length === 0 ||
    recipients.some(
      (packet) => !(packet instanceof PublicKeyEncryptedSessionKeyPacket) || packet.version !== 6,
    )
  ) {
    throw undecryptable('Its recipient packets are not version 6.');
  }
  return message;
}

/** Decrypting and collecting signatures is one call, so that data and signatures cannot come from two places. */
async function openMessage(
  message: Message<Uint8Array>,
  identity: OpenpgpIdentity,
  senderKeys: PublicKey[],
): Promise<DecryptMessageResult> {
  try {
    return await decrypt({
      message,
      decryptionKeys: identity.privateKey,
      verificationKeys: senderKeys,
      format: 'binary',
      date: atItsOwnTime,
      config,
    });
  } catch (cause) {
    throw undecryptable(undefined, cause);
  }
}

/** One from the future is the newest only where there is no other. */
function newestSubkey({ subkeys }: PrivateKey, now: number): Subkey | undefined {
  const sorted = subkeys.toSorted((a, b) => createdAt(b) - createdAt(a));
  return sorted.find((subkey) => hasBegun(subkey, now)) ?? sorted[0];
}

function hasBegun(subkey: Subkey, now: number): boolean {
  return createdAt(subkey) <= now + limits.maxClockSkewMs;
}

function createdAt(subkey: Subkey): number {
  return subkey.getCreationTime().getTime();
}

function undecryptable(detail?: string, cause?: unknown): CausewayError {
  return new CausewayError('payload-undecryptable', { detail, cause });
}

function unsigned(detail: string, cause?: unknown): CausewayError {
  return new CausewayError('payload-unsigned', { detail, cause });
}
