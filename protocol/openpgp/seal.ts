/** Sealing: content signed by its writer and encrypted to each recipient, in our form. */
import { createMessage, encrypt, type PrivateKey } from 'openpgp';
import { readAeadCertificate, unsuitable } from './certificate.ts';
import { openpgpForm } from './form.ts';

/**
 * Signs content and encrypts it to each recipient, in binary form: as many version 6 recipient packets as
 * recipients, then one SEIPD version 2 packet. GCM is used where every recipient's key prefers it, as ours do.
 * @param recipients armored certificates
 * @param at when it is signed, and when the keys have to be good
 * @throws CausewayError `key-unsuitable` when one of the certificates cannot be used with AEAD, or not any more
 */
export async function seal(
  content: Uint8Array,
  signWith: PrivateKey,
  recipients: readonly string[],
  at: Date = new Date(),
): Promise<Uint8Array> {
  if (recipients.length === 0) throw new RangeError('a message needs a recipient');
  const encryptionKeys = await Promise.all(recipients.map((armored) => readAeadCertificate(armored, at)));
  const message = await createMessage({ binary: content, filename: '' });
  try {
    const sealed: unknown = await encrypt({
      message,
      encryptionKeys,
      signingKeys: signWith,
      format: 'binary',
      date: at,
      config: openpgpForm,
    });
    return sealed as Uint8Array;
  } catch (cause) {
    throw unsuitable('A key has expired or been revoked.', cause);
  }
}
