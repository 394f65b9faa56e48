/** Which public keys a change to the directory claims: a key belongs to one endpoint, and a commit sees to it. */
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';

/** The keys that an entry has and the one before it had not; null for each that stays. */
export type ClaimedKeys = {
  readonly signingKey: string | null;
  readonly openpgpFingerprint: string | null;
  /** Taken also where it is another endpoint's key before the present one. */
  readonly encryptionKey: string | null;
};

/**
 * Keys that stay are claimed by nobody: an entry from before keys were held to be of one endpoint can be revoked and
 * renewed all the same.
 * @param before undefined for an enrolment, which claims every key
 * @returns undefined where nothing is claimed
 */
export function claimedKeys(
  before: DirectoryEntry | undefined,
  after: DirectoryEntry,
): ClaimedKeys | undefined {
  const claimed = {
    signingKey: after.signingKey === before?.signingKey ? null : after.signingKey,
    openpgpFingerprint:
      after.openpgpFingerprint === before?.openpgpFingerprint ? null : after.openpgpFingerprint,
    encryptionKey: after.encryptionKey === before?.encryptionKey ? null : after.encryptionKey,
  };
  return Object.values(claimed).some((key) => key !== null) ? claimed : undefined;
}
