/** One change to an endpoint's entry in the directory, made from what the entry is at that moment. */
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { DirectoryRow, RecordEntry, Store } from '../store/port.ts';

/** What an entry becomes, and what the record says of it. */
export type EntryChange = { readonly after: DirectoryEntry; readonly record: RecordEntry };

/** Given the entry and the index of the leaf that says so. It may throw, and gives undefined when the entry shall stay as it is. */
type Change = (entry: DirectoryEntry, leaf: number) => Awaitable<EntryChange | undefined>;
type Awaitable<T> = T | Promise<T>;

/** Renewals, revocations and enrolments of one endpoint are rare: more than a few at once is trouble. */
const maxAttempts = 8;

/**
 * Reads the entry and replaces it; when somebody else changed it in between, reads it again.
 * @returns the entry as it now stands
 * @throws CausewayError `endpoint-unknown`, `key-unsuitable`, `store-unavailable`
 */
export async function changeEntry(
  store: Pick<Store, 'readEntry' | 'replaceEntry'>,
  endpoint: EndpointAddress,
  change: Change,
): Promise<DirectoryEntry> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const { entry, leaf } = await readRow(store, endpoint);
    const wanted = await change(entry, leaf);
    if (wanted === undefined) return entry;
    const outcome = await store.replaceEntry(entry, wanted.after, wanted.record);
    if (outcome === 'replaced') return wanted.after;
    if (outcome === 'key-taken') throw keyTaken();
  }
  throw new CausewayError('store-unavailable', { detail: `The entry of ${endpoint} kept changing.` });
}

/**
 * Public keys are there for everybody to copy, and a certificate proves no possession of the subkey in it. With one
 * key under two names, a message to both of them, or to a role that both hold, could not name each recipient's key
 * once, and would be refused for good.
 */
export function keyTaken(): CausewayError {
  return new CausewayError('key-unsuitable', { detail: 'It holds a key of another endpoint.' });
}

/** The entry in the store, active or revoked. @throws CausewayError `endpoint-unknown` */
export async function readEntry(
  store: Pick<Store, 'readEntry'>,
  endpoint: EndpointAddress,
): Promise<DirectoryEntry> {
  return (await readRow(store, endpoint)).entry;
}

async function readRow(store: Pick<Store, 'readEntry'>, endpoint: EndpointAddress): Promise<DirectoryRow> {
  const row = await store.readEntry(endpoint);
  if (row === undefined) throw new CausewayError('endpoint-unknown', { detail: `It is ${endpoint}.` });
  return row;
}
