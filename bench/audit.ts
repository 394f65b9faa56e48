/**
 * The audit log without the rest of a gateway. Leaves of messages on their way are made as the store makes them, with
 * their bodies, encrypted; the gateway's own builder takes them in portions of what comes in half a second, hashes them,
 * writes tiles and bundles, signs a checkpoint for each portion, and makes all of it durable. `appendPerSecond` is the
 * whole of that; how long each part took is told above it. Then inclusion proofs are made from the tiles on disk, and
 * the folder is verified offline.
 *
 * Proofs are made with the gateway's own reader of tiles, which starts with nothing in memory and keeps a bounded
 * number; a second round keeps nothing from one proof to the next. A few proofs beforehand, with a reader that is
 * thrown away, let the engine compile the code. The files have just been written, so the system
 * most likely has them in its page cache: what a disk's seek would add is not measured.
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
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { LogBuilder } from '../gateway/audit/log-builder.ts';
import { LogFolder } from '../gateway/audit/log-folder.ts';
import { readTilesOf } from '../gateway/audit/log-keeper.ts';
import { noteSigner, type NoteSigner } from '../protocol/proof/note-signer.ts';
import { leafFromTiles, proveInclusion, type TileReader } from '../protocol/proof/tile-proof.ts';
import { tilePath, type TileName } from '../protocol/proof/tile.ts';
import { verifyInclusion } from '../protocol/proof/tree-proof.ts';
import { formatVerifierKey } from '../protocol/proof/verifier-key.ts';
import { MadeLeaves } from './audit/made-leaves.ts';
import { readCommandLine } from './command-line.ts';
import { searchFilledStore } from './audit/search.ts';
import { Child } from './child.ts';
import { count, readNumber } from './read-number.ts';
import { makeScratchFolder } from './scratch-folder.ts';

/** What a gateway takes in one step, twice a second, at 100,000 leaves a second. */
const stepLeaves = 50_000;
const warmUpProofs = 200;
const origin = 'bench.causeway.example/log';

type Log = {
  readonly dir: string;
  readonly size: number;
  readonly root: Buffer;
  readonly seconds: { readonly making: number; readonly publishing: number; readonly syncing: number };
};

async function buildLog(dir: string, leaves: number, signer: NoteSigner): Promise<Log> {
  const made = new MadeLeaves();
  const builder = await LogBuilder.open({
    ...{ folder: new LogFolder(dir), source: made, signer },
    readSignedBefore: () => Promise.resolve(undefined),
  });
  const seconds = { making: 0, publishing: 0, syncing: 0 };
  const during = async (part: keyof typeof seconds, work: () => unknown): Promise<void> => {
    const start = performance.now();
    await work();
    seconds[part] += (performance.now() - start) / 1000;
  };
  while (made.size < leaves) {
    await during('making', () => made.make(Math.min(stepLeaves, leaves - made.size)));
    await during('publishing', async () => builder.advance());
    made.forget();
  }
  await during('syncing', async () => builder.sync());
  const { published } = builder;
  if (published?.size !== leaves) throw new Error('the log was not published as a whole');
  return { dir, size: published.size, root: published.root, seconds };
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
await using scratch = await makeScratchFolder();
const folder = scratch.path;
const say = (words: string): void => void process.stdout.write(`${words}\n`);
const dir = join(folder, 'log');
const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const signer = noteSigner(origin, pem);
const log = await buildLog(dir, leaves, signer);
const { size } = log;
await writeFile(join(folder, 'log.vkey'), `${formatVerifierKey(signer.verifierKey)}\n`);
const { making, publishing, syncing } = log.seconds;
const appendPerSecond = Math.round(size / (making + publishing + syncing));
say(
  `appended ${size} leaves, ${appendPerSecond} a second: ${making.toFixed(1)} s to make them, ` +
    `${publishing.toFixed(1)} s to publish them in portions of ${stepLeaves}, ${syncing.toFixed(1)} s for the last sync`,
);
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
