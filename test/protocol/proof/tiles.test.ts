import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { emptyRoot, Frontier } from '../../../protocol/proof/frontier.ts';
import { TileBuilder } from '../../../protocol/proof/tile-builder.ts';
import {
  decodeBundle,
  encodeBundle,
  parseTilePath,
  partialTilesAt,
  readTileBytes,
  tilePath,
  tileWidthAt,
  type Tile,
  type TileName,
} from '../../../protocol/proof/tile.ts';
import { keepTiles } from '../../../protocol/proof/tile-cache.ts';
import { TileTree } from '../../../protocol/proof/tile-tree.ts';
import {
  leafFromTiles,
  proveConsistency,
  proveInclusion,
  rootFromTiles,
} from '../../../protocol/proof/tile-proof.ts';
import { verifyConsistency, verifyInclusion } from '../../../protocol/proof/tree-proof.ts';
import { leavesOf, slowPath, slowProof, slowRoot } from './slow-tree.ts';

/** A log's tiles as a store keeps them: the widest version of each. */
class TileShelf {
  readonly #tiles = new Map<string, Buffer>();
  readonly reads: string[] = [];

  put(tiles: readonly Tile[]): void {
    for (const { level, index, bytes } of tiles) this.#tiles.set(`${level}/${index}`, bytes);
  }

  read = ({ level, index }: TileName): Buffer => {
    this.reads.push(`${level}/${index}`);
    return this.#tiles.get(`${level}/${index}`) ?? Buffer.alloc(0);
  };
}

function shelve(leaves: readonly Buffer[]): { shelf: TileShelf; builder: TileBuilder } {
  const shelf = new TileShelf();
  const builder = new TileBuilder();
  shelf.put(builder.appendLeaves(Buffer.concat(leaves)));
  shelf.put(builder.partialTiles());
  return { shelf, builder };
}

const big = 70_000;
const bigLeaves = leavesOf(big);
const bigLog = shelve(bigLeaves);

describe('tiles', () => {
  it('stand at the paths of the standard', () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067');
    expect(tilePath({ level: 2, index: 0, width: 1 })).toBe('tile/2/000.p/1');
    expect(tilePath({ level: 'entries', index: 1000, width: 255 })).toBe('tile/entries/x001/000.p/255');
  });

  it('have one path each', () => {
    const level = fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const));
    fc.assert(
      fc.property(level, fc.maxSafeNat(), fc.integer({ min: 1, max: 256 }), (where, index, width) => {
        const tile = { level: where, index, width } as TileName;
        expect(parseTilePath(tilePath(tile))).toEqual(tile);
      }),
    );
    for (const path of [
      ...[
        '',
        'tile',
        'tile/0',
        'tile/0/',
        'tile/0/0',
        'tile/0/00',
        'tile/0/0000',
        'tile/00/000',
        'tile/64/000',
      ],
      ...[
        'tile/-1/000',
        'tile/0/x000/001',
        'tile/0/001/001',
        'tile/0/x001',
        'tile/0/x001/x002',
        '/tile/0/000',
      ],
      ...[
        'tile/0/000.p',
        'tile/0/000.p/',
        'tile/0/000.p/0',
        'tile/0/000.p/01',
        'tile/0/000.p/256',
        'tile/0/000.p/1/',
      ],
      ...[
        'tile/0/000/',
        'tile/0/000 ',
        'tile/0/000\n',
        'tile/0/../000',
        'tile/Entries/000',
        'tile/0/x999/x999/x999/x999/x999/999',
      ],
    ]) {
      expect(parseTilePath(path), path).toBeUndefined();
    }
  });

  it('are as wide as the standard says of a tree of 70,000', () => {
    expect(partialTilesAt(70_000)).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ]);
    expect(partialTilesAt(256)).toEqual([{ level: 1, index: 0, width: 1 }]);
    expect(tileWidthAt(0, 272, 70_000)).toBe(256);
    expect(tileWidthAt(0, 274, 70_000)).toBe(0);
    expect(bigLog.builder.partialTiles().map(({ level, index, width }) => ({ level, index, width }))).toEqual(
      partialTilesAt(70_000),
    );
  });

  it('hold the hashes of the tree', async () => {
    const root = slowRoot(bigLeaves);
    expect(bigLog.builder.root()).toEqual(root);
    expect(await rootFromTiles(big, bigLog.shelf.read)).toEqual(root);
    expect(bigLog.shelf.read({ level: 1, index: 0, width: 256 }).subarray(32, 64)).toEqual(
      slowRoot(bigLeaves.slice(256, 512)),
    );
    expect(bigLog.shelf.read({ level: 2, index: 0, width: 1 })).toEqual(slowRoot(bigLeaves.slice(0, 65_536)));
    expect(await leafFromTiles(69_999, big, bigLog.shelf.read)).toEqual(bigLeaves[69_999]);
    expect(await rootFromTiles(0, bigLog.shelf.read)).toEqual(emptyRoot);
  });

  it('do not depend on the batches in which leaves come, nor on a restart after each', () => {
    const batches = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 8 });
    fc.assert(
      fc.property(batches, (sizes) => {
        const leaves = bigLeaves.slice(
          0,
          sizes.reduce((sum, size) => sum + size, 0),
        );
        let builder = new TileBuilder();
        const shelf = new TileShelf();
        let from = 0;
        for (const size of sizes) {
          shelf.put(builder.appendLeaves(Buffer.concat(leaves.slice(from, (from += size)))));
          shelf.put(builder.partialTiles());
          builder = TileBuilder.restore(
            from,
            partialTilesAt(from).map((name) => ({ ...name, bytes: shelf.read(name) })),
          );
          expect(builder.size).toBe(from);
        }
        const whole = shelve(leaves);
        expect(builder.root()).toEqual(whole.builder.root());
        expect(builder.root()).toEqual(slowRoot(leaves));
        expect(builder.partialTiles()).toEqual(whole.builder.partialTiles());
        const restored = Frontier.restore(from, builder.hashes());
        expect(restored.root()).toEqual(builder.root());
      }),
      { numRuns: 60 },
    );
  });

  it('refuse to be restored from something else', () => {
    const { builder } = shelve(bigLeaves.slice(0, 300));
    const partial = builder.partialTiles();
    expect(() => TileBuilder.restore(300, partial.slice(1))).toThrow(/missing/);
    expect(() => TileBuilder.restore(301, partial)).toThrow(/1408 bytes/);
    expect(() => Frontier.restore(3, builder.hashes())).toThrow(/frontier/);
    expect(() => Frontier.restore(-1, [])).toThrow(/frontier/);
  });
});

