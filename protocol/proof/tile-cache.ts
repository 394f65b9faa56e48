/**
 * Tiles kept in memory, with what was computed from them.
 *
 * A log only grows, so the hashes of a tile never change: one that was read stays right, and one that has become
 * wider since is read again when the wider one is asked for.
 */
import { openTile, type TileReader } from './tile-proof.ts';
import type { TileTree } from './tile-tree.ts';

/** How many tiles are kept, of at most 17 KiB each. */
export type TileLimits = { readonly leafTiles: number; readonly upperTiles: number };

/**
 * Few tiles of leaves, because the next proof is seldom about a neighbour; above them, enough for
 * some 16 million leaves: 4.4 MiB in all.
 */
const usual: TileLimits = { leafTiles: 8, upperTiles: 256 };

/** A reader that keeps the tiles last used. For one log alone; another one needs a reader of its own. */
export function keepTiles(read: TileReader, { leafTiles, upperTiles }: TileLimits = usual): TileReader {
  const leaves = new LastUsed(leafTiles);
  const upper = new LastUsed(upperTiles);
  return (name) => {
    const kept = name.level === 0 ? leaves : upper;
    const place = `${name.level}/${name.index}`;
    const known = kept.get(place);
    if (known !== undefined && known.width >= name.width) return known;
    const keep = (found: Uint8Array | TileTree): TileTree => kept.put(place, openTile(found, name));
    const found = read(name);
    return found instanceof Promise ? found.then(keep) : keep(found);
  };
}

class LastUsed {
  readonly #limit: number;
  /** The one used longest ago comes first. */
  readonly #tiles = new Map<string, TileTree>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(place: string): TileTree | undefined {
    const tile = this.#tiles.get(place);
    return tile === undefined ? undefined : this.put(place, tile);
  }

  put(place: string, tile: TileTree): TileTree {
    this.#tiles.delete(place);
    this.#tiles.set(place, tile);
    for (const [oldest] of this.#tiles) {
      if (this.#tiles.size <= this.#limit) break;
      this.#tiles.delete(oldest);
    }
    return tile;
  }
}
