/** Files that are whole or not there, whatever happens, and on disk once the promise resolves. */
import { randomBytes } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Writes a file that must not be there yet, whole or not at all. Private unless said otherwise. The folder is not synced. */
export async function writeNewFile(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    // A part of it would be taken for the whole, and would keep the next attempt from its place.
    await rm(path, { force: true }).catch(() => undefined);
    throw about(path, error);
  } finally {
    await file.close();
  }
}

/** Puts new content in the place of a file at one stroke. Private unless said otherwise. */
export async function replaceFile(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  // Whoever reads the folder passes over what is hidden.
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.partial`);
  try {
    await writeNewFile(draft, content, mode);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw about(path, error);
  }
  await syncFolder(dirname(path));
}

/** What a disk without hard links answers. */
const linkless: readonly unknown[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/**
 * Gives a file, which is on the disk, a name that is free, beside the one that it has and loses. The folder is not synced.
 * @param hardLink how a second name is made; for tests
 * @throws the system's error, `EEXIST` where something has that name: it is left alone
 */
export async function giveFreeName(from: string, to: string, hardLink: typeof link = link): Promise<void> {
  try {
    await hardLink(from, to);
  } catch (error) {
    if (!linkless.includes((error as NodeJS.ErrnoException).code)) throw error;
    // To rename alone would take the place of whatever stands there.
    await writeNewFile(to, '');
    try {
      await rename(from, to);
      return;
    } catch (failure) {
      await rm(to, { force: true }).catch(() => undefined);
      throw failure;
    }
  }
  await rm(from);
}

/** With the path that people know: the system names none for an open file, and a draft is gone when they look. */
function about(path: string, error: unknown): unknown {
  return error instanceof Error ? Object.assign(error, { path }) : error;
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
