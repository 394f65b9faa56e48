/** Who gets what the correlator sends. */
import { limits } from '../protocol/limits.ts';
import type { DirectoryEntry } from '../protocol/wire/directory.ts';
import { isSealable } from './identity/openpgp-seal.ts';

/** The active endpoints of these agencies that hold one of the roles, with a key that can be used, by address. */
export async function findHolders(
  directory: { entries(): Iterable<DirectoryEntry> },
  agencies: ReadonlySet<string>,
  roles: readonly string[],
): Promise<readonly DirectoryEntry[]> {
  const found: DirectoryEntry[] = [];
  for (const entry of directory.entries()) {
    if (entry.status !== 'active' || !agencies.has(entry.agency)) continue;
    if (!entry.roles.some((role) => roles.includes(role))) continue;
    if (await isSealable(entry.openpgpCertificate)) found.push(entry);
  }
  return found.sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1)).slice(0, limits.maxRecipients);
}
