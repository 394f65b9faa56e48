import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { PublishedCheckpoint } from '../../../gateway/audit/published-checkpoint.ts';
import { LogFolder } from '../../../gateway/audit/log-folder.ts';
import { LogHistory, readLogHistory } from '../../../gateway/audit/log-history.ts';
import { LogKeeper, readTilesOf, type LogKeeperParts } from '../../../gateway/audit/log-keeper.ts';
import { Witnesses } from '../../../gateway/audit/witnesses.ts';
import { mirrorLog } from '../../../gateway/audit/mirror-log.ts';
import { signCheckpoint } from '../../../protocol/proof/checkpoint.ts';
import { createSigner, Leaves, openBuilder, origin, temporaryFolder } from './synthetic-leaves.ts';

const signer = createSigner();
/** A line that stands for the cosignature of the one witness here. */
const cosignature = '— witness.test AAAAAAAA\n';
/** And that of another one, which is not asked here. */
const otherCosignature = '— other.test BBBBBBBB\n';

/** What the keepers told of failures. */
let told: string[];
beforeEach(() => (told = []));

/** A log with one witness that answers when a test says so, and a clock. */
async function openLog(
  dir: string,
  exportDir?: string,
  parts: Partial<LogKeeperParts> = {},
  leaves = new Leaves(),
) {
  const folder = new LogFolder(join(dir, 'log'));
  const builder = await openBuilder(folder.dir, leaves, signer, folder);
  const clock = { ms: 1_000_000 };
  const asked: { readonly size: number; answer(signs: boolean): void }[] = [];
  const witness: ConstructorParameters<typeof Witnesses>[0][number] = {
    name: 'witness.test',
    hasSigned: (signatures) => signatures.some(({ line }) => line === cosignature),
    cosign: ({ size }) =>
      new Promise((resolve) => {
        asked.push({ size, answer: (signs) => resolve(signs ? [cosignature] : []) });
      }),
  };
  const witnesses = new Witnesses([witness], (error) => told.push(String(error)));
  const published: PublishedCheckpoint[] = [];
  /** What each copying ended with. */
  const copies: unknown[] = [];
  /** What each keeping ended with. */
  const kept: unknown[] = [];
  const keeper = new LogKeeper({
    ...{ key: signer.verifierKey, builder, folder, exportDir, witnesses },
    history: new LogHistory(join(dir, 'history')),
    now: () => clock.ms,
    onPublished: (checkpoint) => published.push(checkpoint),
    onError: (error) => told.push(String(error)),
    onRecovered: () => told.push('recovered'),
    onCopied: (error) => copies.push(error),
    onKept: (error) => kept.push(error),
    ...parts,
  });
  return { folder, leaves, keeper, clock, asked, published, copies, kept };
}

const patience = { timeout: 20_000, interval: 2 };

/** Until what an answer sets in motion has been written. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitFor(async () => expect(await condition()).toBe(true), patience);
}

/** Steps as they follow one another; what a step has set in motion goes on between them. */
async function stepUntil(keeper: LogKeeper, condition: () => boolean): Promise<void> {
  await until(async () => {
    if (!condition()) await keeper.step();
    return condition();
  });
}

describe('a log in which something happens', () => {
  afterEach(() => vi.useRealTimers());

  test('is signed within a second of a commit, also where that brings more than can be taken in this time', async () => {
    await using temporary = await temporaryFolder();
    const publishedAt: number[] = [];
    const { leaves, keeper } = await openLog(temporary.dir, undefined, {
      witnesses: new Witnesses([], () => undefined),
      onPublished: () => publishedAt.push(performance.now()),
    });
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const read = leaves.readLeafRuns.bind(leaves);
    vi.spyOn(leaves, 'readLeafRuns').mockImplementation((from) => {
      const runs = read(from);
      if (runs.length > 0) vi.advanceTimersByTime(100);
      return runs;
    });
    keeper.start();
    await keeper.step();
    const looks = vi.spyOn(keeper, 'step');
    // Right after a look is the worst moment.
    for (let commit = 0; commit < 60; commit++) leaves.commit(40);
    const committedAt = performance.now();
    while (looks.mock.calls.length === 0 && performance.now() < committedAt + 1_000)
      vi.advanceTimersByTime(1);
    await looks.mock.results[0]?.value;
    expect(publishedAt[0]! - committedAt).toBeLessThanOrEqual(1_000);
    vi.useRealTimers();
    await keeper.close();
  });
});

