/** The directory in memory: every look-up of the hot path is one step in a map. */
import { CausewayError } from '../../protocol/errors.ts';
import { agencyOf, type EndpointAddress } from '../../protocol/ids.ts';
import { signingKeyFromRaw, type SigningKey } from '../../protocol/proof/signing.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { DirectorySnapshot, Store } from '../store/port.ts';
import { withoutRowsPutBack, type RowsTold } from './rows-put-back.ts';

type DirectoryStore = Pick<Store, 'readDirectory' | 'readNewestChanges'>;

/** Told of each endpoint whose row is found to be put back to an older entry, or gone. */
type OnRowLost = (endpoint: EndpointAddress, how: 'older' | 'gone') => void;

type View = {
  readonly version: number;
  readonly byAddress: ReadonlyMap<string, DirectoryEntry>;
  /** `agency/@role` → active endpoints. */
  readonly byRole: ReadonlyMap<string, readonly DirectoryEntry[]>;
  readonly snapshot: DirectorySnapshot;
  readonly lost: Lost;
};

type Lost = Omit<RowsTold, 'kept'>;

const nobody: readonly DirectoryEntry[] = [];
const nothingLost: Lost = { putBack: [], gone: [] };

/**
 * A view of the store's directory, as of the last {@link EndpointDirectory.reload}. Whose row was put back to an older
 * entry is not in it: nobody of that name gets a session, and nothing is encrypted to it, until it is enrolled again or
 * revoked.
 */
export class EndpointDirectory {
  readonly #store: DirectoryStore;
  /** The newest leaf about the entry of each endpoint: what the store has noted, and what its rows have said since. */
  #newest: Map<EndpointAddress, number>;
  readonly #onRowLost: OnRowLost | undefined;
  /** By entry, as a view that somebody still goes through may be older than the present one. */
  readonly #leaves = new WeakMap<DirectoryEntry, number>();
  readonly #signingKeys = new Map<string, { readonly text: string; readonly key: SigningKey }>();
  /** Of no version that a store has: an empty directory may be one whose rows are gone. */
  #view: View = buildView({ version: -1, entries: [], leaves: [], versions: [] }, nothingLost);
  #loading: Promise<unknown> = Promise.resolve();

  private constructor(
    store: DirectoryStore,
    newest: ReadonlyMap<EndpointAddress, number>,
    onRowLost: OnRowLost | undefined,
  ) {
    this.#store = store;
    this.#newest = new Map(newest);
    this.#onRowLost = onRowLost;
  }

  /** Reads the directory for the first time. @throws CausewayError `store-unavailable` */
  static async open(store: DirectoryStore, onRowLost?: OnRowLost): Promise<EndpointDirectory> {
    // Before the rows: what another gateway changes meanwhile is newer in them, and never older.
    const directory = new EndpointDirectory(store, await store.readNewestChanges(), onRowLost);
    await directory.reload();
    return directory;
  }

  /** Grows with every change; the `version` of the snapshot shown. */
  get version(): number {
    return this.#view.version;
  }

  /** The whole directory of one moment, with the leaf of each entry. */
  get snapshot(): DirectorySnapshot {
    return this.#view.snapshot;
  }

  /** Whose rows were put back to an older entry, and who is left out of everything else for it. */
  get putBack(): readonly EndpointAddress[] {
    return this.#view.lost.putBack;
  }

  /** Who enrolled, and has no row any more. */
  get gone(): readonly EndpointAddress[] {
    return this.#view.lost.gone;
  }

  /** Every endpoint ever enrolled, the revoked ones too. */
  entries(): IterableIterator<DirectoryEntry> {
    return this.#view.byAddress.values();
  }

  get(address: EndpointAddress): DirectoryEntry | undefined {
    return this.#view.byAddress.get(address);
  }

  /** The leaf of the audit log that the store names for an entry that was read here. */
  leafOf(entry: DirectoryEntry): number | undefined {
    return this.#leaves.get(entry);
  }

  /**
   * Who a recipient address stands for: the endpoint, active or revoked, or every active endpoint of the agency
   * that holds the role. Empty when there is none.
   */
  resolve(recipient: string): readonly DirectoryEntry[] {
    const entry = this.#view.byAddress.get(recipient);
    return entry === undefined ? (this.#view.byRole.get(recipient) ?? nobody) : [entry];
  }

  /** The key that verifies an endpoint's envelopes and receipts. @throws CausewayError `endpoint-unknown` */
  signingKey(address: EndpointAddress): SigningKey {
    const entry = this.get(address);
    if (entry === undefined) throw new CausewayError('endpoint-unknown');
    const known = this.#signingKeys.get(address);
    if (known?.text === entry.signingKey) return known.key;
    const key = signingKeyFromRaw(Buffer.from(entry.signingKey, 'base64url'));
    this.#signingKeys.set(address, { text: entry.signingKey, key });
    return key;
  }

  /** Reads the store again, after any reading already under way. @throws CausewayError `store-unavailable` */
  reload(): Promise<void> {
    const loaded = this.#loading.then(() => this.#load());
    this.#loading = loaded.catch(() => undefined);
    return loaded;
  }

  async #load(): Promise<void> {
    let snapshot = await this.#store.readDirectory();
    if (snapshot.version === this.#view.version) return;
    const { putBack, gone } = withoutRowsPutBack(snapshot, this.#newest);
    if (putBack.length + gone.length > 0) {
      // What a row has said before may have been the mistake: the notes decide, once more read before the rows.
      this.#newest = new Map(await this.#store.readNewestChanges());
      snapshot = await this.#store.readDirectory();
    }
    const { kept, ...lost } = withoutRowsPutBack(snapshot, this.#newest);
    for (const [place, entry] of kept.entries.entries()) {
      const leaf = kept.leaves[place];
      if (leaf === undefined) continue;
      this.#leaves.set(entry, leaf);
      this.#newest.set(entry.endpoint, leaf);
    }
    const before = this.#view.lost;
    this.#view = buildView(kept, lost);
    for (const endpoint of lost.putBack)
      if (!before.putBack.includes(endpoint)) this.#onRowLost?.(endpoint, 'older');
    for (const endpoint of lost.gone)
      if (!before.gone.includes(endpoint)) this.#onRowLost?.(endpoint, 'gone');
  }
}

function buildView(snapshot: DirectorySnapshot, lost: Lost): View {
  const { version, entries } = snapshot;
  const byAddress = new Map<string, DirectoryEntry>();
  const byRole = new Map<string, DirectoryEntry[]>();
  for (const entry of entries) {
    byAddress.set(entry.endpoint, entry);
    if (entry.status !== 'active') continue;
    for (const role of entry.roles) {
      const name = `${agencyOf(entry.endpoint)}/@${role}`;
      const holders = byRole.get(name);
      if (holders === undefined) byRole.set(name, [entry]);
      else holders.push(entry);
    }
  }
  return { version, byAddress, byRole, snapshot, lost };
}
