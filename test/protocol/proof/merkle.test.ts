import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hashBytes,
  leafHash,
  nodeHash,
  pathLength,
  rootFromPath,
  sha256,
  rootOfEntries,
  treeRoot,
} from '../../../protocol/proof/merkle.ts';
import { SmallTree } from '../../../protocol/proof/small-tree.ts';

/** The entries of the reference tree of the Certificate Transparency projects. */
const entries = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const leafOfNothing = '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d';
const roots = [
  leafOfNothing,
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
/** Inclusion paths of that tree: index, size, path. */
const inclusion: [number, number, string[]][] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    1,
    5,
    [
      leafOfNothing,
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];

/** RFC 6962, section 2.1, as it is written there. */
function slowRoot(leaves: Buffer[]): Buffer {
  const [first] = leaves;
  if (leaves.length === 1) return first!;
  const k = slowSplit(leaves.length);
  return slowHash(1, slowRoot(leaves.slice(0, k)), slowRoot(leaves.slice(k)));
}

/** RFC 6962, section 2.1.1. */
function slowPath(index: number, leaves: Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = slowSplit(leaves.length);
  return index < k
    ? [...slowPath(index, leaves.slice(0, k)), slowRoot(leaves.slice(k))]
    : [...slowPath(index - k, leaves.slice(k)), slowRoot(leaves.slice(0, k))];
}

function slowSplit(size: number): number {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
}

function slowHash(prefix: number, ...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256').update(Buffer.of(prefix));
  for (const part of parts) hash.update(part);
  return hash.digest();
}

const contentsOf = (size: number): Buffer[] =>
  Array.from({ length: size }, (_, index) => Buffer.from(`entry ${index}`));
const leavesOf = (size: number): Buffer[] => contentsOf(size).map((content) => slowHash(0, content));

/** Root and paths of a tree with these contents, each path as it is written from some place on. */
function wholeTree(contents: readonly Buffer[]): { root: Buffer; paths: Buffer[] } {
  const small = new SmallTree(contents);
  const paths: Buffer[] = [];
  const target = Buffer.alloc(3 + 8 * hashBytes);
  small.eachPath(target, 3, (index, bytes) => {
    expect(index).toBe(paths.length);
    paths.push(Buffer.from(target.subarray(3, 3 + bytes)));
  });
  return { root: small.root, paths };
}

const tree = fc
  .integer({ min: 1, max: 130 })
  .chain((size) => fc.record({ size: fc.constant(size), index: fc.integer({ min: 0, max: size - 1 }) }));

describe('Merkle trees', () => {
  it('hash leaves and nodes as RFC 6962 does', () => {
    expect(leafHash(Buffer.alloc(0)).toString('hex')).toBe(leafOfNothing);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9000, size: 'max' }), (entry) => {
        expect(sha256(entry)).toEqual(createHash('sha256').update(entry).digest());
        expect(leafHash(entry)).toEqual(slowHash(0, entry));
      }),
      { numRuns: 50 },
    );
    const [left, right] = leavesOf(2);
    expect(nodeHash(left!, right!)).toEqual(slowHash(1, left!, right!));
  });

  it('have the published roots for one to eight entries', () => {
    const leaves = entries.map((entry) => leafHash(Buffer.from(entry, 'hex')));
    roots.forEach((root, index) => {
      expect(treeRoot(leaves.slice(0, index + 1)).toString('hex')).toBe(root);
    });
  });

  it('have the published inclusion paths', () => {
    const leaves = entries.map((entry) => leafHash(Buffer.from(entry, 'hex')));
    for (const [index, size, path] of inclusion) {
      const { paths } = wholeTree(entries.slice(0, size).map((entry) => Buffer.from(entry, 'hex')));
      expect(paths[index]?.toString('hex')).toBe(path.join(''));
      const root = rootFromPath(leaves[index]!, index, size, Buffer.from(path.join(''), 'hex'));
      expect(root?.toString('hex')).toBe(roots[size - 1]);
    }
  });

  it('agree with the slow form of the RFC in root and every path, for every size to 130', () => {
    for (let size = 1; size <= 130; size++) {
      const leaves = leavesOf(size);
      const { root, paths } = wholeTree(contentsOf(size));
      expect(root).toEqual(slowRoot(leaves));
      expect(treeRoot(leaves)).toEqual(root);
      const index = (size * 7) % size;
      for (const at of new Set([0, index, size - 1])) {
        expect(paths[at]).toEqual(Buffer.concat(slowPath(at, leaves)));
      }
      expect(paths).toHaveLength(size);
      paths.forEach((path, at) => {
        expect(path).toHaveLength(pathLength(at, size) * hashBytes);
        expect(rootFromPath(leaves[at]!, at, size, path)).toEqual(root);
      });
    }
  });

  it('lead to another root, or to none, after any change of leaf, path, index or length', () => {
    fc.assert(
      fc.property(
        tree,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(),
        ({ size, index }, at, flip, other) => {
          const leaves = leavesOf(size);
          const { root, paths } = wholeTree(contentsOf(size));
          const leaf = leaves[index]!;
          const path = paths[index]!;
          const changed = (bytes: Buffer): Buffer => {
            const copy = Buffer.from(bytes);
            copy[at % copy.length]! ^= flip;
            return copy;
          };
          expect(rootFromPath(changed(leaf), index, size, path)).not.toEqual(root);
          if (path.length > 0) {
            expect(rootFromPath(leaf, index, size, changed(path))).not.toEqual(root);
            expect(rootFromPath(leaf, index, size, path.subarray(1))).toBeUndefined();
            expect(rootFromPath(leaf, index, size, path.subarray(0, -hashBytes))).toBeUndefined();
          }
          expect(rootFromPath(leaf, index, size, Buffer.concat([path, leaf]))).toBeUndefined();
          const otherIndex = other % size;
          if (otherIndex !== index) {
            expect(rootFromPath(leaf, otherIndex, size, path)).not.toEqual(root);
          }
          expect(rootFromPath(leaf, size + (other % 1000), size, path)).toBeUndefined();
        },
      ),
      { numRuns: 200 },
    );
  });

  it('need the size to be the right one wherever the size changes the shape of the path', () => {
    // The path alone does not fix the size of a tree; a batch signature covers it as well.
    fc.assert(
      fc.property(tree, fc.integer({ min: 1, max: 130 }), ({ size, index }, otherSize) => {
        const leaves = leavesOf(size);
        const { root, paths } = wholeTree(contentsOf(size));
        const result = rootFromPath(leaves[index]!, index, otherSize, paths[index]!);
        const fits = index < otherSize && pathLength(index, otherSize) === pathLength(index, size);
        if (fits) expect(result === undefined || result.length === hashBytes).toBe(true);
        else expect(result).toBeUndefined();
        if (otherSize === size) expect(result).toEqual(root);
      }),
      { numRuns: 200 },
    );
  });

  it('have the same root when they are made of entries in one go, for every size to 270', () => {
    const contents = Array.from({ length: 270 }, (_, index) => Buffer.alloc(index % 90, index));
    for (let size = 1; size <= contents.length; size++) {
      const some = contents.slice(0, size);
      expect(rootOfEntries(some)).toEqual(treeRoot(some.map(leafHash)));
    }
  });

  it('give no more paths once they are told to end', () => {
    const told: number[] = [];
    const walk = (last: number): boolean =>
      new SmallTree(contentsOf(9)).eachPath(Buffer.alloc(8 * hashBytes), 0, (index) => {
        told.push(index);
        return index < last;
      });
    expect(walk(3)).toBe(false);
    expect(told).toEqual([0, 1, 2, 3]);
    expect(walk(9)).toBe(true);
  });

  it('need a leaf', () => {
    expect(() => new SmallTree([])).toThrow(RangeError);
    expect(() => treeRoot([])).toThrow(RangeError);
    expect(() => rootOfEntries([])).toThrow(RangeError);
    expect(rootFromPath(leavesOf(1)[0]!, 0, 0, Buffer.alloc(0))).toBeUndefined();
  });
});