describe('a log in which nothing happens', () => {
  test('says after a passing fault of the store that all is well again', async () => {
    await using temporary = await temporaryFolder();
    const { leaves, keeper, published } = await openLog(temporary.dir);
    leaves.commit(3);
    await keeper.step();
    const reading = vi.spyOn(leaves, 'readLeafRuns').mockImplementationOnce(() => {
      throw new Error('no primary');
    });
    await keeper.step();
    expect(told).toEqual(['Error: no primary']);
    await keeper.step();
    await keeper.step();
    expect(told).toEqual(['Error: no primary', 'recovered']);
    expect([reading.mock.calls.length > 1, published.length]).toEqual([true, 1]);
  });

  test('says so after a fault of the disk once everything is synced, and writes what the sync left open', async () => {
    await using temporary = await temporaryFolder();
    const { folder, leaves, keeper, clock } = await openLog(temporary.dir);
    await keeper.step();
    leaves.commit(300);
    await keeper.step();
    clock.ms += 60_000;
    const sync = vi.spyOn(folder, 'sync').mockImplementation(() => Promise.reject(new Error('disk full')));
    await keeper.step();
    await keeper.step();
    expect(told).toEqual(['Error: disk full', 'Error: disk full']);
    sync.mockRestore();
    const writing = vi.spyOn(folder, 'writeFile');
    await keeper.step();
    expect(told.slice(2)).toEqual(['recovered']);
    expect(writing.mock.calls.map(([{ level, index, width }]) => [level, index, width])).toContainEqual([
      'entries',
      0,
      256,
    ]);
  });

  test('keeps a checkpoint that could not be kept when it tries again, and is published all the while', async () => {
    await using temporary = await temporaryFolder();
    const { leaves, keeper, clock, asked, kept } = await openLog(temporary.dir);
    const history = join(temporary.dir, 'history');
    await writeFile(history, 'no folder');
    leaves.commit(3);
    await keeper.step();
    asked[0]!.answer(true);
    await until(() => kept.length === 1);
    expect(String(kept[0])).toContain('EEXIST');
    await rm(history);
    clock.ms += 60_000;
    await stepUntil(keeper, () => asked.length === 2);
    asked[1]!.answer(true);
    await until(() => kept.length === 2);
    expect([kept[1], told]).toEqual([undefined, []]);
    expect((await readLogHistory(history)).map(({ size }) => size)).toEqual([3]);
  });
});

describe('a log that has fallen behind', () => {
  /** Far more leaves than come into a step. */
  async function openLateLog(dir: string) {
    const log = await openLog(dir, undefined, { stepMs: 0, witnesses: new Witnesses([], () => undefined) });
    for (let commit = 0; commit < 60; commit++) log.leaves.commit(40);
    return log;
  }

  test('goes on at once, and signs what it has come to each time', async () => {
    await using temporary = await temporaryFolder();
    const { leaves, keeper, published } = await openLateLog(temporary.dir);
    await keeper.step();
    expect(published).toHaveLength(1);
    expect(published[0]!.size).toBeLessThan(leaves.size);
    // Nobody asks for another step.
    await until(() => published.at(-1)!.size === leaves.size);
    expect(published.length).toBeGreaterThan(10);
    await keeper.close();
  });

  test('goes on until it has the leaves that somebody waits for', async () => {
    await using temporary = await temporaryFolder();
    const { leaves, keeper, published } = await openLateLog(temporary.dir);
    await keeper.reach(leaves.size);
    expect(published.at(-1)!.size).toBe(leaves.size);
    await keeper.close();
  });

  test('publishes for whoever waits what came after the step under way had looked', async () => {
    await using temporary = await temporaryFolder();
    const { leaves, keeper, published } = await openLog(temporary.dir);
    leaves.commit(3);
    let reaching: Promise<void> | undefined;
    const read = leaves.readLeafRuns.bind(leaves);
    vi.spyOn(leaves, 'readLeafRuns').mockImplementation((from) => {
      const runs = read(from);
      if (runs.length === 0 && reaching === undefined) {
        leaves.commit(4);
        reaching = keeper.reach(leaves.size);
      }
      return runs;
    });
    await keeper.step();
    await reaching;
    expect(published.at(-1)!.size).toBe(7);
  });

  test('waits for the next look after a failure', async () => {
    await using temporary = await temporaryFolder();
    const { folder, keeper } = await openLateLog(temporary.dir);
    const writing = vi.spyOn(folder, 'writeCheckpoint').mockRejectedValue(new Error('disk full'));
    await keeper.step();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told).toEqual(['Error: disk full']);
    writing.mockRestore();
    await keeper.close();
  });
});

