/**
 * The newest leaf about the entry of each endpoint. A row of the directory that was put back to an older one is genuine in
 * itself, and has a leaf: only that there is a later one tells.
 */
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { StoredLeaf } from '../store/port.ts';
import { openLeaf } from '../store/stored-leaf.ts';

export class NewestEntryLeaves {
  readonly #newest = new Map<string, number>();

  /** Takes a leaf; they come in order. One that was rewritten says nothing. */
  take(leaf: StoredLeaf): void {
    // Few leaves are about endpoints, and to parse all takes longer than to read them.
    if (!leaf.leaf.includes('"endpoint.')) return;
    const { kind, endpoint, entry } = openLeaf(leaf);
    if (kind.startsWith('endpoint.') && endpoint !== undefined && entry !== undefined)
      this.#newest.set(endpoint, leaf.index);
  }

  /** Undefined where no leaf was about it. */
  of(endpoint: EndpointAddress): number | undefined {
    return this.#newest.get(endpoint);
  }
}