const vectorFile = new URL('../../../../shared/data/merkle/inclusion.json', import.meta.url);
type Vector = {
  name: string;
  leafIdx: string;
  treeSize: string;
  root: string;
  leafHash: string;
  proof: string[] | null;
  wantErr: boolean;
};

describe.skipIf(!existsSync(vectorFile))(
  'Inclusion vectors in ../shared/data/merkle (skipped where absent)',
  () => {
    it('are judged as they say, where index and size are below 2^31', () => {
      const vectors = JSON.parse(readFileSync(vectorFile, 'utf8')) as Vector[];
      // An empty hash in a list of hashes, as ten vectors have it, cannot occur where hashes are joined.
      const small = vectors.filter(
        ({ leafIdx, treeSize, proof }) =>
          BigInt(leafIdx) < 2n ** 31n && BigInt(treeSize) < 2n ** 31n && !(proof ?? []).includes(''),
      );
      expect(small.length).toBeGreaterThan(50);
      for (const vector of small) {
        const path = Buffer.concat((vector.proof ?? []).map((hash) => Buffer.from(hash, 'base64')));
        const leaf = Buffer.from(vector.leafHash, 'base64');
        const root = rootFromPath(leaf, Number(vector.leafIdx), Number(vector.treeSize), path);
        const good = root?.equals(Buffer.from(vector.root, 'base64')) ?? false;
        expect(good, vector.name).toBe(!vector.wantErr);
      }
    });
  },
);
