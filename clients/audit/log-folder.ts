/** A log in a folder, in the layout of c2sp.org/tlog-tiles. */
import { open, opendir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { CausewayError } from '../../protocol/errors.ts';
import { hashBytes } from '../../protocol/proof/merkle.ts';
import { maxNoteBytes } from '../../protocol/proof/note.ts';
import {
  maxEntryBytes,
  tilePath,
  tileWidth,
  type BundleName,
  type TileName,
} from '../../protocol/proof/tile.ts';
import { unreadable } from './unreadable.ts';

export const checkpointFile = 'checkpoint';

const maxTileBytes = tileWidth * hashBytes;
const maxBundleBytes = tileWidth * (2 + maxEntryBytes);

/** Where the files of a log are. */
export type LogFiles = {
  /**
   * The bytes of a file, or `undefined` when there is none. Of a longer one than `limit`, just enough to show it.
   * @throws CausewayError `log-unreadable`
   */
  readFile(path: string, limit: number): Promise<Buffer | undefined>;
  /** The paths of the files below `tile/`, in any order. */
  paths(): AsyncIterable<string>;
};

/** What a file of the log holds, and under which name it was found. */
export type LogFile = { readonly path: string; readonly width: number; readonly bytes: Buffer };

/** The checkpoint's bytes, or `undefined` when there is none. */
export function readCheckpointFile(files: LogFiles): Promise<Buffer | undefined> {
  return files.readFile(checkpointFile, maxNoteBytes);
}

/**
 * A tile or bundle: under its own name, or else a wider one of the same place, of which it is the beginning.
 * @returns `undefined` when there is none
 */
export async function readLogFile(
  files: LogFiles,
  name: TileName | BundleName,
): Promise<LogFile | undefined> {
  const limit = name.level === 'entries' ? maxBundleBytes : maxTileBytes;
  for (const width of widthsFrom(name.width)) {
    const path = tilePath({ ...name, width });
    const bytes = await files.readFile(path, limit);
    if (bytes !== undefined) return { path, width, bytes };
  }
  return undefined;
}

/** The width itself, then the full one, then those between: there is no list of files to look into. */
function* widthsFrom(width: number): Generator<number> {
  yield width;
  if (width < tileWidth) yield tileWidth;
  for (let wider = width + 1; wider < tileWidth; wider++) yield wider;
}

/** The files of a folder on disk. */
export function logFolder(dir: string): LogFiles {
  return {
    readFile: (path, limit) => readUpTo(join(dir, path), limit),
    paths: () => pathsBelow(dir, 'tile'),
  };
}

async function* pathsBelow(dir: string, below: string): AsyncGenerator<string> {
  const folder = await opendir(join(dir, below)).catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw unreadable(join(dir, below), 'it cannot be read', error);
  });
  if (folder === undefined) return;
  for await (const entry of folder) {
    const path = `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* pathsBelow(dir, path);
    else yield path;
  }
}

/**
 * The bytes of a file, or `undefined` when there is none. Of a longer one than `limit`, just enough to show it.
 * @throws CausewayError `log-unreadable`
 */
export async function readUpTo(path: string, limit: number): Promise<Buffer | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const found = await file.stat();
    if (!found.isFile()) throw unreadable(path, 'it is not a file');
    const bytes = Buffer.allocUnsafe(Math.min(found.size, limit + 1));
    let length = 0;
    while (length < bytes.byteLength) {
      const { bytesRead } = await file.read(bytes, length, bytes.byteLength - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error instanceof CausewayError ? error : unreadable(path, 'it cannot be read', error);
  } finally {
    await file?.close();
  }
}

function isAbsence(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
