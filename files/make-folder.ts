/** Folders, with those above them. */
import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder, and those above it that are missing. One that is there already stays as it is.
 * Node's own way does not end in a place that takes no folders, such as `/proc`.
 * @param mode of each folder that is made
 * @throws the error of the file system, which `fileTrouble` puts into words
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const target = resolve(path);
  try {
    await makeOrFind(target, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(target) === target) throw error;
    await makeFolder(dirname(target), mode);
    await makeOrFind(target, mode);
  }
}

async function makeOrFind(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, mode);
  } catch (error) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() !== true) throw error;
  }
}

/**
 * The same, at once.
 * @returns the uppermost folder that was made; undefined where all were there
 */
export function makeFolderNow(path: string): string | undefined {
  const target = resolve(path);
  try {
    return makeOrFindNow(target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(target) === target) throw error;
    const above = makeFolderNow(dirname(target));
    const made = makeOrFindNow(target);
    return above ?? made;
  }
}

function makeOrFindNow(path: string): string | undefined {
  try {
    mkdirSync(path);
    return path;
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
    return undefined;
  }
}