describe('proofs from tiles', () => {
  it('are those of the slow tree, for any leaf and any older tree', async () => {
    const sizes = fc.integer({ min: 1, max: 1500 });
    const places = sizes.chain((size) =>
      fc.record({
        size: fc.constant(size),
        index: fc.nat(size - 1),
        from: fc.integer({ min: 0, max: size }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(places, async ({ size, index, from }) => {
        const leaves = bigLeaves.slice(0, size);
        // The shelf is that of a later tree: its tiles are wider than those that this size has.
        const path = await proveInclusion(index, size, bigLog.shelf.read);
        expect(path).toEqual(slowPath(index, leaves));
        const proof = await proveConsistency(from, size, bigLog.shelf.read);
        expect(proof).toEqual(from === 0 ? [] : slowProof(from, leaves));
      }),
      { numRuns: 150 },
    );
  });

  it('read each tile once, and few of them', async () => {
    const { shelf } = bigLog;
    shelf.reads.length = 0;
    await proveInclusion(40_000, big, shelf.read);
    expect(new Set(shelf.reads).size).toBe(shelf.reads.length);
    expect(shelf.reads.length).toBeLessThanOrEqual(6);
  });

  it('verify at the far end of a tree with three levels', async () => {
    const root = bigLog.builder.root();
    for (const index of [0, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999]) {
      const path = await proveInclusion(index, big, bigLog.shelf.read);
      expect(verifyInclusion({ leaf: bigLeaves[index]!, index, size: big, path, root })).toBe(true);
    }
    for (const fromSize of [1, 255, 256, 257, 65_535, 65_536, 65_537, 69_999, big]) {
      const path = await proveConsistency(fromSize, big, bigLog.shelf.read);
      const fromRoot = slowRoot(bigLeaves.slice(0, fromSize));
      expect(verifyConsistency({ fromSize, fromRoot, size: big, root, path })).toBe(true);
    }
  });

  it('are refused for what is not there', async () => {
    const { read } = bigLog.shelf;
    await expect(proveInclusion(5, 5, read)).rejects.toThrow(RangeError);
    await expect(proveInclusion(-1, 5, read)).rejects.toThrow(RangeError);
    await expect(proveConsistency(6, 5, read)).rejects.toThrow(RangeError);
    await expect(proveInclusion(5, big, () => Buffer.alloc(64))).rejects.toThrow(/64 bytes/);
  });
});

describe('the tree over a tile', () => {
  it('has the nodes of the slow tree, in whatever order they are asked for, and no others', () => {
    const places = fc
      .integer({ min: 0, max: 8 })
      .chain((height) => fc.record({ height: fc.constant(height), place: fc.nat(2 ** (8 - height) - 1) }));
    const widths = fc.integer({ min: 1, max: 256 });
    fc.assert(
      fc.property(widths, fc.array(places, { maxLength: 12 }), (width, asked) => {
        const leaves = bigLeaves.slice(0, width);
        const tree = new TileTree(Buffer.concat(leaves));
        for (const { height, place } of asked) {
          const [from, to] = [place * 2 ** height, (place + 1) * 2 ** height];
          if (to > width) expect(() => tree.node(height, place)).toThrow(RangeError);
          else expect(tree.node(height, place)).toEqual(slowRoot(leaves.slice(from, to)));
        }
      }),
    );
  });

  it('gives copies: who changes one changes no later answer', () => {
    const tree = new TileTree(Buffer.concat(bigLeaves.slice(0, 4)));
    for (const height of [0, 1, 2]) {
      tree.node(height, 0).fill(0);
      expect(tree.node(height, 0)).toEqual(slowRoot(bigLeaves.slice(0, 2 ** height)));
    }
  });
});

describe('tiles kept in memory', () => {
  it('give the proofs of a log that grows, however few are kept', async () => {
    const limits = fc.record({
      leafTiles: fc.integer({ min: 1, max: 3 }),
      upperTiles: fc.integer({ min: 1, max: 3 }),
    });
    const proofs = fc.array(
      fc.record({ grown: fc.nat(400), where: fc.double({ min: 0, max: 1, noNaN: true }) }),
      {
        maxLength: 8,
      },
    );
    await fc.assert(
      fc.asyncProperty(limits, proofs, async (limit, list) => {
        const builder = new TileBuilder();
        const shelf = new TileShelf();
        // As a folder has them: only what the size of the day has, narrow tiles narrow.
        const read = keepTiles((name) => Promise.resolve(shelf.read(name)), limit);
        for (const { grown, where } of list) {
          const size = builder.size + grown + 1;
          shelf.put(builder.appendLeaves(Buffer.concat(bigLeaves.slice(builder.size, size))));
          shelf.put(builder.partialTiles());
          const index = Math.floor(where * (size - 1));
          expect(await proveInclusion(index, size, read)).toEqual(slowPath(index, bigLeaves.slice(0, size)));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('are read once while they last, and no more of them stay than the limit says', async () => {
    const { shelf } = bigLog;
    const read = keepTiles(shelf.read, { leafTiles: 2, upperTiles: 3 });
    const readsOf = async (index: number): Promise<string[]> => {
      shelf.reads.length = 0;
      await proveInclusion(index, 69_888, read);
      return shelf.reads.filter((tile) => tile.startsWith('0/'));
    };
    expect(await readsOf(5)).toEqual(['0/0']);
    expect(await readsOf(6)).toEqual([]);
    expect(await readsOf(300)).toEqual(['0/1']);
    expect(await readsOf(7)).toEqual([]);
    expect(await readsOf(600)).toEqual(['0/2']);
    expect(await readsOf(8)).toEqual([]);
    expect(await readsOf(301)).toEqual(['0/1']);
    expect(shelf.reads).toEqual(['0/1']);
  });

  it('are refused when they are too short, and nothing is kept of that', async () => {
    const { shelf } = bigLog;
    let isCut = true;
    const read = keepTiles((name) => (isCut ? shelf.read(name).subarray(1) : shelf.read(name)));
    await expect(proveInclusion(5, big, read)).rejects.toMatchObject({ code: 'log-malformed' });
    isCut = false;
    expect(await proveInclusion(5, big, read)).toEqual(await proveInclusion(5, big, shelf.read));
  });
});

describe('entry bundles', () => {
  it('give back what was put in', () => {
    const entry = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(new Uint8Array(65_535)));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
        const bundle = encodeBundle(entries);
        expect(decodeBundle(bundle, entries.length)).toEqual(entries.map((item) => Buffer.from(item)));
        expect(() => decodeBundle(bundle, entries.length + 1)).toThrow(/entries/);
        if (bundle.length > 0) expect(() => decodeBundle(bundle.subarray(0, -1), entries.length)).toThrow();
      }),
    );
    expect(() => encodeBundle([new Uint8Array(65_536)])).toThrow(RangeError);
  });

  it('are read no further than the entries that they should have', () => {
    const zeros = Buffer.alloc(20_000);
    const lengths = vi.spyOn(zeros, 'readUInt16BE');
    expect(() => decodeBundle(zeros, 256)).toThrow(
      expect.objectContaining({ detail: 'The bundle has more than 256 entries.' }),
    );
    expect(lengths).toHaveBeenCalledTimes(256);
  });

  it('and tiles take any bytes without surprise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 8 }), (bytes, width) => {
        for (const read of [
          () => decodeBundle(Buffer.from(bytes), width),
          () => readTileBytes(bytes, width),
        ]) {
          try {
            read();
          } catch (error) {
            expect(error).toMatchObject({ code: 'log-malformed' });
          }
        }
      }),
    );
  });
});
