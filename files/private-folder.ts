/** Folders with private keys: made whole or not at all, and readable by their owner only. */
import { chmod, mkdir, readdir, readFile, rename, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { CausewayError } from '../protocol/errors.ts';
import { syncFolder } from './durable-file.ts';
import { HiddenDraft } from './hidden-draft.ts';
import { makeFolder } from './make-folder.ts';
import { shellWord } from './shell-word.ts';
import { sqliteErrorOf } from './sqlite-error.ts';
import { unreadableHome, type HomeKind } from './unreadable-home.ts';

/**
 * Makes a folder, mode 0700, by filling a sibling that gets the name at the end: whatever happens in between, there is
 * never half a folder under `dir`. An empty folder of that name is taken over. What a run that was killed has left beside it
 * is removed by the next one.
 * @returns its absolute path, and what it was filled with
 * @throws CausewayError `home-exists` when there is something under `dir` already
 */
export async function makePrivateFolder<T>(
  dir: string,
  fill: (draft: string) => Promise<T>,
): Promise<{ readonly target: string; readonly filled: T }> {
  const target = resolve(dir);
  await makeFolder(dirname(target));
  const draft = await beginDraft(target);
  try {
    await checkPlace(target);
    const filled = await fill(draft.path);
    await putInPlace(draft.path, target);
    return { target, filled };
  } finally {
    await draft.end();
  }
}

async function beginDraft(target: string): Promise<HiddenDraft> {
  // Not `makeFolder`, which would take one that somebody else has put there.
  const make = async (draft: string): Promise<void> => mkdir(draft, 0o700);
  return HiddenDraft.begin(target, 'partial', make).catch((cause: unknown) => {
    if (sqliteErrorOf(cause) === undefined) throw cause;
    const detail = `${target} cannot be made: the disk takes no lock there. It is full, or fails.`;
    throw new CausewayError('file-unavailable', { detail, cause });
  });
}

/**
 * Makes sure that a folder can be put there, be it in the place of an empty one: a folder that is a disk of its own gives
 * up its name to nobody, which is found only by trying.
 * @throws CausewayError `home-exists`
 */
export async function checkPlace(target: string): Promise<void> {
  const found = await stat(target).catch(() => undefined);
  if (found === undefined) return;
  await rmdir(target).catch(refuseExistence(target));
  await mkdir(target);
  await chmod(target, found.mode & 0o7777);
}

/** Gives a folder its name, durably. @throws CausewayError `home-exists` when there is more than an empty folder */
export async function putInPlace(draft: string, target: string): Promise<void> {
  await syncFolder(draft);
  await rename(draft, target).catch(refuseExistence(target));
  await syncFolder(dirname(target));
}

/**
 * Reads a file that nobody but its owner may read.
 * @param home what kind of home it belongs to; undefined where it may lie anywhere
 * @throws CausewayError `home-invalid`, with the command that mends the mode
 */
export async function readPrivateFile(path: string, home: HomeKind | undefined): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === true && (found.mode & 0o077) !== 0) {
    throw new CausewayError('home-invalid', {
      detail: `Other users of this machine may read ${path}. If none has, run: chmod 600 ${shellWord(path)}`,
    });
  }
  return readHomeFile(path, home);
}

/**
 * Reads a file of a home, or one that a home names.
 * @throws CausewayError `home-invalid`; also where it is no file: a pipe would be waited for without end
 */
export async function readHomeFile(path: string, home: HomeKind | undefined): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === false)
    throw new CausewayError('home-invalid', { detail: `${path} is not a file.` });
  return readFile(path, 'utf8').catch((cause: unknown) => unreadable(path, home, cause));
}

async function unreadable(path: string, home: HomeKind | undefined, cause: unknown): Promise<never> {
  const found = await readdir(dirname(path)).catch(() => undefined);
  const detail =
    home === undefined
      ? `${path} cannot be read.`
      : unreadableHome(home, dirname(path), basename(path), found);
  throw new CausewayError('home-invalid', { detail, cause });
}

function refuseExistence(target: string): (cause: unknown) => never {
  return (cause) => {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code)) throw cause;
    throw placeTaken(target, code !== 'ENOTDIR', cause);
  };
}

/** @param isFolder false where something else than a folder is there */
export function placeTaken(target: string, isFolder: boolean, cause?: unknown): CausewayError {
  return new CausewayError('home-exists', {
    detail: isFolder ? `The folder ${target} is not empty.` : `${target} is no folder.`,
    ...(cause === undefined ? {} : { cause }),
  });
}
