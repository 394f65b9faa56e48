/**
 * Inclusion and consistency proofs made from tiles.
 *
 * A proof is a list of subtrees. Each is a run of perfect subtrees, and the root of a perfect subtree is computed
 * from hashes that stand side by side in one tile. So it is known beforehand which tiles a proof needs: two or
 * three a level, each asked for once.
 */
import { hashBytes, largestPowerBelow, nodeHash, splitHashes, treeRoot } from './merkle.ts';
import { emptyRoot } from './frontier.ts';
import { readTileBytes, tileHeight, tilePath, tileWidth, tileWidthAt, type TileName } from './tile.ts';
import { isTreeSize } from './tree-proof.ts';

/**
 * Reads a tile: its hashes one behind the other. A wider version of the same tile will do, and the reader of a
 * log on disk falls back to it (tlog-tiles, Partial Tiles).
 */
export type TileReader = (tile: TileName) => Uint8Array | Promise<Uint8Array>;

/** Leaves `from` to before `to`; the beginning is a multiple of the largest power of two in the length. */
type Range = readonly [from: number, to: number];
/** The root of 2^height leaves, the index counted in such subtrees. */
type PerfectNode = { readonly height: number; readonly index: number };

/**
 * The path of a leaf, from its sibling to below the root (RFC 6962, 2.1.1).
 * @throws RangeError when the tree has no such leaf
 * @throws CausewayError `log-malformed` when a tile is too short; and whatever the reader throws
 */
export async function proveInclusion(index: number, size: number, read: TileReader): Promise<Buffer[]> {
  if (!isTreeSize(index) || !isTreeSize(size) || index >= size) throw new RangeError('no such leaf');
  return hashRanges(inclusionRanges(index, size), size, read);
}

/**
 * The proof that a tree begins with all of an older one (RFC 6962, 2.1.2); empty when the two are of one size,
 * and when the older one is empty, as the witness protocol has it.
 * @throws RangeError when the older tree is the larger one
 * @throws CausewayError `log-malformed` when a tile is too short; and whatever the reader throws
 */
export async function proveConsistency(fromSize: number, size: number, read: TileReader): Promise<Buffer[]> {
  if (!isTreeSize(fromSize) || !isTreeSize(size) || fromSize > size) throw new RangeError('no such trees');
  return fromSize === 0 ? [] : hashRanges(consistencyRanges(fromSize, size), size, read);
}

/** The root of the tree with this size. @throws as {@link proveInclusion} */
export async function rootFromTiles(size: number, read: TileReader): Promise<Buffer> {
  if (!isTreeSize(size)) throw new RangeError('no such tree');
  const [root] = size === 0 ? [] : await hashRanges([[0, size]], size, read);
  return root ?? emptyRoot;
}

/** The hash of one leaf of a tree. @throws as {@link proveInclusion} */
export async function leafFromTiles(index: number, size: number, read: TileReader): Promise<Buffer> {
  if (!isTreeSize(index) || !isTreeSize(size) || index >= size) throw new RangeError('no such leaf');
  const [leaf] = await hashRanges([[index, index + 1]], size, read);
  return Buffer.from(leaf ?? emptyRoot);
}

function inclusionRanges(index: number, size: number): Range[] {
  const ranges: Range[] = [];
  for (let from = 0, to = size; to - from > 1;) {
    const middle = from + largestPowerBelow(to - from);
    if (index < middle) {
      ranges.unshift([middle, to]);
      to = middle;
    } else {
      ranges.unshift([from, middle]);
      from = middle;
    }
  }
  return ranges;
}

function consistencyRanges(fromSize: number, size: number): Range[] {
  const ranges: Range[] = [];
  let [from, to] = [0, size];
  while (fromSize < to) {
    const middle = from + largestPowerBelow(to - from);
    if (fromSize <= middle) {
      ranges.unshift([middle, to]);
      to = middle;
    } else {
      ranges.unshift([from, middle]);
      from = middle;
    }
  }
  // The older root itself need not be told to somebody who has it.
  return from === 0 ? ranges : [[from, to], ...ranges];
}

async function hashRanges(ranges: readonly Range[], size: number, read: TileReader): Promise<Buffer[]> {
  const runs = ranges.map(perfectNodes);
  const tiles = new Map<string, TileName>();
  for (const node of runs.flat()) {
    const tile = tileOf(node, size);
    tiles.set(tilePath(tile), tile);
  }
  const contents = new Map<string, Buffer>();
  await Promise.all(
    Array.from(tiles, async ([path, tile]) => {
      contents.set(path, readTileBytes(await read(tile), tile.width));
    }),
  );
  return runs.map((run) =>
    run
      .map((node) => nodeFromTile(node, contents.get(tilePath(tileOf(node, size))) ?? Buffer.alloc(0)))
      .reduceRight((right, left) => nodeHash(left, right)),
  );
}

/** The perfect subtrees that make a range, from left to right. */
function perfectNodes([from, to]: Range): PerfectNode[] {
  const nodes: PerfectNode[] = [];
  for (let at = from; at < to;) {
    const leaves = to - at === 1 ? 1 : largestPowerBelow(to - at + 1);
    nodes.push({ height: Math.log2(leaves), index: at / leaves });
    at += leaves;
  }
  return nodes;
}

function tileOf({ height, index }: PerfectNode, size: number): TileName {
  const level = Math.floor(height / tileHeight);
  const tile = Math.floor((index * 2 ** (height % tileHeight)) / tileWidth);
  return { level, index: tile, width: tileWidthAt(level, tile, size) };
}

function nodeFromTile({ height, index }: PerfectNode, tile: Buffer): Buffer {
  const count = 2 ** (height % tileHeight);
  const from = (index * count) % tileWidth;
  if ((from + count) * hashBytes > tile.byteLength) throw new RangeError('the tile has no such node');
  return Buffer.from(treeRoot(splitHashes(tile, from, count)));
}
