/** Files and folders that are whole or not there, whatever happens, and on disk once the promise resolves. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, rename, rm, rmdir, stat } from 'node:fs/promises';
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
    await checkPlace(target);
    const filled = await fill(draft);
    await putInPlace(draft, target);
    return { target, filled };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
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

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function refuseExistence(target: string): (cause: unknown) => never {
  return (cause) => {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code)) throw cause;
    throw new CausewayError('home-exists', { detail: `It is ${target}.`, cause });
  };
}
