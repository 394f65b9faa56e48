/** Copies the published log into another folder, such as a mount of another machine: only what is new there. */
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import { parseCheckpoint, type Checkpoint } from '../../protocol/proof/checkpoint.ts';
import { parseNote } from '../../protocol/proof/note.ts';
import {
  hashesAtLevel,
  partialTilesAt,
  tilePath,
  tileWidth,
  type BundleName,
  type TileName,
} from '../../protocol/proof/tile.ts';
import { proveConsistency, type TileReader } from '../../protocol/proof/tile-proof.ts';
import { verifyConsistency } from '../../protocol/proof/tree-proof.ts';
import { LogFolder } from './log-folder.ts';

/**
 * Brings a copy up to the checkpoint that the folder has now. The checkpoint comes last, so that a copy never shows
 * one whose tiles it does not have.
 *
 * The copy may be all that still tells what the log once signed. So nothing in it is touched unless the log continues
 * what the copy has; otherwise the checkpoint that does not is put beside it, and both stay as evidence.
 * @param read gives the tiles of the folder
 * @returns the size of the copied log, or undefined where nothing is published yet
 * @throws CausewayError `log-forked` when the log does not continue its copy
 */
export async function mirrorLog(from: LogFolder, dir: string, read: TileReader): Promise<number | undefined> {
  // Read first: so it is never of more leaves than the checkpoint, and the copy has its tiles.
  const witnessed = await from.readWitnessedCheckpoint();
  const text = await from.readCheckpoint();
  if (text === undefined) return undefined;
  const to = new LogFolder(dir);
  const published = checkpointOf(text);
  const copied = await to.readCheckpoint();
  const copiedWitnessed = await to.readWitnessedCheckpoint();
  for (const older of [copied, copiedWitnessed]) {
    const problem = older === undefined ? undefined : await whyForked(checkpointOf(older), published, read);
    if (problem === undefined) continue;
    await to.keepForkedCheckpoint(text);
    throw new CausewayError('log-forked', { detail: `The copy in ${dir} was left as it is. ${problem}` });
  }
  // The same one may have been cosigned since.
  if (text !== copied) {
    const known = copied === undefined ? 0 : checkpointOf(copied).size;
    for (const name of filesBetween(known, published.size)) await copyPart(from, to, name);
    // A crash of its machine must not take away what this checkpoint needs: no later copying would bring it again.
    await to.sync();
    await to.writeCheckpoint(text);
  }
  if (witnessed !== undefined && witnessed !== copiedWitnessed && !isOlder(witnessed, copiedWitnessed))
    to.writeWitnessedCheckpoint(witnessed);
  await to.sync();
  return published.size;
}

/** @returns undefined when a proof leads from the older checkpoint to the newer one; otherwise what is wrong, a sentence */
async function whyForked(
  older: Checkpoint,
  newer: Checkpoint,
  read: TileReader,
): Promise<string | undefined> {
  if (older.origin !== newer.origin) return `It is of the log ${older.origin}.`;
  if (older.size > newer.size)
    return `It has ${older.size} leaves, but the log was published with ${newer.size} after that.`;
  if (older.size === 0) return undefined;
  const path = await proveConsistency(older.size, newer.size, read).catch((error: unknown) => {
    if (!isCausewayError(error)) throw error;
    return [];
  });
  const { size: fromSize, root: fromRoot } = older;
  if (verifyConsistency({ fromSize, fromRoot, size: newer.size, root: newer.root, path })) return undefined;
  return `Its ${older.size} leaves are not the first of the ${newer.size} that the log was published with after that.`;
}

function isOlder(text: string, than: string | undefined): boolean {
  return than !== undefined && checkpointOf(text).size < checkpointOf(than).size;
}

function checkpointOf(text: string): Checkpoint {
  return parseCheckpoint(parseNote(text).text);
}

/** Every tile and bundle that a log of `size` has and one of `known` had not, or had narrower. */
export function* filesBetween(known: number, size: number): Generator<TileName | BundleName> {
  for (let level = 0; hashesAtLevel(level, size) > 0; level++) {
    const full = Math.floor(hashesAtLevel(level, size) / tileWidth);
    for (let index = Math.floor(hashesAtLevel(level, known) / tileWidth); index < full; index++) {
      yield { level, index, width: tileWidth };
    }
  }
  yield* partialTilesAt(size);
  const fullBundles = Math.floor(size / tileWidth);
  for (let index = Math.floor(known / tileWidth); index < fullBundles; index++) {
    yield { level: 'entries', index, width: tileWidth };
  }
  if (size % tileWidth !== 0) yield { level: 'entries', index: fullBundles, width: size % tileWidth };
}

/** A partial file may have grown since the checkpoint was read: then its beginning is what is wanted. */
async function copyPart(from: LogFolder, to: LogFolder, name: TileName | BundleName): Promise<void> {
  const bytes = await readExactly(from, name);
  if (bytes === undefined) throw new Error(`${tilePath(name)} is missing`);
  await to.writeFile(name, bytes);
  if (name.width < tileWidth) await to.dropNarrower(name);
}

/** A tile or bundle of exactly this width, cut from a wider one where that is what there is. */
export async function readExactly(
  folder: LogFolder,
  name: TileName | BundleName,
): Promise<Buffer | undefined> {
  const found = await folder.readFile(name);
  if (found === undefined || found.width === name.width) return found?.bytes;
  return name.level === 'entries'
    ? firstEntries(found.bytes, name.width)
    : found.bytes.subarray(0, name.width * 32);
}

function firstEntries(bundle: Buffer, count: number): Buffer {
  let end = 0;
  for (let entry = 0; entry < count; entry++) end += 2 + bundle.readUInt16BE(end);
  return bundle.subarray(0, end);
}
