/** One change to an endpoint's entry in the directory, made from what the entry is at that moment. */
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { RecordEntry, Store } from '../store/port.ts';

/** What an entry becomes, and what the record says of it. */
type EntryChange = { readonly after: DirectoryEntry; readonly record: RecordEntry };

/** Renewals, revocations and enrolments of one endpoint are rare: more than a few at once is trouble. */
const maxAttempts = 8;

/**
 * Reads the entry and replaces it; when somebody else changed it in between, reads it again.
 * @param change may throw, and gives undefined when the entry shall stay as it is
 * @returns the entry as it now stands
 * @throws CausewayError `endpoint-unknown`, `store-unavailable`
 */
export async function changeEntry(
  store: Pick<Store, 'readDirectory' | 'replaceEntry'>,
  endpoint: EndpointAddress,
  change: (entry: DirectoryEntry) => EntryChange | undefined,
): Promise<DirectoryEntry> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const entry = await readEntry(store, endpoint);
    const wanted = change(entry);
    if (wanted === undefined) return entry;
    if (await store.replaceEntry(entry, wanted.after, wanted.record)) return wanted.after;
  }
  throw new CausewayError('store-unavailable', { detail: `The entry of ${endpoint} kept changing.` });
}

/** The entry in the store, active or revoked. @throws CausewayError `endpoint-unknown` */
export async function readEntry(
  store: Pick<Store, 'readDirectory'>,
  endpoint: EndpointAddress,
): Promise<DirectoryEntry> {
  const { entries } = await store.readDirectory();
  const entry = entries.find((candidate) => candidate.endpoint === endpoint);
  if (entry === undefined) throw new CausewayError('endpoint-unknown', { detail: `It is ${endpoint}.` });
  return entry;
}
