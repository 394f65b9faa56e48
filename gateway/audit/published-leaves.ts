/**
 * The leaves of the store as far as they are those that were published. What a leaf stands for is bound by the leaf; the
 * leaf itself is bound by the log alone, so whoever edits the database could otherwise have it tell anything.
 *
 * Each leaf is held against its hash in the tile over it. Leaves that were not published yet are taken as they are.
 */
import { hashBytes, leafHash, splitHashes } from '../../protocol/proof/merkle.ts';
import { tileWidth, tileWidthAt } from '../../protocol/proof/tile.ts';
import type { Store, StoredLeaf } from '../store/port.ts';
import type { LogFolder } from './log-folder.ts';

type Leaves = Pick<Store, 'readLeaves'>;

export class PublishedLeaves implements Leaves {
  readonly #store: Leaves;
  readonly #folder: Pick<LogFolder, 'readFile'>;
  /** Of the published log. */
  readonly #size: number;
  #tile: { readonly index: number; readonly bytes: Buffer | undefined } | undefined;

  constructor(store: Leaves, folder: Pick<LogFolder, 'readFile'>, size: number) {
    this.#store = store;
    this.#folder = folder;
    this.#size = size;
  }

  /** See `Store.readLeaves`. */
  async readLeaves(from: number, limit: number): Promise<StoredLeaf[]> {
    const leaves: StoredLeaf[] = [];
    for (const leaf of await this.#store.readLeaves(from, limit))
      leaves.push((await this.#isPublished(leaf)) ? leaf : rewritten(leaf));
    return leaves;
  }

  async #isPublished({ index, leaf }: StoredLeaf): Promise<boolean> {
    if (index >= this.#size) return true;
    const tile = await this.#tileOver(index);
    const place = index % tileWidth;
    // A tile that is missing or cut accuses nobody: `audit verify` tells it.
    if (tile === undefined || tile.byteLength < (place + 1) * hashBytes) return true;
    const [published] = splitHashes(tile, place, 1);
    return published?.equals(leafHash(Buffer.from(leaf, 'latin1'))) === true;
  }

  async #tileOver(leaf: number): Promise<Buffer | undefined> {
    const index = Math.floor(leaf / tileWidth);
    if (this.#tile?.index !== index) {
      const name = { level: 0, index, width: tileWidthAt(0, index, this.#size) };
      this.#tile = { index, bytes: (await this.#folder.readFile(name))?.bytes };
    }
    return this.#tile.bytes;
  }
}

/** Of what it says now, nothing is told but its kind. */
function rewritten({ opening: _, entry: { kind }, ...leaf }: StoredLeaf): StoredLeaf {
  return { ...leaf, entry: { kind }, tampered: 'rewritten' };
}
