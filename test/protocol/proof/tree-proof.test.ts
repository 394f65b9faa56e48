import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frontier } from '../../../protocol/proof/frontier.ts';
import { leafHash } from '../../../protocol/proof/merkle.ts';
import { verifyConsistency, verifyInclusion } from '../../../protocol/proof/tree-proof.ts';
import { isPresent, readShared } from './shared-data.ts';
import { leavesOf, slowPath, slowProof, slowRoot } from './slow-tree.ts';

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
].map((hex) => Buffer.from(hex, 'hex'));
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
/** Its published consistency proofs: from, to, path. */
const consistency: [number, number, string[]][] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [
    2,
    5,
    [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];

const fromHex = (text: string): Buffer => Buffer.from(text, 'hex');
const pair = fc
  .integer({ min: 1, max: 200 })
  .chain((size) => fc.record({ size: fc.constant(size), from: fc.integer({ min: 1, max: size }) }));

describe('proofs about trees', () => {
  it('have the published consistency proofs', () => {
    for (const [fromSize, size, path] of consistency) {
      const [fromRoot, root] = [fromHex(roots[fromSize - 1]!), fromHex(roots[size - 1]!)];
      expect(
        slowProof(fromSize, entries.slice(0, size).map(leafHash)).map((hash) => hash.toString('hex')),
      ).toEqual(path);
      expect(verifyConsistency({ fromSize, fromRoot, size, root, path: path.map(fromHex) })).toBe(true);
    }
  });

  it('verify for every pair of sizes to 70, and never from nothing', () => {
    const leaves = leavesOf(70);
    const known = Array.from({ length: 71 }, (_, size) => slowRoot(leaves.slice(0, size)));
    for (let size = 1; size <= 70; size++) {
      const root = known[size]!;
      for (let fromSize = 1; fromSize <= size; fromSize++) {
        const path = slowProof(fromSize, leaves.slice(0, size));
        expect(verifyConsistency({ fromSize, fromRoot: known[fromSize]!, size, root, path })).toBe(true);
      }
      expect(verifyConsistency({ fromSize: 0, fromRoot: known[0]!, size, root, path: [] })).toBe(false);
    }
  });

  it('do not verify after any change of a size, a root, or a hash of the path', () => {
    fc.assert(
      fc.property(
        pair,
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        ({ size, from }, which, at, bit) => {
          const leaves = leavesOf(size);
          const claim = {
            fromSize: from,
            fromRoot: slowRoot(leaves.slice(0, from)),
            size,
            root: slowRoot(leaves),
            path: slowProof(from, leaves),
          };
          const flip = (hash: Buffer): Buffer => {
            const copy = Buffer.from(hash);
            copy[bit >> 3]! ^= 1 << (bit & 7);
            return copy;
          };
          const place = at % (claim.path.length + 1);
          const changes = [
            { fromRoot: flip(claim.fromRoot) },
            { root: flip(claim.root) },
            { path: [...claim.path.slice(0, place), leaves[0]!, ...claim.path.slice(place)] },
            { path: claim.path.map((hash, step) => (step === at % claim.path.length ? flip(hash) : hash)) },
            { path: claim.path.slice(1) },
            { path: claim.path.slice(0, -1) },
            { path: [...claim.path, Buffer.alloc(0)] },
            { fromRoot: claim.fromRoot.subarray(1) },
            { size: -size },
            { size: size + 0.5 },
            { fromSize: 2 ** 53 },
          ];
          const change = changes[which % changes.length]!;
          if ('path' in change && change.path.length === 0 && claim.path.length === 0) return;
          expect(verifyConsistency({ ...claim, ...change })).toBe(false);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('agree with the frontier at every size', () => {
    const leaves = leavesOf(300);
    const frontier = new Frontier();
    leaves.forEach((leaf, index) => {
      frontier.appendLeaf(leaf);
      expect(frontier.size).toBe(index + 1);
      const root = frontier.root();
      expect(root).toEqual(slowRoot(leaves.slice(0, index + 1)));
      const path = slowPath(index, leaves.slice(0, index + 1));
      expect(verifyInclusion({ leaf, index, size: index + 1, path, root })).toBe(true);
    });
  });
});

type Inclusion = {
  name: string;
  leafIdx: string;
  treeSize: string;
  root: string;
  leafHash: string;
  proof: string[] | null;
  wantErr: boolean;
};
type Consistency = {
  name: string;
  size1: string;
  size2: string;
  root1: string;
  root2: string;
  proof: string[] | null;
  wantErr: boolean;
};
const bytes = (text: string): Buffer => Buffer.from(text, 'base64');
const present = isPresent('merkle/inclusion.json');

describe(`the standard vectors in ../shared/data/merkle (${present ? 'present' : 'absent, so not run'})`, () => {
  it.skipIf(!present)('are all judged as they say: 98 of inclusion', () => {
    const vectors = JSON.parse(readShared('merkle/inclusion.json')) as Inclusion[];
    expect(vectors).toHaveLength(98);
    for (const { name, leafIdx, treeSize, root, leafHash: leaf, proof, wantErr } of vectors) {
      const claim = {
        leaf: bytes(leaf),
        index: Number(leafIdx),
        size: Number(treeSize),
        path: (proof ?? []).map(bytes),
        root: bytes(root),
      };
      expect(verifyInclusion(claim), name).toBe(!wantErr);
    }
  });

  it.skipIf(!present)('are all judged as they say: 98 of consistency', () => {
    const vectors = JSON.parse(readShared('merkle/consistency.json')) as Consistency[];
    expect(vectors).toHaveLength(98);
    for (const { name, size1, size2, root1, root2, proof, wantErr } of vectors) {
      const claim = {
        fromSize: Number(size1),
        fromRoot: bytes(root1),
        size: Number(size2),
        root: bytes(root2),
        path: (proof ?? []).map(bytes),
      };
      expect(verifyConsistency(claim), name).toBe(!wantErr);
    }
  });
});
