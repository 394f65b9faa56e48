/**
 * Tiles: where the hashes of a log's tree and its entries stand (c2sp.org/tlog-tiles).
 *
 * A tile of level L holds up to 256 hashes, each the root of a perfect subtree of 256^L leaves. Entries stand in
 * bundles of up to 256, each entry with its length before it as a big-endian uint16.
 */
import { CausewayError } from '../errors.ts';
import { hashBytes } from './merkle.ts';

/** Hashes in a full tile, and entries in a full bundle. */
export const tileWidth = 256;
/** Levels of binary tree in a tile. */
export const tileHeight = 8;
/** The longest entry: its length is a uint16. */
export const maxEntryBytes = 65_535;

/** Names a tile of hashes. */
export type TileName = {
  readonly level: number;
  /** Place within the level, from 0. */
  readonly index: number;
  /** Hashes in it: 256 when it is full. */
  readonly width: number;
};

/** Names an entry bundle. */
export type BundleName = { readonly level: 'entries'; readonly index: number; readonly width: number };

/** A tile of hashes with its content. */
export type Tile = TileName & { readonly bytes: Buffer };

const maxLevel = 63;

/** The path of a tile or bundle below the log's prefix: `tile/0/x001/x234/067`, `tile/entries/000.p/17`. */
export function tilePath({ level, index, width }: TileName | BundleName): string {
  const isLevel = level === 'entries' || (Number.isInteger(level) && level >= 0 && level <= maxLevel);
  if (!isLevel || !Number.isSafeInteger(index) || index < 0 || !isWidth(width)) {
    throw new RangeError('no such tile');
  }
  const groups = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  }
  return `tile/${level}/${groups.join('/')}${width === tileWidth ? '' : `.p/${width}`}`;
}

const pathPattern = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** The tile or bundle at a path, or `undefined`: there is one path for each, and no other is taken. */
export function parseTilePath(path: string): TileName | BundleName | undefined {
  const [, where = '', groups = '', partial] = pathPattern.exec(path) ?? [];
  if (groups === '' || groups.startsWith('x000/')) return undefined;
  const index = Number(groups.replace(/[x/]/g, ''));
  const width = partial === undefined ? tileWidth : Number(partial);
  const level = where === 'entries' ? where : Number(where);
  if (!Number.isSafeInteger(index) || (partial !== undefined && width >= tileWidth)) return undefined;
  if (level !== 'entries' && level > maxLevel) return undefined;
  return level === 'entries' ? { level, index, width } : { level, index, width };
}

function isWidth(width: number): boolean {
  return Number.isInteger(width) && width >= 1 && width <= tileWidth;
}

/** How many hashes a level of the tiles of a tree has in all. */
export function hashesAtLevel(level: number, size: number): number {
  return Math.floor(size / tileWidth ** level);
}

/** The width that a tile has in a tree of this size; 0 when the tree has no such tile. */
export function tileWidthAt(level: number, index: number, size: number): number {
  return Math.min(Math.max(hashesAtLevel(level, size) - index * tileWidth, 0), tileWidth);
}

/** The partial tiles of a tree of this size, from level 0 upwards: one for every level whose last tile is not full. */
export function partialTilesAt(size: number): TileName[] {
  const tiles: TileName[] = [];
  for (let level = 0; hashesAtLevel(level, size) > 0; level++) {
    const hashes = hashesAtLevel(level, size);
    const width = hashes % tileWidth;
    if (width > 0) tiles.push({ level, index: Math.floor(hashes / tileWidth), width });
  }
  return tiles;
}

/** The bytes of a bundle. @throws RangeError when an entry is longer than 65,535 bytes */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  const bundle = Buffer.allocUnsafe(entries.reduce((bytes, entry) => bytes + 2 + entry.byteLength, 0));
  let offset = 0;
  for (const entry of entries) {
    if (entry.byteLength > maxEntryBytes) throw new RangeError(`an entry has at most ${maxEntryBytes} bytes`);
    bundle.writeUInt16BE(entry.byteLength, offset);
    bundle.set(entry, offset + 2);
    offset += 2 + entry.byteLength;
  }
  return bundle;
}

/**
 * The entries of a bundle; views, not copies.
 * @throws CausewayError `log-malformed` when it is cut, or has not exactly `width` entries
 */
export function decodeBundle(bundle: Buffer, width: number): Buffer[] {
  const entries: Buffer[] = [];
  let offset = 0;
  while (offset < bundle.byteLength) {
    // At once: eight million empty entries fit into a bundle, and each would take memory.
    if (entries.length === width) throw malformed(`The bundle has more than ${width} entries.`);
    const start = offset + 2;
    const end = start <= bundle.byteLength ? start + bundle.readUInt16BE(offset) : Infinity;
    if (end > bundle.byteLength) throw malformed(`The bundle is cut within entry ${entries.length}.`);
    entries.push(bundle.subarray(start, end));
    offset = end;
  }
  if (entries.length !== width) {
    throw malformed(`The bundle has ${entries.length} entries and should have ${width}.`);
  }
  return entries;
}

/**
 * The first `width` hashes of a tile's bytes, which may be those of a later and wider version of the same tile.
 * @throws CausewayError `log-malformed` when they are not there
 */
export function readTileBytes(bytes: Uint8Array, width: number): Buffer {
  const { byteLength } = bytes;
  const isWhole = byteLength % hashBytes === 0 && byteLength <= tileWidth * hashBytes;
  if (!isWhole || byteLength < width * hashBytes) {
    throw malformed(`The tile has ${byteLength} bytes and should have ${width * hashBytes}.`);
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, width * hashBytes);
}

function malformed(detail: string): CausewayError {
  return new CausewayError('log-malformed', { detail });
}
