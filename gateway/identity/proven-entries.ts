/**
 * Whether an entry of the directory is the one that the audit log tells of. The rows are what everybody is served, and
 * endpoints prove them by the log before they encrypt to anybody; whoever can write into the database could otherwise
 * put a key of his own in a row, and have what the gateway sends itself encrypted to him.
 *
 * The leaf binds the entry by its digest. The leaf is held against what was published of it, and its body, which has the
 * whole entry, against the leaf: a body opens under the audit key alone, which no database holds, so that a leaf made up
 * beside the row does not help either.
 */
import { isCausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import { directoryEntryDigest } from '../../protocol/wire/directory-entry-digest.ts';
import type { Store, StoredLeaf } from '../store/port.ts';
import { openLeaf } from '../store/stored-leaf.ts';

export type ProvenEntriesDependencies = {
  /** The leaves of the store, held against the published log. */
  readonly leaves: Pick<Store, 'readLeaves'>;
  /** Which leaf the directory says an entry has. */
  readonly directory: { leafOf(entry: DirectoryEntry): number | undefined };
  /** Told of an entry that is not proven, once for each leaf that it is said to have. */
  readonly onDoubt: (endpoint: EndpointAddress, why: EntryDoubt) => void;
};

/** `leaf-tampered`: also where the log is broken there. `older`: an entry proven before has a later leaf. */
export type EntryDoubt = 'no-leaf' | 'leaf-tampered' | 'other-entry' | 'older';

export class ProvenEntries {
  readonly #deps: ProvenEntriesDependencies;
  /** The newest leaf that was proven of each endpoint, and the digest of its entry. */
  readonly #proven = new Map<EndpointAddress, { readonly leaf: number; readonly digest: string }>();
  /** What was doubted last of each endpoint: which entry, and by which leaf. */
  readonly #doubted = new Map<EndpointAddress, string>();

  constructor(deps: ProvenEntriesDependencies) {
    this.#deps = deps;
  }

  /** @throws CausewayError `store-unavailable` */
  async isProven(entry: DirectoryEntry): Promise<boolean> {
    const doubt = await this.#doubtOf(entry);
    if (doubt !== undefined) this.#tell(entry, doubt);
    return doubt === undefined;
  }

  /** Asked at every alert, it says the same each time. */
  #tell(entry: DirectoryEntry, doubt: EntryDoubt): void {
    const { endpoint } = entry;
    const doubted = `${directoryEntryDigest(entry)} ${this.#deps.directory.leafOf(entry) ?? ''}`;
    if (this.#doubted.get(endpoint) === doubted) return;
    this.#doubted.set(endpoint, doubted);
    this.#deps.onDoubt(endpoint, doubt);
  }

  async #doubtOf(entry: DirectoryEntry): Promise<EntryDoubt | undefined> {
    const { endpoint } = entry;
    const leaf = this.#deps.directory.leafOf(entry);
    if (leaf === undefined) return 'no-leaf';
    const digest = directoryEntryDigest(entry);
    const known = this.#proven.get(endpoint);
    if (known !== undefined && known.leaf > leaf) return 'older';
    if (known?.leaf === leaf && known.digest === digest) return undefined;
    const found = await this.#readLeaf(leaf);
    if (found === 'damaged') return 'leaf-tampered';
    const doubt = found?.index === leaf ? doubtOfLeaf(found, endpoint, digest) : 'no-leaf';
    if (doubt === undefined) this.#proven.set(endpoint, { leaf, digest });
    return doubt;
  }

  /** A broken place in the log concerns whoever's leaf stands there, and must not keep anything from the others. */
  async #readLeaf(leaf: number): Promise<StoredLeaf | 'damaged' | undefined> {
    try {
      return (await this.#deps.leaves.readLeaves(leaf, 1))[0];
    } catch (error) {
      if (!isCausewayError(error, 'store-damaged')) throw error;
      return 'damaged';
    }
  }
}

function doubtOfLeaf(leaf: StoredLeaf, endpoint: EndpointAddress, digest: string): EntryDoubt | undefined {
  const { kind, endpoint: about, entry } = openLeaf(leaf);
  if (leaf.tampered !== undefined || leaf.opening === undefined) return 'leaf-tampered';
  const isOfEntry = kind.startsWith('endpoint.') && about === endpoint && entry === digest;
  if (!isOfEntry) return 'other-entry';
  // Nobody but this gateway can have made such a body; that the leaf says the same anybody could write.
  const { became } = leaf.entry as { readonly became?: DirectoryEntry };
  return became !== undefined && directoryEntryDigest(became) === digest ? undefined : 'other-entry';
}
