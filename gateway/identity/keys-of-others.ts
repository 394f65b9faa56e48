/** An OpenPGP key belongs to one endpoint: nobody registers one that is on record for another. */
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { OpenpgpCertificate } from './openpgp-certificate.ts';

/**
 * Public keys are there for everybody to copy, and a certificate proves no possession of the subkey in it. With one
 * key under two names, a message to both of them, or to a role that both hold, could not name each recipient's key
 * once, and would be refused for good.
 * @throws CausewayError `key-unsuitable`
 */
export function refuseKeysOfOthers(
  endpoint: EndpointAddress,
  { fingerprint, encryptionKey }: Pick<OpenpgpCertificate, 'fingerprint' | 'encryptionKey'>,
  entries: readonly DirectoryEntry[],
): void {
  const isTaken = entries.some(
    (other) =>
      other.endpoint !== endpoint &&
      (other.openpgpFingerprint === fingerprint ||
        other.encryptionKey === encryptionKey ||
        other.previousEncryptionKey === encryptionKey),
  );
  if (!isTaken) return;
  throw new CausewayError('key-unsuitable', { detail: 'It holds a key of another endpoint.' });
}
