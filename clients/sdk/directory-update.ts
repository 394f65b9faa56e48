/** Takes what the gateway answered about its directory into the state: the whole, or what has changed. */
import type { EndpointAddress } from '../../protocol/ids.ts';
import { directoryDigest, type PlacedEntry } from '../../protocol/wire/directory-digest.ts';
import { directoryEntryDigest } from '../../protocol/wire/directory-entry-digest.ts';
import type { DirectoryEntry, DirectoryResponse } from '../../protocol/wire/directory.ts';
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
  if (directoryDigest(merge(answer, { pins, log })) !== answer.digest) return false;
  pins.changeDirectory(answer);
  log.changeLeaves(answer);
  return true;
}

function merge(
  { entries, leaves }: DirectoryResponse,
  { pins, log }: DirectoryTables,
): Iterable<PlacedEntry> {
  const indices = log.readLeafIndices();
  const merged = new Map<EndpointAddress, PlacedEntry>();
  const put = (entry: DirectoryEntry, leaf = 0): void => {
    const { endpoint } = entry;
    merged.set(endpoint, { endpoint, entry: directoryEntryDigest(entry), leaf });
  };
  for (const entry of pins.readEntries()) put(entry, indices.get(entry.endpoint));
  entries.forEach((entry, place) => put(entry, leaves[place]?.index));
  return merged.values();
}
