/** Copies the published log into another folder, such as a mount of another machine: only what is new there. */

import { parseCheckpoint } from '../../protocol/proof/checkpoint.ts';
import { parseNote } from '../../protocol/proof/note.ts';
import {
  hashesAtLevel,
  partialTilesAt,
  tilePath,
  tileWidth,
  type BundleName,
  type TileName,
} from '../../protocol/proof/tile.ts';
import { LogFolder } from './log-folder.ts';

/**
 * Brings a copy up to the checkpoint that the folder has now. The checkpoint comes last, so that a copy never shows
 * one whose tiles it does not have.
 * @returns the size of the copied log, or undefined where nothing is published yet
 */
export async function mirrorLog(from: LogFolder, dir: string): Promise<number | undefined> {
  // Read first: so it is never of more leaves than the checkpoint, and the copy has its tiles.
  const witnessed = await from.readWitnessedCheckpoint();
  const text = await from.readCheckpoint();
  if (text === undefined) return undefined;
  const to = new LogFolder(dir);
  const { size } = parseCheckpoint(parseNote(text).text);
  const copied = await to.readCheckpoint();
  const known = sizeOf(copied);
  if (known > size) return size;
  // The same one may have been cosigned since.
  if (text !== copied) {
    for (const name of filesBetween(known, size)) await copyPart(from, to, name);
    await to.writeCheckpoint(text);
  }
  if (witnessed !== undefined && witnessed !== (await to.readWitnessedCheckpoint()))
    to.writeWitnessedCheckpoint(witnessed);
  await to.sync();
  return size;
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

function sizeOf(text: string | undefined): number {
  return text === undefined ? 0 : parseCheckpoint(parseNote(text).text).size;
}
