/** Who gets what the correlator sends. */
import { limits } from '../../protocol/limits.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import { isSealable } from '../identity/openpgp-seal.ts';

export type Holders = {
  /** By address, and no more than a message may have. */
  readonly recipients: readonly DirectoryEntry[];
  /** Addresses of those for whom there is no room. */
  readonly leftOut: readonly string[];
};

/** Where they are looked for. */
export type HolderDirectory = {
  entries(): Iterable<DirectoryEntry>;
  /** See `ProvenEntries`. */
  isProven(entry: DirectoryEntry): Promise<boolean>;
};

/**
 * The active endpoints of these agencies that hold one of the roles, with a key that the audit log proves and that can be
 * used. Where they are more than a message may have, each agency gets one before any gets two.
 * @throws CausewayError `store-unavailable`
 */
export async function findHolders(
  directory: HolderDirectory,
  agencies: ReadonlySet<string>,
  roles: readonly string[],
): Promise<Holders> {
  const found: DirectoryEntry[] = [];
  for (const entry of directory.entries()) {
    if (entry.status !== 'active' || !agencies.has(entry.agency)) continue;
    if (!entry.roles.some((role) => roles.includes(role))) continue;
    if (!(await directory.isProven(entry))) continue;
    if (await isSealable(entry.openpgpCertificate)) found.push(entry);
  }
  const shared = inTurns(found.sort(byAddress));
  return {
    recipients: shared.slice(0, limits.maxRecipients).sort(byAddress),
    leftOut: shared.slice(limits.maxRecipients).map(({ endpoint }) => endpoint),
  };
}

/** The first of each agency, then the second of each, and so on. */
function inTurns(entries: readonly DirectoryEntry[]): DirectoryEntry[] {
  const turns: DirectoryEntry[][] = [];
  const seen = new Map<string, number>();
  for (const entry of entries) {
    const turn = seen.get(entry.agency) ?? 0;
    seen.set(entry.agency, turn + 1);
    (turns[turn] ??= []).push(entry);
  }
  return turns.flat();
}

function byAddress(a: DirectoryEntry, b: DirectoryEntry): number {
  return a.endpoint < b.endpoint ? -1 : 1;
}
