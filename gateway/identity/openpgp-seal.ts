/**
 * OpenPGP for what the gateway itself writes: it signs and encrypts, and cannot decrypt. Keys and messages are of the
 * same form as those of endpoints: version 6, AEAD.
 */
import {
  createMessage,
  encrypt,
  enums,
  generateKey,
  readKey,
  readPrivateKey,
  type PartialConfig,
} from 'openpgp';
import { CausewayError } from '../../protocol/errors.ts';
import { fingerprintSchema, type EndpointAddress, type Fingerprint } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';

const config: PartialConfig = {
  v6Keys: true,
  aeadProtect: true,
  preferredAEADAlgorithm: enums.aead.gcm,
  preferredSymmetricAlgorithm: enums.symmetric.aes256,
  preferredCompressionAlgorithm: enums.compression.uncompressed,
  showVersion: false,
  showComment: false,
};

/** A key that signs, and the certificate that says so. */
export type SealingKeyFiles = {
  /** Armored, of the primary key alone: nothing in it decrypts. */
  readonly privateKeyArmored: string;
  readonly certificateArmored: string;
};

/**
 * Makes a key for an endpoint of the gateway. A certificate in the directory names an encryption key, and so does
 * this one; its private half is thrown away here, so that nobody can ever use it.
 * @param now ms since 1970
 */
export async function generateSealingKey(endpoint: EndpointAddress, now: number): Promise<SealingKeyFiles> {
  const { privateKey, publicKey } = await generateKey({
    type: 'curve25519',
    userIDs: { name: endpoint },
    date: new Date(now - limits.maxClockSkewMs),
    format: 'object',
    config,
  });
  privateKey.subkeys = [];
  return { privateKeyArmored: privateKey.armor(), certificateArmored: publicKey.armor() };
}

/** Checks that the two belong together, and gives the names that the directory keeps. @throws CausewayError `home-invalid` */
export async function readSealingKey({ privateKeyArmored, certificateArmored }: SealingKeyFiles): Promise<{
  readonly fingerprint: Fingerprint;
  readonly encryptionKey: Fingerprint;
}> {
  try {
    const key = await readPrivateKey({ armoredKey: privateKeyArmored, config });
    const certificate = await readKey({ armoredKey: certificateArmored, config });
    if (key.subkeys.length > 0) throw new RangeError('it holds a key that decrypts');
    if (certificate.isPrivate() || certificate.getFingerprint() !== key.getFingerprint()) {
      throw new RangeError('the certificate belongs to another key');
    }
    const encryption = await certificate.getEncryptionKey();
    return {
      fingerprint: fingerprintSchema.parse(key.getFingerprint()),
      encryptionKey: fingerprintSchema.parse(encryption.getFingerprint()),
    };
  } catch (cause) {
    throw new CausewayError('home-invalid', {
      detail: "The correlator's OpenPGP key cannot be used.",
      cause,
    });
  }
}

/**
 * Signs content and encrypts it to each recipient.
 * @param certificates armored, of the recipients
 * @throws CausewayError `key-unsuitable` where one has expired or been revoked
 */
export async function seal(
  content: Uint8Array,
  { privateKeyArmored }: Pick<SealingKeyFiles, 'privateKeyArmored'>,
  certificates: readonly string[],
): Promise<Buffer> {
  if (certificates.length === 0) throw new RangeError('a message needs a recipient');
  const signingKeys = await readPrivateKey({ armoredKey: privateKeyArmored, config });
  try {
    const sealed: unknown = await encrypt({
      message: await createMessage({ binary: content, filename: '' }),
      encryptionKeys: await Promise.all(certificates.map((armoredKey) => readKey({ armoredKey, config }))),
      signingKeys,
      format: 'binary',
      config,
    });
    return Buffer.from(sealed as Uint8Array);
  } catch (cause) {
    throw new CausewayError('key-unsuitable', { detail: 'A key has expired or been revoked.', cause });
  }
}

/** True when something can be encrypted to the certificate now. */
export async function isSealable(armoredKey: string): Promise<boolean> {
  try {
    await (await readKey({ armoredKey, config })).getEncryptionKey();
    return true;
  } catch {
    return false;
  }
}
