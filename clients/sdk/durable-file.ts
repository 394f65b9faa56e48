/** Files and folders that are whole or not there, whatever happens, and on disk once the promise resolves. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CausewayError } from '../../protocol/errors.ts';

/** Writes a file that must not be there yet. For its owner only unless said otherwise. The folder is not synced. */
export async function writeNewFile(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Writes a file, or puts new content in its place at one stroke. For its owner only unless said otherwise. */
export async function replaceFile(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  // Whoever reads the folder passes over what is hidden.
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.partial`);
  try {
    await writeNewFile(draft, content, mode);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * Makes a folder for its owner only, by filling a sibling that gets the name at the end. An empty folder of that name is
 * taken over.
 * @returns its absolute path, and what it was filled with
 * @throws CausewayError `home-exists` when there is something under `dir` already
 */
export async function makePrivateFolder<T>(
  dir: string,
  fill: (draft: string) => Promise<T>,
): Promise<{ readonly target: string; readonly filled: T }> {
  const target = resolve(dir);
  await mkdir(dirname(target), { recursive: true });
  const draft = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.partial`);
  await mkdir(draft, { mode: 0o700 });
  try {
    // Here already, since a folder that is a disk of its own gives up its name to nobody.
    await rmdir(target).catch(ignoreAbsence);
    const filled = await fill(draft);
    await syncFolder(draft);
    await rename(draft, target);
    await syncFolder(dirname(target));
    return { target, filled };
  } catch (cause) {
    await rm(draft, { recursive: true, force: true });
    if (!isExistence(cause)) throw cause;
    throw new CausewayError('home-exists', { detail: `It is ${dir}.`, cause });
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function ignoreAbsence(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

function isExistence(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code);
}
