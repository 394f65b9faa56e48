/**
 * Which file is to blame: tiles that differ from what the entries give.
 *
 * The checkpoint decides. When the entries lead to its root, a tile that differs was changed. When they do not, but
 * the tiles as they stand do, the entries under a tile that differs were changed.
 */
import { hashBytes, splitHashes, treeRoot } from '../../protocol/proof/merkle.ts';
import { rootFromTiles } from '../../protocol/proof/tile-proof.ts';
import { tilePath, tileWidth, tileWidthAt, type Tile, type TileName } from '../../protocol/proof/tile.ts';
import type { Finding } from './finding.ts';
import { readLogFile, type LogFiles } from './log-folder.ts';

/** A tile of the log that is not as the entries have it. */
export type TileDifference = {
  readonly path: string;
  readonly expected: Tile;
  readonly found: Buffer;
};

export type SignedTree = { readonly size: number; readonly root: Buffer };

/** Findings for tiles that differ. @param entriesAreSigned whether the entries lead to the signed root */
export async function blame(
  differences: readonly TileDifference[],
  entriesAreSigned: boolean,
  files: LogFiles,
  tree: SignedTree,
): Promise<Finding[]> {
  if (entriesAreSigned) return differences.map(changedTile);
  const authority = new TileAuthority(files, tree);
  const leaves = differences.filter(({ expected }) => expected.level === 0);
  const findings: Finding[] = [];
  const changedEntries: ChangedEntry[] = [];
  for (const difference of leaves) {
    if (await authority.isSigned(difference.expected)) changedEntries.push(...changedEntriesOf(difference));
    else findings.push(changedTogether(difference));
  }
  findings.unshift(...describeEntries(changedEntries));
  const known = new Set(leaves.map(({ expected }) => expected.index));
  for (const difference of differences) {
    const { expected } = difference;
    // Above a leaf tile that differs, the tiles differ of necessity.
    if (expected.level === 0 || coversAny(expected, known)) continue;
    if (await authority.isSigned(expected)) findings.push(...changedBelow(difference));
    else findings.push(changedTile(difference));
  }
  return findings;
}

/** Says of a tile whether it is the one under the signed root, by the tiles above it. */
class TileAuthority {
  readonly #files: LogFiles;
  readonly #tree: SignedTree;
  #top: Promise<boolean> | undefined;

  constructor(files: LogFiles, tree: SignedTree) {
    this.#files = files;
    this.#tree = tree;
  }

  async isSigned({ level, index }: TileName): Promise<boolean> {
    const { size } = this.#tree;
    const width = tileWidthAt(level, index, size);
    if (width < tileWidth) return (this.#top ??= this.#isEdgeSigned());
    const parent = { level: level + 1, index: Math.floor(index / tileWidth) };
    const [own, above] = [
      await this.#read({ level, index, width }),
      await this.#read({ ...parent, width: tileWidthAt(parent.level, parent.index, size) }),
    ];
    if (own === undefined || above === undefined) return false;
    const [stated] = splitHashes(above, index % tileWidth, 1);
    if (stated?.equals(treeRoot(splitHashes(own))) !== true) return false;
    return this.isSigned({ ...parent, width: 0 });
  }

  /** The partial tiles, one a level, give the root of the whole tree. */
  async #isEdgeSigned(): Promise<boolean> {
    const { size, root } = this.#tree;
    try {
      const found = await rootFromTiles(size, async (tile) => (await this.#read(tile)) ?? Buffer.alloc(0));
      return found.equals(root);
    } catch {
      return false;
    }
  }

  async #read(name: TileName): Promise<Buffer | undefined> {
    const file = await readLogFile(this.#files, name);
    const bytes = file?.bytes.subarray(0, name.width * hashBytes);
    return bytes?.byteLength === name.width * hashBytes ? bytes : undefined;
  }
}

type ChangedEntry = {
  readonly entry: number;
  readonly where: string;
  readonly place: number;
  readonly found: string;
  readonly signed: string;
};

function changedEntriesOf(difference: TileDifference): ChangedEntry[] {
  const { index, width } = difference.expected;
  const where = tilePath({ level: 'entries', index, width });
  return placesOf(difference).map((place) => ({
    ...{ entry: index * tileWidth + place, where, place },
    found: hashAt(difference.expected.bytes, place),
    signed: hashAt(difference.found, place),
  }));
}

function describeEntries(changed: readonly ChangedEntry[]): Finding[] {
  const signed = new Map(changed.map((one) => [one.signed, one.entry]));
  const areMoved = changed.length > 1 && changed.every(({ found }) => signed.has(found));
  return changed.map(({ entry, where, place, found }): Finding => {
    if (areMoved) {
      const text = `entry ${entry} in ${where} is the one that belongs at ${signed.get(found) ?? 0}.`;
      return { kind: 'reordered', where, entry, text };
    }
    const text = `entry ${entry}, number ${place + 1} in ${where}, is not the one that was logged there.`;
    return { kind: 'edited', where, entry, text };
  });
}

function changedTile(difference: TileDifference): Finding {
  const { path, expected } = difference;
  const places = placesOf(difference);
  const [first = 0] = places;
  if (places.length > 1 && places.length === expected.width) {
    return {
      kind: 'swapped',
      where: path,
      text: `${path} holds none of its own hashes: it is another tile.`,
    };
  }
  const leavesEach = tileWidth ** expected.level;
  const entry = (expected.index * tileWidth + first) * leavesEach;
  const what = leavesEach === 1 ? `entry ${entry}` : `entries ${entry} to ${entry + leavesEach - 1}`;
  return { kind: 'edited', where: path, entry, text: `hash ${first + 1} in ${path} is not that of ${what}.` };
}

/** Entries and the tiles right above them agree, but not with the signed tile further up. */
function changedBelow(difference: TileDifference): Finding[] {
  const { path, expected } = difference;
  const leavesEach = tileWidth ** expected.level;
  return placesOf(difference).map((place): Finding => {
    const child = expected.index * tileWidth + place;
    const where = tilePath({ level: expected.level - 1, index: child, width: tileWidth });
    const first = child * leavesEach;
    const text = `entries ${first} to ${first + leavesEach - 1} and ${where} are not those that ${path} has signed.`;
    return { kind: 'edited', where, entry: first, text };
  });
}

function changedTogether(difference: TileDifference): Finding {
  const { path, expected } = difference;
  const [first = 0] = placesOf(difference);
  const entry = expected.index * tileWidth + first;
  const text = `entry ${entry} and hash ${first + 1} in ${path} differ, and neither leads to the signed root.`;
  return { kind: 'edited', where: path, entry, text };
}

function placesOf({ expected, found }: TileDifference): number[] {
  const places: number[] = [];
  for (let place = 0; place < expected.width; place++) {
    if (hashAt(expected.bytes, place) !== hashAt(found, place)) places.push(place);
  }
  return places;
}

function hashAt(bytes: Buffer, place: number): string {
  return bytes.toString('latin1', place * hashBytes, (place + 1) * hashBytes);
}

function coversAny({ level, index }: TileName, leafTiles: ReadonlySet<number>): boolean {
  const tilesEach = tileWidth ** level;
  return [...leafTiles].some((leafTile) => Math.floor(leafTile / tilesEach) === index);
}
