/** Grows a log's tree and hands out the tiles that become full; the rest is at most one partial tile a level. */
import { CausewayError } from '../errors.ts';
import { Frontier } from './frontier.ts';
import { hashBytes, splitHashes, treeRoot } from './merkle.ts';
import { partialTilesAt, readTileBytes, tileHeight, tileWidth, type Tile, type TileName } from './tile.ts';

export class TileBuilder {
  /** Level → hashes of its last tile, and how many stand there. */
  readonly #edge: { bytes: Buffer; width: number; index: number }[] = [];
  #frontier = new Frontier((height, hash) => this.#onNode(height, hash));
  #completed: Tile[] = [];

  /**
   * The builder of a tree that exists.
   * @param partial the tiles that {@link partialTilesAt} names for the size, in any order
   * @throws CausewayError `log-malformed` when one is missing or too short
   */
  static restore(size: number, partial: readonly (TileName & { readonly bytes: Uint8Array })[]): TileBuilder {
    const builder = new TileBuilder();
    const subtrees: Buffer[] = [];
    for (const name of partialTilesAt(size)) {
      const found = partial.find(({ level, index }) => level === name.level && index === name.index);
      if (found === undefined) {
        throw new CausewayError('log-malformed', { detail: `Tile ${name.level}/${name.index} is missing.` });
      }
      const bytes = Buffer.alloc(tileWidth * hashBytes);
      bytes.set(readTileBytes(found.bytes, name.width));
      builder.#edge[name.level] = { bytes, width: name.width, index: name.index };
      subtrees.unshift(...perfectSubtrees(bytes, name.width));
    }
    builder.#frontier = Frontier.restore(size, subtrees, (height, hash) => builder.#onNode(height, hash));
    for (let level = 0; tileWidth ** level <= size; level++) {
      const index = Math.floor(size / tileWidth ** (level + 1));
      builder.#edge[level] ??= { bytes: Buffer.alloc(tileWidth * hashBytes), width: 0, index };
    }
    return builder;
  }

  /** How many leaves there are. */
  get size(): number {
    return this.#frontier.size;
  }

  /** Appends entries. @returns the tiles that became full with them, in the order in which they did */
  append(entries: readonly Uint8Array[]): Tile[] {
    this.#frontier.append(entries);
    return this.#takeCompleted();
  }

  /** Appends leaf hashes that stand one behind the other. @returns as {@link append} */
  appendLeaves(packed: Uint8Array): Tile[] {
    this.#frontier.appendLeaves(packed);
    return this.#takeCompleted();
  }

  /** The partial tiles of the present size, from level 0 upwards: copies, which stay as they are. */
  partialTiles(): Tile[] {
    return this.#edge.flatMap(({ bytes, width, index }, level) =>
      width === 0 ? [] : [{ level, index, width, bytes: Buffer.from(bytes.subarray(0, width * hashBytes)) }],
    );
  }

  /** The root of the present size. */
  root(): Buffer {
    return this.#frontier.root();
  }

  /** The hashes of the perfect subtrees of the present size, as {@link Frontier.hashes}. */
  hashes(): Buffer[] {
    return this.#frontier.hashes();
  }

  #takeCompleted(): Tile[] {
    const completed = this.#completed;
    this.#completed = [];
    return completed;
  }

  #onNode(height: number, hash: Buffer): void {
    if (height % tileHeight !== 0) return;
    const level = height / tileHeight;
    const edge = (this.#edge[level] ??= { bytes: Buffer.alloc(tileWidth * hashBytes), width: 0, index: 0 });
    edge.bytes.set(hash, edge.width * hashBytes);
    edge.width++;
    if (edge.width < tileWidth) return;
    this.#completed.push({ level, index: edge.index, width: tileWidth, bytes: edge.bytes });
    this.#edge[level] = { bytes: Buffer.alloc(tileWidth * hashBytes), width: 0, index: edge.index + 1 };
  }
}

/** The roots of the perfect subtrees that the hashes of a partial tile make, from left to right. */
function perfectSubtrees(bytes: Buffer, width: number): Buffer[] {
  const roots: Buffer[] = [];
  for (let bit = tileWidth / 2, from = 0; bit >= 1; bit /= 2) {
    if ((width & bit) === 0) continue;
    roots.push(treeRoot(splitHashes(bytes, from, bit)));
    from += bit;
  }
  return roots;
}
