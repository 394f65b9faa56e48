import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LogBuilder } from '../../../gateway/audit/log-builder.ts';
import { LogFolder } from '../../../gateway/audit/log-folder.ts';
import { LogHistory } from '../../../gateway/audit/log-history.ts';
import { readTilesOf } from '../../../gateway/audit/log-keeper.ts';
import { mirrorLog, readExactly } from '../../../gateway/audit/mirror-log.ts';
import { leafHash, treeRoot } from '../../../protocol/proof/merkle.ts';
import { openCheckpoint, signCheckpoint } from '../../../protocol/proof/checkpoint.ts';
import type { NoteSigner } from '../../../protocol/proof/note-signer.ts';
import { decodeBundle, partialTilesAt, tileWidth } from '../../../protocol/proof/tile.ts';
import { rootFromTiles } from '../../../protocol/proof/tile-proof.ts';
import { createSigner, leafText, Leaves, openBuilder, origin, temporaryFolder } from './synthetic-leaves.ts';

const signer = createSigner();

/** Reads a published folder as a stranger would, and holds it to the leaves that it must be made of. */
async function expectWhole(dir: string, size: number, variantFrom = Infinity): Promise<void> {
  const folder = new LogFolder(dir);
  const checkpoint = openCheckpoint((await folder.readCheckpoint()) ?? '', {
    origin,
    keys: [signer.verifierKey],
  });
  expect(checkpoint.size).toBe(size);
  const entries = Array.from({ length: size }, (_, index) =>
    leafText(index, index >= variantFrom ? ' ' : ''),
  );
  expect(checkpoint.root).toEqual(treeRoot(entries.map(leafHash)));
  const read = async (name: Parameters<typeof readExactly>[1]): Promise<Buffer> => {
    const bytes = await readExactly(folder, name);
    if (bytes === undefined) throw new Error('a file is missing');
    return bytes;
  };
  expect(await rootFromTiles(size, read)).toEqual(checkpoint.root);
  const found: Buffer[] = [];
  for (let index = 0; index * tileWidth < size; index++) {
    const width = Math.min(tileWidth, size - index * tileWidth);
    found.push(...decodeBundle(await read({ level: 'entries', index, width }), width));
  }
  expect(found.map(String)).toEqual(entries.map(String));
}

