/**
 * OpenPGP for what the gateway itself writes: it signs and encrypts, and cannot decrypt. Keys and messages are of the
 * form of `protocol/openpgp`, as those of endpoints are.
 */
import { readPrivateKey } from 'openpgp';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import {
  namesOf,
  readAeadCertificate,
  readCertificate,
  type KeyNames,
} from '../../protocol/openpgp/certificate.ts';
import { makeKey, openpgpForm as config } from '../../protocol/openpgp/form.ts';
import { seal as sealWith } from '../../protocol/openpgp/seal.ts';

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
  const { privateKey, publicKey } = await makeKey(endpoint, now);
  privateKey.subkeys = [];
  return { privateKeyArmored: privateKey.armor(), certificateArmored: publicKey.armor() };
}

/**
 * Checks that the two belong together, and gives the names that the directory keeps.
 * @param files what each of them is called, for people
 * @throws CausewayError `home-invalid`, `clock-wrong`
 */
export async function readSealingKey(
  { privateKeyArmored, certificateArmored }: SealingKeyFiles,
  files: { readonly key: string; readonly certificate: string },
): Promise<KeyNames> {
  const key = await usable(`${files.key} does not hold a key of its kind.`, async () => {
    const found = await readPrivateKey({ armoredKey: privateKeyArmored, config });
    if (found.subkeys.length > 0) throw new RangeError('it holds a key that decrypts');
    return found;
  });
  return usable(
    `${files.certificate} does not hold the certificate of the key in ${files.key}.`,
    async () => {
      const certificate = await readCertificate(certificateArmored);
      if (certificate.getFingerprint() !== key.getFingerprint())
        throw new RangeError('it belongs to another key');
      checkAge(certificate.getCreationTime());
      return namesOf(certificate);
    },
  );
}

async function usable<T>(fault: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (isCausewayError(cause, 'clock-wrong')) throw cause;
    const detail = `The correlator's OpenPGP key cannot be used: in the gateway's folder, ${fault}`;
    throw new CausewayError('home-invalid', { detail, cause });
  }
}

/** Nothing is damaged where a clock has stopped: whoever restored a backup for it would not be helped. */
function checkAge(madeAt: Date): void {
  if (madeAt.getTime() <= Date.now()) return;
  const day = madeAt.toISOString().slice(0, 10);
  throw new CausewayError('clock-wrong', {
    detail: `The correlator's OpenPGP key is not valid before ${day}.`,
  });
}

/**
 * Signs content and encrypts it to each recipient.
 * @param certificates armored, of the recipients
 * @throws CausewayError `key-unsuitable` where one has expired, been revoked or is without AEAD
 */
export async function seal(
  content: Uint8Array,
  { privateKeyArmored }: Pick<SealingKeyFiles, 'privateKeyArmored'>,
  certificates: readonly string[],
): Promise<Buffer> {
  const signWith = await readPrivateKey({ armoredKey: privateKeyArmored, config });
  return Buffer.from(await sealWith(content, signWith, certificates));
}

/** True when something can be encrypted to the certificate now. */
export async function isSealable(armoredKey: string): Promise<boolean> {
  try {
    await (await readAeadCertificate(armoredKey)).getEncryptionKey();
    return true;
  } catch {
    return false;
  }
}
