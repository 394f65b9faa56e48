/**
 * What the leaves say of endpoints, against a database that says something else.
 *
 * The newest leaf about the entry of each endpoint: a row of the directory that was put back to an older one is genuine in
 * itself, and has a leaf; only that there is a later one tells.
 *
 * Whether each enrolment used a token of its own: whoever can write the database can have a token that was used or taken
 * back count again, since its row alone says that it was; the log says so too, and for good.
 */
import type { EndpointAddress } from '../../protocol/ids.ts';
import { clockSkewMs } from '../store/clock-skew.ts';
import type { RecordEntry, StoredLeaf } from '../store/port.ts';
import { openLeaf } from '../store/stored-leaf.ts';

/** An enrolment for which no token was in force, and its leaf. */
export type UnpermittedEnrolment = { readonly endpoint: EndpointAddress; readonly leaf: number };

/** A token that was issued and neither used nor taken back since. */
type Permission = {
  /** SHA-256 of its secret; leaves of earlier versions do not say it. */
  readonly tokenDigest: unknown;
  /** ms since 1970 */
  readonly expiresAt: number;
};

export class EndpointHistory {
  readonly #newest = new Map<EndpointAddress, number>();
  readonly #permissions = new Map<string, Permission>();
  readonly #unpermitted: UnpermittedEnrolment[] = [];

  /** Takes a leaf; they come in order, from the first on. One that was rewritten, or whose body is lost, says nothing. */
  take(stored: StoredLeaf): void {
    // Few leaves are about endpoints, and to parse all takes longer than to read them.
    if (!stored.leaf.includes('"endpoint.') && !stored.leaf.includes('"enrolment.')) return;
    const { kind, endpoint: named, entry } = openLeaf(stored);
    const endpoint = named ?? stored.entry.endpoint;
    if (typeof endpoint !== 'string') return;
    if (kind.startsWith('endpoint.') && entry !== undefined)
      this.#newest.set(endpoint as EndpointAddress, stored.index);
    if (kind === 'enrolment.permitted') this.#permissions.set(endpoint, permissionOf(stored.entry));
    if (kind === 'enrolment.withdrawn') this.#permissions.delete(endpoint);
    if (kind === 'endpoint.enrolled') this.#enrolled(endpoint as EndpointAddress, stored);
  }

  /** The newest leaf about its entry; undefined where there is none. */
  newestOf(endpoint: EndpointAddress): number | undefined {
    return this.#newest.get(endpoint);
  }

  /** All that ever had an entry. */
  endpoints(): IterableIterator<EndpointAddress> {
    return this.#newest.keys();
  }

  get unpermitted(): readonly UnpermittedEnrolment[] {
    return this.#unpermitted;
  }

  #enrolled(endpoint: EndpointAddress, { index, at, entry }: StoredLeaf): void {
    const permission = this.#permissions.get(endpoint);
    // One that used another token leaves this one to whom it was given.
    if (permission !== undefined && isFor(permission, entry.tokenDigest, at))
      this.#permissions.delete(endpoint);
    else this.#unpermitted.push({ endpoint, leaf: index });
  }
}

function permissionOf({ tokenDigest, expires }: RecordEntry): Permission {
  return { tokenDigest, expiresAt: typeof expires === 'string' ? Date.parse(expires) : Infinity };
}

function isFor({ tokenDigest, expiresAt }: Permission, used: unknown, at: number): boolean {
  const isSame = tokenDigest === undefined || used === undefined || tokenDigest === used;
  return isSame && at < expiresAt + clockSkewMs;
}