describe('the published log', () => {
  test('is signed as far as a step has come in its time, and goes on with the next', async () => {
    await using temporary = await temporaryFolder();
    const leaves = new Leaves();
    for (let commit = 0; commit < 100; commit++) leaves.commit(400);
    const builder = await openBuilder(temporary.dir, leaves, signer);
    const first = (await builder.advance(0))?.size ?? 0;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(leaves.size);
    await expectWhole(temporary.dir, first);
    expect((await builder.advance())?.size).toBe(leaves.size);
    await expectWhole(temporary.dir, leaves.size);
  });

  test('is whole after every step, whatever the sizes of the commits, also when it is opened again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ count: fc.integer({ min: 1, max: 400 }), again: fc.boolean(), synced: fc.boolean() }),
          {
            minLength: 1,
            maxLength: 6,
          },
        ),
        async (steps) => {
          await using temporary = await temporaryFolder();
          const leaves = new Leaves();
          let builder = await openBuilder(temporary.dir, leaves, signer);
          for (const { count, again, synced } of steps) {
            leaves.commit(count);
            expect((await builder.advance())?.size).toBe(leaves.size);
            expect(await builder.advance()).toBeUndefined();
            await expectWhole(temporary.dir, leaves.size);
            if (synced) await builder.sync();
            if (again) builder = await openBuilder(temporary.dir, leaves, signer);
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  test('leaves no partial tile behind that a wider one has replaced', async () => {
    await using temporary = await temporaryFolder();
    const leaves = new Leaves();
    const builder = await openBuilder(temporary.dir, leaves, signer);
    for (let step = 0; step < 40; step++) {
      leaves.commit(17);
      await builder.advance();
    }
    const files = (await readdir(temporary.dir, { recursive: true })).filter((name) =>
      /\.p\/\d+$/.test(name),
    );
    expect(files).toHaveLength(partialTilesAt(leaves.size).length + 1);
  });

  test('what a crash takes away is made again: any files that were not synced may be gone or cut off', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 900 }), async (seed, count) => {
        await using temporary = await temporaryFolder();
        const leaves = new Leaves();
        const builder = await openBuilder(temporary.dir, leaves, signer);
        leaves.commit(300);
        await builder.advance();
        await builder.sync();
        const synced = new Set(await readdir(temporary.dir, { recursive: true }));
        leaves.commit(count);
        await builder.advance();
        let random = seed;
        for (const name of await readdir(temporary.dir, { recursive: true, withFileTypes: true })) {
          const path = join(name.parentPath, name.name);
          const isNew = !synced.has(path.slice(temporary.dir.length + 1));
          random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
          if (!name.isFile() || name.name === 'checkpoint' || !isNew || random % 3 === 0) continue;
          if (random % 3 === 1) await rm(path);
          else await writeFile(path, (await readFile(path)).subarray(0, 40));
        }
        const again = await openBuilder(temporary.dir, leaves, signer);
        leaves.commit(1);
        await again.advance();
        await expectWhole(temporary.dir, leaves.size);
      }),
      { numRuns: 20 },
    );
  });

  test('a file that was cut or changed afterwards is mended at the next start, and is no fork', async () => {
    await using temporary = await temporaryFolder();
    const leaves = new Leaves();
    leaves.commit(700);
    const builder = await openBuilder(temporary.dir, leaves, signer);
    await builder.advance();
    await builder.sync();
    const atTheEdge = ['tile/0/002.p/188', 'tile/1/000.p/2', 'tile/entries/002.p/188'];
    for (const path of atTheEdge) {
      const file = join(temporary.dir, path);
      const whole = await readFile(file);
      for (const broken of [whole.subarray(0, 5), Buffer.alloc(whole.byteLength, 7), undefined]) {
        if (broken === undefined) await rm(file);
        else await writeFile(file, broken);
        await openBuilder(temporary.dir, leaves, signer);
        expect(await readFile(file)).toEqual(whole);
      }
    }
    await rm(join(temporary.dir, 'tile'), { recursive: true });
    await openBuilder(temporary.dir, leaves, signer);
    await expectWhole(temporary.dir, 700);
  });

  test.each(['tile', 'tile/0', 'tile/entries', '.'])(
    '%s taken away while it runs is made again',
    async (gone) => {
      await using temporary = await temporaryFolder();
      const dir = join(temporary.dir, 'log');
      const leaves = new Leaves();
      leaves.commit(700);
      const builder = await openBuilder(dir, leaves, signer);
      await builder.advance();
      await rm(join(dir, gone), { recursive: true });
      leaves.commit(20);
      await expect(builder.advance()).rejects.toMatchObject({ code: 'ENOENT' });
      await builder.advance();
      await expectWhole(dir, 720);
    },
  );

  test('what a start had to make again is not made again at the next', async () => {
    await using temporary = await temporaryFolder();
    const leaves = new Leaves();
    leaves.commit(5_000);
    await (await openBuilder(temporary.dir, leaves, signer)).advance();
    const read = vi.spyOn(leaves, 'readLeafRuns');
    const firstRead = async (): Promise<number | undefined> => {
      read.mockClear();
      await openBuilder(temporary.dir, leaves, signer);
      return read.mock.calls[0]?.[0];
    };
    expect(await firstRead()).toBe(0);
    expect(await firstRead()).toBe(5_000 - (5_000 % tileWidth));
    await expectWhole(temporary.dir, 5_000);
  });

  test('a failure at any write is told, and the next step makes the log whole', async () => {
    /** Fails the nth write, before or after it. */
    class FailingFolder extends LogFolder {
      failAt = Infinity;
      after = false;
      writes = 0;

      override async writeFile(...args: Parameters<LogFolder['writeFile']>): Promise<void> {
        await this.#attempt(async () => super.writeFile(...args));
      }

      override async writeCheckpoint(text: string): Promise<void> {
        await this.#attempt(async () => super.writeCheckpoint(text));
      }

      async #attempt(write: () => Promise<void>): Promise<void> {
        const fails = ++this.writes === this.failAt;
        if (fails && !this.after) throw new Error('EIO');
        await write();
        if (fails) throw new Error('EIO');
      }
    }
    const countWrites = async (): Promise<number> => {
      await using temporary = await temporaryFolder();
      const folder = new FailingFolder(temporary.dir);
      await publishTwice(folder, temporary.dir, signer);
      return folder.writes;
    };
    const writes = await countWrites();
    expect(writes).toBeGreaterThan(8);
    for (let failAt = 1; failAt <= writes; failAt++) {
      for (const after of [false, true]) {
        await using temporary = await temporaryFolder();
        const folder = Object.assign(new FailingFolder(temporary.dir), { failAt, after });
        await publishTwice(folder, temporary.dir, signer);
        await expectWhole(temporary.dir, 700);
      }
    }
  });

  test('a store that was restored from an older copy is not signed for', async () => {
    await using temporary = await temporaryFolder();
    const leaves = new Leaves();
    leaves.commit(500);
    await (await openBuilder(temporary.dir, leaves, signer)).advance();
    const older = new Leaves();
    older.commit(499);
    await expect(openBuilder(temporary.dir, older, signer)).rejects.toMatchObject({ code: 'log-forked' });
    await expectWhole(temporary.dir, 500);
  });

  test('a store whose leaves are not those that were published is not signed for', async () => {
    await using temporary = await temporaryFolder();
    const leaves = new Leaves();
    leaves.commit(500);
    await (await openBuilder(temporary.dir, leaves, signer)).advance();
    const other = new Leaves();
    other.commit(499);
    other.commit(10, ' ');
    await expect(openBuilder(temporary.dir, other, signer)).rejects.toMatchObject({ code: 'log-forked' });
  });

  test('a start that refuses a fork has written nothing: what was published is the evidence', async () => {
    await using temporary = await temporaryFolder();
    const leaves = new Leaves();
    leaves.commit(600);
    await (await openBuilder(temporary.dir, leaves, signer)).advance();
    const contents = async (): Promise<ReadonlyMap<string, string>> => {
      const files = await readdir(temporary.dir, { recursive: true, withFileTypes: true });
      const paths = files
        .filter((file) => file.isFile())
        .map(({ parentPath, name }) => join(parentPath, name));
      return new Map(paths.sort().map((path) => [path, readFileSync(path, 'latin1')]));
    };
    const before = await contents();
    const other = new Leaves();
    other.commit(100, ' ');
    other.commit(600);
    await expect(openBuilder(temporary.dir, other, signer)).rejects.toMatchObject({ code: 'log-forked' });
    expect(await contents()).toEqual(before);
  });

  test('a checkpoint of another key in the folder is not continued', async () => {
    await using temporary = await temporaryFolder();
    const leaves = new Leaves();
    leaves.commit(5);
    await (await openBuilder(temporary.dir, leaves, createSigner())).advance();
    await expect(openBuilder(temporary.dir, leaves, signer)).rejects.toMatchObject({
      code: 'note-untrusted',
    });
  });

  describe('when its checkpoint is gone', () => {
    type Place = 'historyDir' | 'exportDir';
    const places: readonly Place[] = ['historyDir', 'exportDir'];

    /** Publishes 300 leaves, keeps the checkpoint in one place outside the folder, and has the folder begin again. */
    async function beginAgain(place: Place, loss: string, store: Leaves, by = signer): Promise<LogBuilder> {
      const { dir } = temporary;
      const elsewhere = { historyDir: join(dir, 'checkpoints'), exportDir: join(dir, 'copy') };
      const leaves = new Leaves();
      leaves.commit(300);
      const log = join(dir, 'log');
      const published = (await (await openBuilder(log, leaves, by)).advance())!;
      if (place === 'historyDir') await new LogHistory(elsewhere.historyDir).note(published, Date.now());
      else await mirrorOf(log, elsewhere.exportDir)();
      await rm(join(log, loss), { recursive: true });
      return openBuilder(log, store, signer, new LogFolder(log), elsewhere);
    }

    let temporary: Awaited<ReturnType<typeof temporaryFolder>>;
    beforeEach(async () => (temporary = await temporaryFolder()));
    afterEach(async () => temporary[Symbol.asyncDispose]());

    test.each(places.flatMap((place) => ['checkpoint', '.'].map((loss) => [place, loss] as const)))(
      'other leaves are not signed for, as the %s still has what was signed (without %s)',
      async (place, loss) => {
        const other = new Leaves();
        other.commit(35);
        other.commit(265, ' ');
        await expect(beginAgain(place, loss, other)).rejects.toMatchObject({ code: 'log-forked' });
        const fewer = new Leaves();
        fewer.commit(299);
        await rm(temporary.dir, { recursive: true });
        await expect(beginAgain(place, loss, fewer)).rejects.toMatchObject({ code: 'log-forked' });
        expect(existsSync(join(temporary.dir, 'log/checkpoint'))).toBe(false);
      },
    );

    test('other leaves are not signed for, as witnesses cosigned in the folder what was signed', async () => {
      const leaves = new Leaves();
      leaves.commit(300);
      const folder = new LogFolder(temporary.dir);
      const published = (await (await openBuilder(temporary.dir, leaves, signer, folder)).advance())!;
      folder.writeWitnessedCheckpoint(published.text);
      await rm(join(temporary.dir, 'checkpoint'));
      const other = new Leaves();
      other.commit(300, ' ');
      await expect(openBuilder(temporary.dir, other, signer)).rejects.toMatchObject({ code: 'log-forked' });
    });

    test.each(places)('it goes on from the one in the %s where the leaves are the same', async (place) => {
      const leaves = new Leaves();
      leaves.commit(310);
      const builder = await beginAgain(place, '.', leaves);
      await expectWhole(join(temporary.dir, 'log'), 300);
      expect((await builder.advance())?.size).toBe(310);
      await expectWhole(join(temporary.dir, 'log'), 310);
    });

    test.each(places)('a log of a new name begins, whatever the %s has', async (place) => {
      const other = new Leaves();
      other.commit(5, ' ');
      const builder = await beginAgain(place, '.', other, createSigner('gateway.test/log-before'));
      expect((await builder.advance())?.size).toBe(5);
    });
  });

  test('a checkpoint that is taken away while it runs, before a write fails, is not forgotten', async () => {
    await using temporary = await temporaryFolder();
    const leaves = new Leaves();
    leaves.commit(20);
    const folder = new LogFolder(temporary.dir);
    const builder = await openBuilder(temporary.dir, leaves, signer, folder);
    await builder.advance();
    leaves.runs.length = leaves.size = 0;
    leaves.commit(20, ' ');
    leaves.commit(5);
    const write = vi.spyOn(folder, 'writeFile').mockRejectedValueOnce(new Error('no space left'));
    await expect(builder.advance()).rejects.toThrow('no space left');
    await rm(join(temporary.dir, 'checkpoint'));
    await expect(builder.advance()).rejects.toMatchObject({ code: 'log-forked' });
    write.mockRestore();
  });

  test('an older checkpoint in the folder does not hide a newer one that is kept', async () => {
    await using temporary = await temporaryFolder();
    const historyDir = join(temporary.dir, 'kept');
    const leaves = new Leaves();
    leaves.commit(20);
    const builder = await openBuilder(temporary.dir, leaves, signer);
    const older = (await builder.advance())!;
    leaves.commit(5);
    await new LogHistory(historyDir).note((await builder.advance())!, Date.now());
    await writeFile(join(temporary.dir, 'checkpoint'), older.text);
    const other = new Leaves();
    other.commit(20);
    other.commit(5, ' ');
    const elsewhere = { historyDir, exportDir: undefined };
    const again = openBuilder(temporary.dir, other, signer, new LogFolder(temporary.dir), elsewhere);
    await expect(again).rejects.toMatchObject({ code: 'log-forked' });
  });

  test('a checkpoint that a crash of the machine left empty is made again, also in a copy', async () => {
    await using from = await temporaryFolder();
    await using to = await temporaryFolder();
    const leaves = new Leaves();
    leaves.commit(300);
    await (await openBuilder(from.dir, leaves, signer)).advance();
    await mirrorOf(from.dir, to.dir)();
    for (const { dir } of [from, to]) await truncate(join(dir, 'checkpoint'));
    leaves.commit(5);
    expect((await (await openBuilder(from.dir, leaves, signer)).advance())?.size).toBe(305);
    await mirrorOf(from.dir, to.dir)();
    for (const { dir } of [from, to]) await expectWhole(dir, 305);
  });

  test('a copy is brought up to date step by step, and is whole each time', async () => {
    await using from = await temporaryFolder();
    await using to = await temporaryFolder();
    const leaves = new Leaves();
    const builder = await openBuilder(from.dir, leaves, signer);
    const mirror = mirrorOf(from.dir, to.dir);
    expect(await mirror()).toBeUndefined();
    for (const count of [3, 253, 1, 600, 40]) {
      leaves.commit(count);
      await builder.advance();
      expect(await mirror()).toBe(leaves.size);
      await expectWhole(to.dir, leaves.size);
    }
  });

  test.each([
    ['forked, be it longer', 700, /not the first of the 700/],
    ['forked, and as long', 300, /not the first of the 300/],
    ['rolled back', 100, /has 300 leaves, but the log was published with 100/],
  ])(
    'a copy of a log that is now %s, keeps what it has, and the other checkpoint beside it',
    async (_, size, why) => {
      await using from = await temporaryFolder();
      await using fork = await temporaryFolder();
      await using to = await temporaryFolder();
      const publish = async (dir: string, count: number, variant?: string): Promise<string> => {
        const leaves = new Leaves();
        leaves.commit(count, variant);
        await (await openBuilder(dir, leaves, signer)).advance();
        return readFileSync(join(dir, 'checkpoint'), 'utf8');
      };
      const signed = await publish(from.dir, 300);
      await mirrorOf(from.dir, to.dir)();
      const other = await publish(fork.dir, size, ',"x":1');
      const again = mirrorOf(fork.dir, to.dir);
      for (let times = 0; times < 2; times++)
        await expect(again()).rejects.toMatchObject({
          ...{ code: 'log-forked', detail: expect.stringMatching(why) as unknown },
        });
      expect(readFileSync(join(to.dir, 'checkpoint'), 'utf8')).toBe(signed);
      expect(readFileSync(join(to.dir, 'checkpoint.forked'), 'utf8')).toBe(other);
      await expectWhole(to.dir, 300);
    },
  );

  test('a copy has its tiles on the disk before its checkpoint', async () => {
    await using from = await temporaryFolder();
    await using to = await temporaryFolder();
    const leaves = new Leaves();
    leaves.commit(300);
    await (await openBuilder(from.dir, leaves, signer)).advance();
    const unsynced: number[] = [];
    const write = vi.spyOn(LogFolder.prototype, 'writeCheckpoint').mockImplementation(function (
      this: LogFolder,
    ) {
      unsynced.push(this.unsyncedFiles);
      return Promise.resolve();
    });
    await mirrorOf(from.dir, to.dir)();
    write.mockRestore();
    expect(unsynced).toEqual([0]);
  });

  test('a copy whose witnessed checkpoint the log does not continue keeps that too', async () => {
    await using from = await temporaryFolder();
    await using to = await temporaryFolder();
    const leaves = new Leaves();
    leaves.commit(20);
    const builder = await openBuilder(from.dir, leaves, signer);
    await builder.advance();
    const copy = new LogFolder(to.dir);
    const other = signCheckpoint({ origin, size: 10, root: Buffer.alloc(32) }, signer);
    copy.writeWitnessedCheckpoint(other);
    new LogFolder(from.dir).writeWitnessedCheckpoint(builder.published!.text);
    await expect(mirrorOf(from.dir, to.dir)()).rejects.toMatchObject({ code: 'log-forked' });
    expect(await copy.readWitnessedCheckpoint()).toBe(other);
    expect(await copy.readCheckpoint()).toBeUndefined();
  });
});

/** Copies a log from one folder to another. */
function mirrorOf(from: string, to: string): () => Promise<number | undefined> {
  const folder = new LogFolder(from);
  return async () => mirrorLog(folder, to, readTilesOf(folder));
}

/** Publishes 600 leaves, then 100 more; a step that fails is done again, as the thread does. */
async function publishTwice(folder: LogFolder, dir: string, by: NoteSigner): Promise<void> {
  const leaves = new Leaves();
  leaves.commit(600);
  const builder = await openBuilder(dir, leaves, by, folder);
  for (const more of [0, 100]) {
    if (more > 0) leaves.commit(more);
    try {
      await builder.advance();
    } catch {
      await builder.advance();
    }
  }
}
