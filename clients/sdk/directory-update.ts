/** Takes what the gateway answered about its directory into the state: the whole, or what has changed. */
import { directoryDigest, type PlacedEntry } from '../../protocol/wire/directory-digest.ts';
import { directoryEntryDigest } from '../../protocol/wire/directory-entry-digest.ts';
import type { DirectoryResponse } from '../../protocol/wire/directory.ts';
import type { LogTable } from './log-table.ts';
import type { PinTable } from './pin-table.ts';

/** Where this endpoint keeps entries, and their leaves. */
export type DirectoryTables = { readonly pins: PinTable; readonly log: LogTable };

/**
 * Call inside a transaction. Changes are taken only where they lead to the directory that the gateway has, entry by entry
 * and leaf by leaf: after a restore from a backup, one version may have been two directories.
 * @returns false, with nothing changed, where the whole has to be read
 */
export function updateDirectory(answer: DirectoryResponse, { pins, log }: DirectoryTables): boolean {
  const { since } = answer;
  if (since === undefined) {
    pins.replaceDirectory(answer);
    log.replaceLeaves(answer);
    return true;
  }
  // Another process may have read another one meanwhile.
  if (pins.readVersion() !== since) return false;
  if (directoryDigest(merge(answer, log)) !== answer.digest) return false;
  pins.changeDirectory(answer);
  log.changeLeaves(answer);
  return true;
}

/** The digests of what stays were written down with it: thousands of entries are not digested anew for one. */
function merge(
  { entries, leaves }: DirectoryResponse,
  log: Pick<LogTable, 'readPlaced'>,
): Iterable<PlacedEntry> {
  const merged = new Map(log.readPlaced().map((placed) => [placed.endpoint, placed]));
  entries.forEach((entry, place) => {
    const { endpoint } = entry;
    merged.set(endpoint, {
      endpoint,
      entry: directoryEntryDigest(entry),
      leaf: leaves[place]?.index ?? 0,
    });
  });
  return merged.values();
}
