/** Every write of the log fails in turn: its tiles and checkpoints, what witnesses made of them, its history, and its copy. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditReport } from '../../../clients/audit/finding.ts';
import { verifyLog } from '../../../clients/audit/verify-log.ts';
import { LogFolder } from '../../../gateway/audit/log-folder.ts';
import { LogHistory, readLogHistory } from '../../../gateway/audit/log-history.ts';
import { LogKeeper, readTilesOf } from '../../../gateway/audit/log-keeper.ts';
import { mirrorLog } from '../../../gateway/audit/mirror-log.ts';
import { openPublished } from '../../../gateway/audit/published-checkpoint.ts';
import { Witnesses } from '../../../gateway/audit/witnesses.ts';
import { leafHash, treeRoot } from '../../../protocol/proof/merkle.ts';
import { filesIn } from '../../clients/audit/sample-log.ts';
import { FailingDisk, type Failure } from './failing-disk.ts';
import { createSigner, leafText, Leaves, openBuilder } from './synthetic-leaves.ts';

const signer = createSigner();
const cosignature = '— witness.test AAAAAAAA\n';
const disk = new FailingDisk();
let remove: () => void;
let root: string;
/** ms since 1970, for all: a minute passes with each step. */
let now = 1_000_000;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'causeway-log-crash-'));
  remove = await disk.install();
});
afterAll(() => {
  remove();
  rmSync(root, { recursive: true });
});

const placesIn = (dir: string) => ({
  log: join(dir, 'log'),
  historyDir: join(dir, 'checkpoints'),
  exportDir: join(dir, 'copy'),
});

/**
 * Takes the log up from what is on the disk, as the thread does at a start. The witness answers a step after it was copied:
 * so the writes of a step always come in the same order.
 */
async function openKeeper(dir: string, leaves: Leaves) {
  const { log, historyDir, exportDir } = placesIn(dir);
  const folder = new LogFolder(log);
  const builder = await openBuilder(log, leaves, signer, folder, { historyDir, exportDir });
  let [copied, kept] = [Promise.withResolvers<true>(), Promise.withResolvers<true>()];
  const witness: ConstructorParameters<typeof Witnesses>[0][number] = {
    name: 'witness.test',
    hasSigned: (signatures) => signatures.some(({ line }) => line === cosignature),
    cosign: async () => {
      await copied.promise;
      return [cosignature];
    },
  };
  const keeper = new LogKeeper({
    ...{ key: signer.verifierKey, builder, folder, exportDir },
    history: new LogHistory(historyDir),
    witnesses: new Witnesses([witness], () => undefined),
    now: () => now,
    ...{ onPublished: () => undefined, onError: () => undefined, onRecovered: () => undefined },
    onCopied: () => copied.resolve(true),
    onKept: () => kept.resolve(true),
  });
  const step = async (work: () => Promise<void>): Promise<void> => {
    now += 60_000;
    [copied, kept] = [Promise.withResolvers<true>(), Promise.withResolvers<true>()];
    await work();
    await copied.promise;
    if (builder.published?.size === leaves.size) await kept.promise;
  };
  return { step: () => step(() => keeper.step()), close: () => step(() => keeper.close()) };
}

/** One life of a gateway: it takes up the log, and what is recorded comes in two commits. */
async function live(dir: string, leaves: Leaves): Promise<{ readonly writesBeforeEnd: number }> {
  // Where a start fails, the thread begins anew.
  const { step, close } = await openKeeper(dir, leaves).catch(() => openKeeper(dir, leaves));
  leaves.commit(5);
  await step();
  const writesBeforeEnd = disk.writes;
  leaves.commit(5);
  await close();
  return { writesBeforeEnd };
}

/** What a stranger finds in a folder. */
async function verified(dir: string, since?: string): Promise<AuditReport> {
  const paths = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const files = filesIn(new Map(paths.map((path) => [relative(dir, path), readFileSync(path)])));
  return verifyLog(files, {
    trust: { keys: [signer.verifierKey] },
    ...(since !== undefined && { since: { name: 'kept', bytes: Buffer.from(since) } }),
  });
}

/** Whatever is signed in a folder is there. Tiles come to the disk before their checkpoint. */
async function expectSound(dir: string): Promise<void> {
  if (!existsSync(join(dir, 'checkpoint'))) return;
  const { findings } = await verified(dir);
  expect(findings.filter(({ text }) => !/holds entries after the \d+ of the checkpoint/.test(text))).toEqual(
    [],
  );
}

