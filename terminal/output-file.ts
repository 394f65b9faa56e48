/** A file that a result goes into, opened before the work: some work cannot be done a second time for its result. */
import { open, rm, type FileHandle } from 'node:fs/promises';
import { fileReason, fileTrouble } from '../files/file-trouble.ts';
import { usageError } from './input.ts';

const ownerOnly = 0o600;

/**
 * Opens a file for its owner only, does the work, and writes what it returns. A file that holds something is never written
 * over: only an empty one, as work that was cut off may have left, and what is no file, such as a pipe, are taken as they
 * are. When the work fails, or what it returns cannot be written, nothing new is left.
 * @throws CausewayError `usage-invalid` when the file holds something or cannot be written; the work has not begun then.
 * `file-unavailable`, with the name of the file, when what the work returned cannot be written
 */
export async function writeResult(path: string, work: () => Promise<string>): Promise<void> {
  const { file, isNew } = await openForWriting(path);
  try {
    const result = await work();
    await file.writeFile(result).catch((error: unknown) => {
      throw fileTrouble(error, `${path} cannot be written`) ?? error;
    });
  } catch (error) {
    if (isNew) await rm(path, { force: true });
    // What is no file has no length to take back.
    else await file.truncate(0).catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
}

async function openForWriting(path: string): Promise<{ file: FileHandle; isNew: boolean }> {
  try {
    return { file: await open(path, 'ax', ownerOnly), isNew: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotWrite(path, error);
  }
  let file: FileHandle;
  try {
    file = await open(path, 'a', ownerOnly);
  } catch (error) {
    throw cannotWrite(path, error);
  }
  const found = await file.stat();
  if (!found.isFile() || found.size === 0) return { file, isNew: false };
  await file.close();
  throw usageError(`${path} exists; nothing was overwritten. Name another file.`);
}

function cannotWrite(path: string, error: unknown): unknown {
  const noFolder = 'there is no such folder';
  return usageError(
    `${path} cannot be written${fileReason(error, { ENOENT: noFolder, ENOTDIR: noFolder })}.`,
    error,
  );
}
