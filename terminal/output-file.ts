/** A file that a result goes into, opened before the work: some work cannot be done a second time for its result. */
import { open, rm, type FileHandle } from 'node:fs/promises';
import { isCausewayError } from '../protocol/errors.ts';
import { fileReason, fileTrouble } from '../files/file-trouble.ts';
import { usageError } from './input.ts';

const ownerOnly = 0o600;

/**
 * Opens a file for its owner only, does the work, and writes what it returns. A file that holds something is never written
 * over: only an empty one, as work that was cut off may have left, is taken, and what is no file, such as a pipe, as it is.
 * When the work fails, or what it returns cannot be written, nothing new is left.
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
  try {
    const found = await file.stat();
    if (found.isFile() && found.size > 0)
      throw usageError(`${path} exists; nothing was overwritten. Name another file.`);
    if (found.isFile()) await file.chmod(ownerOnly);
    return { file, isNew: false };
  } catch (error) {
    await file.close();
    throw isCausewayError(error) ? error : cannotWrite(path, error);
  }
}

function cannotWrite(path: string, error: unknown): unknown {
  const noFolder = 'there is no such folder';
  return usageError(
    `${path} cannot be written${fileReason(error, { ENOENT: noFolder, ENOTDIR: noFolder })}.`,
    error,
  );
}
