/** Folders with private keys: made whole or not at all, and readable by their owner only. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CausewayError } from '../../protocol/errors.ts';
import { unreadableHome } from '../../protocol/home-words.ts';
import { syncFolder } from '../durable-file.ts';

/**
 * Makes a folder, mode 0700, by filling a sibling and giving it the name at the end: whatever happens in
 * between, there is never half a folder under `dir`. An empty folder of that name is taken over.
 * @throws CausewayError `home-exists` when there is something under `dir` already
 */
export async function makePrivateFolder(dir: string, fill: (path: string) => Promise<void>): Promise<void> {
  const target = resolve(dir);
  await mkdir(dirname(target), { recursive: true });
  const draft = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.partial`);
  await mkdir(draft, { mode: 0o700 });
  try {
    await fill(draft);
    await syncFolder(draft);
    await rename(draft, target);
    await syncFolder(dirname(target));
  } catch (cause) {
    await rm(draft, { recursive: true, force: true });
    if (isExistence(cause)) throw new CausewayError('home-exists', { detail: `It is ${dir}.`, cause });
    throw cause;
  }
}

/**
 * Reads a file that nobody but its owner may read.
 * @throws CausewayError `home-invalid`, with the command that mends the mode
 */
export async function readPrivateFile(path: string): Promise<string> {
  const { mode } = await stat(path).catch((cause: unknown) => unreadable(path, cause));
  if ((mode & 0o077) !== 0) {
    throw new CausewayError('home-invalid', {
      detail: `Other users of this machine may read ${path}. If none has, run: chmod 600 ${path}`,
    });
  }
  return readHomeFile(path);
}

/** Reads a file of a home. @throws CausewayError `home-invalid` */
export async function readHomeFile(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => unreadable(path, cause));
}

async function unreadable(path: string, cause: unknown): Promise<never> {
  const found = await readdir(dirname(path)).catch(() => undefined);
  const detail = unreadableHome('gateway', dirname(path), basename(path), found);
  throw new CausewayError('home-invalid', { detail, cause });
}

function isExistence(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR';
}
