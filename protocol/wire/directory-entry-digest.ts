/**
 * What a leaf of the audit log says of an entry of the directory: SHA-256 of its compact JSON, members in the order
 * below. It needs no salt: nobody can guess keys.
 */
import type { Digest } from '../id-forms.ts';
import { digestOf } from '../proof/merkle.ts';
import type { DirectoryEntry } from './directory.ts';

const members = Object.keys({
  endpoint: true,
  agency: true,
  roles: true,
  status: true,
  enrolledAt: true,
  revokedAt: true,
  tlsThumbprint: true,
  previousTlsThumbprint: true,
  openpgpCertificate: true,
  openpgpFingerprint: true,
  encryptionKey: true,
  previousEncryptionKey: true,
  signingKey: true,
} satisfies Record<keyof DirectoryEntry, true>) as readonly (keyof DirectoryEntry)[];

export function directoryEntryDigest(entry: DirectoryEntry): Digest {
  const ordered = Object.fromEntries(members.map((name) => [name, entry[name]]));
  return digestOf(Buffer.from(JSON.stringify(ordered)));
}
