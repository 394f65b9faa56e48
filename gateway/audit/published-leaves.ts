/**
 * The leaves of the store as far as they are those that were published. What a leaf stands for is bound by the leaf; the
 * leaf itself is bound by the log alone, so whoever edits the database could otherwise have it tell anything.
 *
 * Each leaf is held against its hash in the tile over it. Leaves that were not published yet are taken as they are; so
 * are those that should have been, and cannot be held against anything, but not without a word.
 */
import { hashBytes, leafHash } from '../../protocol/proof/merkle.ts';
import { tileWidth, tileWidthAt } from '../../protocol/proof/tile.ts';
import type { Store, StoredLeaf } from '../store/port.ts';
import type { TreeHead } from './between.ts';
import type { LogFolder } from './log-folder.ts';

type Leaves = Pick<Store, 'readLeaves'>;

/** Why leaves are told without having been held against the log. */
export type Unchecked =
  /** Nothing was published yet: there is nothing to hold them against. */
  | { readonly reason: 'never-published' }
  /** Something was published, and the checkpoint is gone. */
  | { readonly reason: 'checkpoint-missing' }
  | { readonly reason: 'checkpoint-unreadable'; readonly cause: unknown }
  /** The store does not hold the last leaf that was published, so what it has behind that is of another log. */
  | { readonly reason: 'log-forked'; readonly size: number }
  /** A published tile is missing, cut, or cannot be read: the leaves below it, from this one on. */
  | { readonly reason: 'tile-unreadable'; readonly leaf: number };

export type PublishedLeavesParts = {
  readonly store: Leaves;
  readonly folder: Pick<LogFolder, 'readFile'>;
  /** Of the published log. */
  readonly published: TreeHead;
  /** Told before the first such leaf is given; of tiles, for the first one only. */
  readonly onUnchecked: (unchecked: Unchecked) => void;
};

export class PublishedLeaves implements Leaves {
  readonly #parts: PublishedLeavesParts;
  #tile: { readonly index: number; readonly bytes: Buffer | undefined } | undefined;
  #hasToldOfTile = false;

  constructor(parts: PublishedLeavesParts) {
    this.#parts = parts;
  }

  /** The size and the root that the leaves are held against. */
  get published(): TreeHead {
    return this.#parts.published;
  }

  /** See `Store.readLeaves`. */
  async readLeaves(from: number, limit: number): Promise<StoredLeaf[]> {
    const leaves: StoredLeaf[] = [];
    for (const leaf of await this.#parts.store.readLeaves(from, limit)) {
      const isCovered = leaf.index < this.published.size;
      if (isCovered) await this.#takeTileOver(leaf.index);
      leaves.push(!isCovered || this.#isPublished(leaf) ? leaf : rewritten(leaf));
    }
    return leaves;
  }

  /** Whether the leaf is the one that the tile in hand has. */
  #isPublished({ index, leaf }: StoredLeaf): boolean {
    const place = (index % tileWidth) * hashBytes;
    const published = this.#tile?.bytes?.subarray(place, place + hashBytes);
    if (published?.byteLength === hashBytes) return published.equals(leafHash(Buffer.from(leaf, 'latin1')));
    // A tile that is missing or cut accuses no leaf.
    this.#tellOfTile(index);
    return true;
  }

  async #takeTileOver(leaf: number): Promise<void> {
    const index = Math.floor(leaf / tileWidth);
    if (this.#tile?.index === index) return;
    const name = { level: 0, index, width: tileWidthAt(0, index, this.published.size) };
    // Why it cannot be read is for `audit verify`: here it is enough that nothing was held against it.
    const found = await this.#parts.folder.readFile(name).catch(() => undefined);
    this.#tile = { index, bytes: found?.bytes };
  }

  #tellOfTile(leaf: number): void {
    if (this.#hasToldOfTile) return;
    this.#hasToldOfTile = true;
    this.#parts.onUnchecked({ reason: 'tile-unreadable', leaf });
  }
}

/** Of what it says now, nothing is told but its kind. */
function rewritten({ opening: _, entry: { kind }, ...leaf }: StoredLeaf): StoredLeaf {
  return { ...leaf, entry: { kind }, tampered: 'rewritten' };
}
