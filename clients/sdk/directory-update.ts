/** Takes what the gateway answered about its directory into the state: the whole, or what has changed. */
import { CausewayError } from '../../protocol/errors.ts';
import { directoryDigest, type PlacedEntry } from '../../protocol/wire/directory-digest.ts';
import { directoryEntryDigest } from '../../protocol/wire/directory-entry-digest.ts';
import type { DirectoryResponse } from '../../protocol/wire/directory.ts';
import type { LogTable } from './log/log-table.ts';
import type { PinTable } from './pin-table.ts';

/**
 * Reads `GET /v1/directory`.
 * @param since the version held: what has changed after it is enough. A gateway may give the whole all the same
 */
export type FetchDirectory = (since?: number) => Promise<DirectoryResponse>;

/**
 * Reads what has changed since a version, or the whole where that does not fit.
 * @param take see {@link updateDirectory}
 * @returns the checkpoint that came with it
 * @throws CausewayError
 */
export async function readDirectory(
  since: number | undefined,
  fetch: FetchDirectory,
  take: (answer: DirectoryResponse) => Promise<boolean>,
): Promise<DirectoryResponse['checkpoint']> {
  const changes = await fetch(since);
  if (await take(changes)) return changes.checkpoint;
  const whole = await fetch();
  if (await take(whole)) return whole.checkpoint;
  throw new CausewayError('gateway-unreachable', {
    detail: 'It was asked for the whole directory and gave a part.',
  });
}

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
