/**
 * The audit log without a gateway: appends entries of about 200 bytes in batches and writes the log to a folder in
 * the standard layout, makes inclusion proofs from the tiles on disk, and verifies the folder offline.
 *
 * Proofs are made with the gateway's own reader of tiles, which starts with nothing in memory and keeps a bounded
 * number; a second round keeps nothing from one proof to the next. A few proofs beforehand, with a reader that is
 * thrown away, let the engine compile the code. The files have just been written, so the system
 * most likely has them in its page cache: what a disk's seek would add is not measured. Nothing is synced to disk.
 *
 *     npm run bench:audit -- [--leaves N] [--proofs N]        default 1,000,000 leaves, 2,000 proofs
 *
 * Searches run on the index of a SQLite store that is filled with as many leaves of notices first; `search.ts` says
 * what is asked. Each includes the look whether the log has grown.
 *
 * Verification runs in a process of its own, so that its memory is its own: `peakRssMiB` is that process's peak, and
 * the peak of the process that appends and proves is told above it. The last line is JSON.
 */
import { generateKeyPairSync, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { LogFolder } from '../gateway/audit/log-folder.ts';
import { readTilesOf } from '../gateway/audit/log-keeper.ts';
import { signCheckpoint } from '../protocol/proof/checkpoint.ts';
import { leafHash } from '../protocol/proof/merkle.ts';
import { noteSigner } from '../protocol/proof/note-signer.ts';
import { TileBuilder } from '../protocol/proof/tile-builder.ts';
import { leafFromTiles, proveInclusion, type TileReader } from '../protocol/proof/tile-proof.ts';
import {
  encodeBundle,
  tilePath,
  tileWidth,
  tileWidthAt,
  type BundleName,
  type Tile,
  type TileName,
} from '../protocol/proof/tile.ts';
import { verifyInclusion } from '../protocol/proof/tree-proof.ts';
import { formatVerifierKey } from '../protocol/proof/verifier-key.ts';
import { readCommandLine } from './command-line.ts';
import { searchFilledStore } from './audit/search.ts';
import { Child } from './child.ts';
import { count, readNumber } from './read-number.ts';

const batchSize = 4096;
const warmUpProofs = 200;
const origin = 'bench.causeway.example/log';

type Log = {
  readonly dir: string;
  readonly size: number;
  readonly root: Buffer;
  readonly appendSeconds: number;
};

/** An entry as the log has them: ids, codes, a time, a commitment. */
function entryOf(index: number): Buffer {
  const commitment = leafHash(Buffer.from(`body ${index}`)).toString('base64url');
  const id = `0192f0c4-${(index % 65_536).toString(16).padStart(4, '0')}-7000-8000-${index.toString(16).padStart(12, '0')}`;
  return Buffer.from(
    JSON.stringify({
      ...{ v: 1, kind: 'message.accepted', at: 1_800_000_000_000 + index, message: id },
      ...{ from: 'strathclyde-police/concern-hub', category: 'concern-report', commitment },
    }),
  );
}

async function put(dir: string, name: TileName | BundleName, bytes: Buffer): Promise<void> {
  const path = join(dir, tilePath(name));
  if (name.index % 1000 === 0 || name.width < tileWidth) await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

/** Only the appending is timed: the tree's hashes and the tiles that it hands out, not the disk. */
async function buildLog(dir: string, leaves: number): Promise<Log> {
  const builder = new TileBuilder();
  let appendMs = 0;
  const putTiles = (tiles: readonly Tile[]) => Promise.all(tiles.map((tile) => put(dir, tile, tile.bytes)));
  for (let from = 0; from < leaves; from += batchSize) {
    const batch = Array.from({ length: Math.min(batchSize, leaves - from) }, (_, at) => entryOf(from + at));
    const start = performance.now();
    const tiles = builder.append(batch);
    appendMs += performance.now() - start;
    for (const { index } of tiles) await mkdirFor(dir, index);
    await putTiles(tiles);
    for (let at = 0; at < batch.length; at += tileWidth) {
      const index = (from + at) / tileWidth;
      const width = tileWidthAt(0, index, leaves);
      await put(dir, { level: 'entries', index, width }, encodeBundle(batch.slice(at, at + tileWidth)));
    }
  }
  await putTiles(builder.partialTiles());
  return { dir, size: builder.size, root: builder.root(), appendSeconds: appendMs / 1000 };
}

/** Folders of the tile paths are made as they are reached. */
async function mkdirFor(dir: string, index: number): Promise<void> {
  for (let level = 0; level < 4; level++) {
    await mkdir(dirname(join(dir, tilePath({ level, index, width: tileWidth }))), { recursive: true });
  }
}

type Times = { readonly p50: number; readonly p99: number };

/**
 * Makes proofs of leaves anywhere in the log, each from the files, and checks every one outside the time.
 * @param readerOf the reader of the next proof
 */
async function measureProofs(log: Log, count: number, readerOf: () => TileReader): Promise<Times> {
  const { dir, size, root } = log;
  // The check must not bring tiles to the reader that is measured.
  const readToCheck = (tile: TileName): Buffer => readFileSync(join(dir, tilePath(tile)));
  const times: number[] = [];
  for (let proof = 0; proof < count; proof++) {
    const index = randomInt(size);
    const start = performance.now();
    const path = await proveInclusion(index, size, readerOf());
    times.push(performance.now() - start);
    const leaf = await leafFromTiles(index, size, readToCheck);
    if (!verifyInclusion({ leaf, index, size, path, root }))
      throw new Error(`the proof of ${index} does not verify`);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(1000 * (times[Math.floor(share * (count - 1))] ?? 0)) / 1000;
  return { p50: at(0.5), p99: at(0.99) };
}

async function verifyInChild(dir: string): Promise<{ seconds: number; peakRssMiB: number }> {
  const child = new Child(new URL('./audit/verifier.ts', import.meta.url), [dir]);
  try {
    const { seconds, peakRssMiB } = await child.next<{
      readonly type: 'verified';
      readonly seconds: number;
      readonly peakRssMiB: number;
    }>('verified');
    return { seconds, peakRssMiB };
  } finally {
    await child.stop();
  }
}

const { values } = readCommandLine({
  options: { leaves: { type: 'string', default: '1000000' }, proofs: { type: 'string', default: '2000' } },
});
const leaves = readNumber('leaves', values.leaves, count);
const proofs = readNumber('proofs', values.proofs, count);
const folder = await mkdtemp(join(tmpdir(), 'causeway-bench-audit-'));
const say = (words: string): void => void process.stdout.write(`${words}\n`);
try {
  const dir = join(folder, 'log');
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const signer = noteSigner(origin, pem);
  const log = await buildLog(dir, leaves);
  const { size, root } = log;
  await writeFile(join(dir, 'checkpoint'), signCheckpoint({ origin, size, root }, signer));
  await writeFile(join(folder, 'log.vkey'), `${formatVerifierKey(signer.verifierKey)}\n`);
  const appendPerSecond = Math.round(size / log.appendSeconds);
  say(`appended ${size} leaves in batches of ${batchSize}: ${appendPerSecond} a second`);
  const tiles = new LogFolder(dir);
  await measureProofs(log, warmUpProofs, () => readTilesOf(tiles));
  const reader = readTilesOf(tiles);
  const inclusionProofMs = await measureProofs(log, proofs, () => reader);
  const alone = await measureProofs(log, proofs, () => readTilesOf(tiles));
  say(
    `${proofs} inclusion proofs from tiles on disk: p50 ${inclusionProofMs.p50} ms, p99 ${inclusionProofMs.p99} ms; ` +
      `with nothing kept between them p50 ${alone.p50} ms, p99 ${alone.p99} ms`,
  );
  say(`appending and proving took at most ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
  const { seconds, peakRssMiB } = await verifyInChild(dir);
  const verifyLeavesPerSecond = Math.round(size / seconds);
  say(
    `verified in ${seconds.toFixed(2)} s, ${verifyLeavesPerSecond} leaves a second, at most ${peakRssMiB} MiB`,
  );
  await rm(dir, { recursive: true });
  const { searchMs } = await searchFilledStore(folder, leaves, say);
  say(
    JSON.stringify({
      ...{ appendPerSecond, inclusionProofMs, treeSize: size },
      ...{ verifyLeavesPerSecond, peakRssMiB, searchMs },
    }),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
