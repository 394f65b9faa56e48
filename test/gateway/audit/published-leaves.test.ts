import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LogFolder } from '../../../gateway/audit/log-folder.ts';
import { PublishedLeaves, type Unchecked } from '../../../gateway/audit/published-leaves.ts';
import type { StoredLeaf } from '../../../gateway/store/port.ts';
import { emptyRoot } from '../../../protocol/proof/frontier.ts';
import { hashBytes } from '../../../protocol/proof/merkle.ts';
import { createSigner, leafText, Leaves, openBuilder, temporaryFolder } from './synthetic-leaves.ts';

const signer = createSigner();

/** A store of leaves, of which those in `edited` say something else than when they were published. */
class EditedStore {
  readonly #size: number;
  readonly edited: ReadonlySet<number>;

  constructor(size: number, edited: readonly number[]) {
    this.#size = size;
    this.edited = new Set(edited);
  }

  readLeaves(from: number, limit: number): Promise<StoredLeaf[]> {
    const count = Math.max(0, Math.min(limit, this.#size - from));
    return Promise.resolve(
      Array.from({ length: count }, (_, place) => {
        const index = from + place;
        const leaf = leafText(index, this.edited.has(index) ? ',"code":"edited"' : '').toString('latin1');
        const entry = { kind: 'test.happened', by: 'somebody' };
        return { index, at: index, leaf, entry, erased: false };
      }),
    );
  }
}

type Published = {
  readonly dir: string;
  /** @returns indices of the leaves that are told as rewritten, and what was told beside them */
  readonly read: (
    edited: readonly number[],
    size?: number,
  ) => Promise<{ rewritten: number[]; told: Unchecked[] }>;
};

/** A log of `published` leaves in a folder, beside a store that has some more. */
async function withLog(published: number, work: (log: Published) => Promise<void>): Promise<void> {
  await using temporary = await temporaryFolder();
  const leaves = new Leaves();
  leaves.commit(published);
  await (await openBuilder(temporary.dir, leaves, signer)).advance();
  await work({
    dir: temporary.dir,
    read: async (edited, size = published) => {
      const told: Unchecked[] = [];
      const source = new PublishedLeaves({
        store: new EditedStore(published + 10, edited),
        folder: new LogFolder(temporary.dir),
        published: { size, root: emptyRoot },
        onUnchecked: (unchecked) => told.push(unchecked),
      });
      const found: StoredLeaf[] = [];
      // Portions that end within tiles, and cross their ends.
      for (let from = 0; from < published + 10; from += 100)
        found.push(...(await source.readLeaves(from, 100)));
      expect(found.map(({ index }) => index)).toEqual(Array.from({ length: published + 10 }, (_, i) => i));
      const rewritten = found.filter(({ tampered }) => tampered === 'rewritten');
      for (const { entry } of rewritten) expect(entry).toEqual({ kind: 'test.happened' });
      return { rewritten: rewritten.map(({ index }) => index), told };
    },
  });
}

describe('the leaves of the store, held against the published log', () => {
  it('are told as rewritten where they are not those that were published, in every tile and at its ends', async () => {
    await withLog(600, async ({ read }) => {
      expect(await read([])).toEqual({ rewritten: [], told: [] });
      const edited = [0, 255, 256, 300, 511, 512, 599];
      expect(await read(edited)).toEqual({ rewritten: edited, told: [] });
    });
  });

  it('are taken as they are from the size of the log on, also where the partial tile ends', async () => {
    await withLog(300, async ({ read }) => {
      expect((await read([299, 300, 309])).rewritten).toEqual([299]);
    });
    await withLog(512, async ({ read }) => {
      expect((await read([511, 512, 521])).rewritten).toEqual([511]);
    });
  });

  it('are held against a wider partial tile, or the full one, that has replaced the one of their size', async () => {
    await withLog(300, async ({ read }) => {
      expect(await read([270, 280], 275)).toEqual({ rewritten: [270], told: [] });
    });
    await withLog(512, async ({ read }) => {
      expect(await read([300, 400], 301)).toEqual({ rewritten: [300], told: [] });
    });
  });

  it('are given unchecked where a tile is missing, which is told once, and of its tile alone', async () => {
    await withLog(600, async ({ dir, read }) => {
      await rm(join(dir, 'tile/0/001'));
      await rm(join(dir, 'tile/0/002.p'), { recursive: true });
      const told = [{ reason: 'tile-unreadable', leaf: 256 }];
      expect(await read([10, 300, 520])).toEqual({ rewritten: [10], told });
    });
  });

  it('are given unchecked from where a tile was cut, or where it cannot be read', async () => {
    await withLog(600, async ({ dir, read }) => {
      const path = join(dir, 'tile/0/001');
      await writeFile(path, (await readFile(path)).subarray(0, 20 * hashBytes + 5));
      const told = [{ reason: 'tile-unreadable', leaf: 256 + 20 }];
      expect(await read([256 + 19, 256 + 20])).toEqual({ rewritten: [256 + 19], told });
      await rm(path);
      await mkdir(path);
      expect(await read([300])).toEqual({ rewritten: [], told: [{ reason: 'tile-unreadable', leaf: 256 }] });
    });
  });

  it('are all taken as they are where nothing was published', async () => {
    await withLog(300, async ({ read }) => {
      expect(await read([0, 299], 0)).toEqual({ rewritten: [], told: [] });
    });
  });
});
