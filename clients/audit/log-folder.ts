/** A log in a folder, in the layout of c2sp.org/tlog-tiles. */
import { constants } from 'node:fs';
import { open, opendir, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { CausewayError } from '../../protocol/errors.ts';
import { witnessedCheckpointFile } from '../../protocol/proof/checkpoint.ts';
import { hashBytes } from '../../protocol/proof/merkle.ts';
import { maxNoteBytes } from '../../protocol/proof/note.ts';
import {
  maxEntryBytes,
  parseTilePath,
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
  /** The names in a folder, in any order; none when there is no such folder. @throws CausewayError `log-unreadable` */
  namesIn(folder: string): Promise<readonly string[]>;
  /** The paths of the files below `tile/`, in any order. */
  paths(): AsyncIterable<string>;
};

/** What a file of the log holds, and under which name it was found. */
export type LogFile = { readonly path: string; readonly width: number; readonly bytes: Buffer };

/** The checkpoint's bytes, or `undefined` when there is none. */
export function readCheckpointFile(files: LogFiles): Promise<Buffer | undefined> {
  return files.readFile(checkpointFile, maxNoteBytes);
}

/** The newest checkpoint that a witness has cosigned, or `undefined` when there is none. */
export function readWitnessedFile(files: LogFiles): Promise<Buffer | undefined> {
  return files.readFile(witnessedCheckpointFile, maxNoteBytes);
}

/**
 * A tile or bundle: under its own name, or else a wider one of the same place, of which it is the beginning.
 * @returns `undefined` when there is none
 */
export async function readLogFile(
  files: LogFiles,
  name: TileName | BundleName,
): Promise<LogFile | undefined> {
  const found = await findLogFile(files, name);
  // A gateway that runs may have put a wider one in its place after that was looked for: it is there now.
  return found === undefined && name.width < tileWidth ? findLogFile(files, name) : found;
}

async function findLogFile(files: LogFiles, name: TileName | BundleName): Promise<LogFile | undefined> {
  const limit = name.level === 'entries' ? maxBundleBytes : maxTileBytes;
  for (const width of new Set([name.width, tileWidth])) {
    const path = tilePath({ ...name, width });
    const bytes = await files.readFile(path, limit);
    if (bytes !== undefined) return { path, width, bytes };
  }
  for (const { path, width } of await widerPartials(files, name)) {
    const bytes = await files.readFile(path, limit);
    if (bytes !== undefined) return { path, width, bytes };
  }
  return undefined;
}

/** The partial ones of a place that are wider than the one that is wanted, the narrowest first. */
async function widerPartials(
  files: LogFiles,
  name: TileName | BundleName,
): Promise<{ readonly path: string; readonly width: number }[]> {
  if (name.width === tileWidth) return [];
  const folder = `${tilePath({ ...name, width: tileWidth })}.p`;
  const names = await files.namesIn(folder);
  return names
    .map((width) => `${folder}/${width}`)
    .map((path) => ({ path, width: parseTilePath(path)?.width ?? 0 }))
    .filter(({ width }) => width > name.width)
    .sort((a, b) => a.width - b.width);
}

/** The files of a folder on disk. */
export function logFolder(dir: string): LogFiles {
  return {
    readFile: (path, limit) => readUpTo(join(dir, path), limit),
    namesIn: (folder) => namesIn(join(dir, folder)),
    paths: () => pathsBelow(dir, 'tile'),
  };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isAbsence(error)) return [];
    throw unreadable(folder, 'it cannot be read', error);
  });
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
 * @param fromPipe reads what comes out of a pipe, which is otherwise refused; the pipe does not wait when it is read
 * @throws CausewayError `log-unreadable`
 */
export async function readUpTo(
  path: string,
  limit: number,
  fromPipe?: (pipe: FileHandle) => Promise<Buffer>,
): Promise<Buffer | undefined> {
  let file: FileHandle | undefined;
  try {
    // Opening a named pipe would otherwise wait for ever for somebody to write into it.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    if (found.isFIFO() && fromPipe !== undefined) return await fromPipe(file);
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
