/** A file that a result goes into, opened before the work: some work cannot be done a second time for its result. */
import { open, rm, type FileHandle } from 'node:fs/promises';
import { fileReason } from '../files/file-trouble.ts';
import { usageError } from './input.ts';

const ownerOnly = 0o600;

/**
 * Opens a file for its owner only, does the work, and writes what it returns in place of what the file held. When the
 * work fails, the file is as it was before.
 * @throws CausewayError `usage-invalid` when the file cannot be written; the work has not begun then
 */
export async function writeResult(path: string, work: () => Promise<string>): Promise<void> {
  const { file, isNew } = await openForWriting(path);
  try {
    const text = await work();
    if ((await file.stat()).isFile()) await file.truncate();
    await file.writeFile(text);
  } catch (error) {
    if (isNew) await rm(path, { force: true });
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
  try {
    return { file: await open(path, 'a', ownerOnly), isNew: false };
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function cannotWrite(path: string, error: unknown): unknown {
  const noFolder = 'there is no such folder';
  return usageError(
    `${path} cannot be written${fileReason(error, { ENOENT: noFolder, ENOTDIR: noFolder })}.`,
    error,
  );
}