/** The log and its copy verify, have all leaves of the store, and continue the first checkpoint that was kept. */
async function expectWhole(dir: string, { size }: Leaves): Promise<void> {
  const { log, historyDir, exportDir } = placesIn(dir);
  const past = await readLogHistory(historyDir);
  const text = readFileSync(join(log, 'checkpoint'), 'utf8');
  expect(past.at(-1)?.checkpoint).toBe(text);
  expect(text.endsWith(cosignature)).toBe(true);
  expect(openPublished(text, signer.verifierKey)).toMatchObject({ size, root: rootOf(size) });
  for (const each of [log, exportDir]) {
    expect(await verified(each, past[0]?.checkpoint)).toMatchObject({ findings: [], size });
    for (const name of ['checkpoint', 'checkpoint.witnessed'])
      expect(readFileSync(join(each, name), 'utf8')).toBe(text);
  }
}

const roots = new Map<number, Buffer>();
function rootOf(size: number): Buffer {
  const root = roots.get(size) ?? treeRoot(Array.from({ length: size }, (_, at) => leafHash(leafText(at))));
  roots.set(size, root);
  return root;
}

/** Has one write of a life fail, and then the next gateway go on with what is on the disk. */
async function failAt(nth: number, failure: Failure, before: string | undefined): Promise<boolean> {
  const dir = mkdtempSync(join(root, 'run-'));
  const { log, exportDir } = placesIn(dir);
  const leaves = new Leaves();
  if (before !== undefined) {
    cpSync(before, dir, { recursive: true });
    leaves.commit(250);
  }
  disk.failAt(nth, failure);
  const { writesBeforeEnd } = await live(dir, leaves).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EIO' || failure === 'once') throw error;
    return { writesBeforeEnd: 0 };
  });
  const { hasFailed } = disk;
  disk.mend();
  // What had failed before the end, the gateway has mended itself.
  if (failure === 'once' && nth <= writesBeforeEnd) await expectWhole(dir, leaves);
  else for (const each of [log, exportDir]) await expectSound(each);
  leaves.commit(3);
  await (await openKeeper(dir, leaves)).close();
  await expectWhole(dir, leaves);
  return hasFailed;
}

test.each([
  ['is the last before a kill, in a new log', 'last', false],
  ['is the last before a kill, in a log that is taken up again', 'last', true],
  ['fails, in a log that is taken up again', 'once', true],
] as const)(
  'whichever write %s, what is on the disk verifies, and the next start makes it whole',
  async (_, failure, isTakenUp) => {
    const before = isTakenUp ? join(root, failure) : undefined;
    const leaves = new Leaves();
    // A tile becomes full in the life that follows.
    leaves.commit(240);
    if (before !== undefined) await live(before, leaves);
    let nth = 1;
    while (await failAt(nth, failure, before)) nth++;
    expect(nth).toBeGreaterThan(30);
  },
);

test.each(['last', 'once'] as const)(
  'whichever write fails where a log does not continue its copy (%s), the copy stays, and the evidence comes',
  async (failure) => {
    let nth = 1;
    for (let hasFailed = true; hasFailed; nth++) {
      const dir = mkdtempSync(join(root, 'fork-'));
      const copy = join(dir, 'copy');
      const logs = ['', ' '].map(async (variant) => {
        const leaves = new Leaves();
        leaves.commit(20, variant);
        const folder = new LogFolder(join(dir, `log${variant}`));
        await (await openBuilder(folder.dir, leaves, signer, folder)).advance();
        return async () => mirrorLog(folder, copy, readTilesOf(folder));
      });
      const [mirror, mirrorOther] = await Promise.all(logs);
      await mirror!();
      const before = readFileSync(join(copy, 'checkpoint'), 'utf8');
      disk.failAt(nth, failure);
      await expect(mirrorOther!()).rejects.toThrow();
      hasFailed = disk.hasFailed;
      disk.mend();
      await expect(mirrorOther!()).rejects.toMatchObject({ code: 'log-forked' });
      expect(readFileSync(join(copy, 'checkpoint.forked'))).toEqual(
        readFileSync(join(dir, 'log /checkpoint')),
      );
      expect(readFileSync(join(copy, 'checkpoint'), 'utf8')).toBe(before);
      await expectSound(copy);
    }
    expect(nth).toBe(4);
  },
);