describe('a log with a witness', () => {
  afterEach(() => expect(told).toEqual([]));

  test('asks it about the newest checkpoint too when that was published while it was busy', async () => {
    await using temporary = await temporaryFolder();
    const { leaves, keeper, asked, published } = await openLog(temporary.dir);
    leaves.commit(3);
    await keeper.step();
    leaves.commit(4);
    await keeper.step();
    expect(asked.map(({ size }) => size)).toEqual([3]);
    asked[0]!.answer(true);
    // Nothing new happens in the log; a step follows all the same, several times a second.
    await stepUntil(keeper, () => asked.length === 2);
    expect(asked[1]!.size).toBe(7);
    asked[1]!.answer(true);
    await until(() => published.length === 3);
    expect(published.map(({ size, text }) => [size, text.endsWith(cosignature)])).toEqual([
      [3, false],
      [7, false],
      [7, true],
    ]);
  });

  test('keeps what a slow one cosigns, though a newer checkpoint is published with every step', async () => {
    await using temporary = await temporaryFolder();
    const { folder, leaves, keeper, asked } = await openLog(temporary.dir);
    const copy = new LogFolder(join(temporary.dir, 'copy'));
    const witnessedSizes: (string | undefined)[] = [];
    for (let round = 0; round < 3; round++) {
      // Two seconds of steps: it is asked once, and has not answered when they are over.
      for (let step = 0; step < 4; step++) {
        leaves.commit(3);
        await keeper.step();
      }
      await stepUntil(keeper, () => asked.length > round);
      expect(asked).toHaveLength(round + 1);
      asked[round]!.answer(true);
      const line = `\n${asked[round]!.size}\n`;
      await until(async () => (await folder.readWitnessedCheckpoint())?.includes(line) === true);
      expect(await folder.readWitnessedCheckpoint()).toMatch(new RegExp(`${cosignature}$`));
      expect(await folder.readCheckpoint()).not.toContain(cosignature);
      await mirrorLog(folder, copy.dir, readTilesOf(folder));
      expect(await copy.readCheckpoint()).toBe(await folder.readCheckpoint());
      witnessedSizes.push((await copy.readWitnessedCheckpoint())?.split('\n')[1]);
    }
    expect(witnessedSizes).toEqual(asked.map(({ size }) => String(size)));
    expect(new Set(witnessedSizes).size).toBe(3);
  });

  test('asks one that did not cosign again after a while, and no more once it has', async () => {
    await using temporary = await temporaryFolder();
    const { folder, leaves, keeper, clock, asked, published } = await openLog(temporary.dir);
    leaves.commit(3);
    await keeper.step();
    asked[0]!.answer(false);
    for (let step = 0; step < 20; step++) await keeper.step();
    expect(asked).toHaveLength(1);
    clock.ms += 60_000;
    await stepUntil(keeper, () => asked.length === 2);
    asked[1]!.answer(true);
    await until(() => published.length === 2);
    expect(await folder.readCheckpoint()).toMatch(new RegExp(`${cosignature}$`));
    clock.ms += 60_000;
    for (let step = 0; step < 20; step++) await keeper.step();
    expect(asked).toHaveLength(2);
  });

  test('has after a crash what was cosigned before, also where only the newest checkpoint was without it', async () => {
    await using temporary = await temporaryFolder();
    const { leaves, ...before } = await openLog(temporary.dir);
    leaves.commit(3);
    await before.keeper.step();
    const text = (await before.folder.readCheckpoint())!;
    before.folder.writeWitnessedCheckpoint(`${text}${otherCosignature}`);
    const { folder, keeper, asked, kept } = await openLog(temporary.dir, undefined, {}, leaves);
    await keeper.step();
    expect(await folder.readCheckpoint()).toBe(`${text}${otherCosignature}`);
    asked[0]!.answer(true);
    await until(() => kept.length === 1);
    expect(await folder.readWitnessedCheckpoint()).toBe(`${text}${otherCosignature}${cosignature}`);
  });

  test('goes on from what was cosigned after a crash has taken the newest checkpoint away', async () => {
    await using temporary = await temporaryFolder();
    const { leaves, ...before } = await openLog(temporary.dir);
    leaves.commit(3);
    await before.keeper.step();
    const early = (await before.folder.readCheckpoint())!;
    leaves.commit(3);
    await before.keeper.step();
    const newest = `${(await before.folder.readCheckpoint())!}${otherCosignature}`;
    before.folder.writeWitnessedCheckpoint(newest);
    await before.folder.writeCheckpoint(early);
    const { folder, keeper, asked, kept } = await openLog(temporary.dir, undefined, {}, leaves);
    expect(await folder.readCheckpoint()).toBe(newest);
    await keeper.step();
    asked[0]!.answer(true);
    await until(() => kept.length === 1);
    expect(await folder.readWitnessedCheckpoint()).toBe(`${newest}${cosignature}`);
  });

  test('replaces what stands there and is spoilt or of another log', async () => {
    await using temporary = await temporaryFolder();
    const leaves = new Leaves();
    const log = new LogFolder(join(temporary.dir, 'log'));
    const elsewhere = 'other.test/log';
    for (const foreign of [
      () => 'no note',
      (size: number, root: Buffer) =>
        signCheckpoint({ origin: elsewhere, size, root }, createSigner(elsewhere)),
    ]) {
      leaves.commit(1);
      const published = await (await openBuilder(log.dir, leaves, signer)).advance();
      log.writeWitnessedCheckpoint(foreign(published!.size, published!.root));
      const { folder, keeper, asked, kept } = await openLog(temporary.dir, undefined, {}, leaves);
      await keeper.step();
      asked[0]!.answer(true);
      await until(() => kept.length === 1);
      const text = await folder.readWitnessedCheckpoint();
      expect(text).toBe(await folder.readCheckpoint());
      expect(text).toContain(cosignature);
      expect(text).not.toContain(elsewhere);
    }
  });

  test('asks it about the last checkpoint before it closes', async () => {
    await using temporary = await temporaryFolder();
    const { folder, leaves, keeper, asked } = await openLog(temporary.dir);
    leaves.commit(3);
    await keeper.step();
    leaves.commit(4);
    const closing = keeper.close();
    asked[0]!.answer(true);
    await until(() => asked.length === 2);
    asked[1]!.answer(true);
    await closing;
    expect(await folder.readCheckpoint()).toMatch(new RegExp(`\\n7\\n[^]*${cosignature}$`));
  });

  test('copies the last checkpoint, and what the witness made of it, before it closes', async () => {
    await using temporary = await temporaryFolder();
    const copy = new LogFolder(join(temporary.dir, 'copy'));
    const { leaves, keeper, asked } = await openLog(temporary.dir, copy.dir);
    leaves.commit(3);
    await keeper.step();
    leaves.commit(4);
    const closing = keeper.close();
    asked[0]!.answer(false);
    await until(() => asked.length === 2);
    asked[1]!.answer(true);
    await closing;
    expect(await copy.readCheckpoint()).toMatch(new RegExp(`\\n7\\n[^]*${cosignature}$`));
  });

  test('brings cosignatures that came later into a copy', async () => {
    await using temporary = await temporaryFolder();
    const { folder, leaves, keeper, asked, published } = await openLog(temporary.dir);
    const copy = new LogFolder(join(temporary.dir, 'copy'));
    leaves.commit(3);
    await keeper.step();
    await mirrorLog(folder, copy.dir, readTilesOf(folder));
    asked[0]!.answer(true);
    await until(() => published.length === 2);
    await mirrorLog(folder, copy.dir, readTilesOf(folder));
    expect(await copy.readCheckpoint()).toBe(published[1]!.text);
  });

  test('says each time that it does not continue its copy, and then that it does', async () => {
    await using temporary = await temporaryFolder();
    const copy = new LogFolder(join(temporary.dir, 'copy'));
    const { leaves, keeper, clock, copies } = await openLog(temporary.dir, copy.dir);
    await copy.writeCheckpoint(signCheckpoint({ origin, size: 9, root: Buffer.alloc(32) }, signer));
    leaves.commit(3);
    for (const count of [1, 2]) {
      clock.ms += 60_000;
      await keeper.step();
      await until(() => copies.length === count);
      expect(copies.at(-1)).toMatchObject({ code: 'log-forked' });
    }
    await rm(copy.dir, { recursive: true });
    clock.ms += 60_000;
    await keeper.step();
    await until(() => copies.length === 3);
    expect(copies.at(-1)).toBeUndefined();
    expect(await copy.readCheckpoint()).toContain('\n3\n');
  });
});
