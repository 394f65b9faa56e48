/** One change of a file at a time: of two that read it, change it and put it back, one would undo the other. */
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CausewayError } from '../protocol/errors.ts';
import { fileTrouble } from './file-trouble.ts';
import { takeLock, type ProcessLock } from './process-lock.ts';

const pollMs = 20;

/**
 * Reads, checks and replaces a file while no other command does. The lock stands beside it under a hidden name and is
 * gone afterwards; one that a crash has left holds nobody up. Where its folder takes no lock, it takes no other file
 * either, and the change says so in its own words.
 * @param patienceMs how long another change is waited for
 * @throws CausewayError `file-in-use` where that takes longer, `file-unavailable`; or what the change throws
 */
export async function changeAlone<T>(file: string, change: () => Promise<T>, patienceMs = 2_000): Promise<T> {
  const path = join(dirname(file), `.${basename(file)}.lock`);
  const lock = isPlaced(path) ? await waitForLock(file, path, patienceMs) : undefined;
  try {
    return await change();
  } finally {
    if (lock !== undefined) {
      for (const name of [ownerOf(path), path]) rmSync(name, { force: true });
      lock.release();
    }
  }
}

async function waitForLock(file: string, path: string, patienceMs: number): Promise<ProcessLock> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const lock = tryLock(file, path);
    if (lock !== undefined) return lock;
    if (performance.now() > deadline) throw inUse(file, path);
    await pause(pollMs);
  }
}

/** @returns undefined while another one has it */
function tryLock(file: string, path: string): ProcessLock | undefined {
  // SQLite opens what it may only read without a word, and then locks nothing.
  if (!isPlaced(path) || !isWritable(path)) return undefined;
  const before = inodeOf(path);
  let lock: ProcessLock | undefined;
  try {
    lock = takeLock(path);
  } catch (cause) {
    const detail = `${file} cannot be changed: ${path} cannot be locked.`;
    throw (
      fileTrouble(cause, `${file} cannot be changed`) ??
      new CausewayError('file-unavailable', { detail, cause })
    );
  }
  if (lock === undefined) return undefined;
  // Whoever had it before has removed it, perhaps between its opening here and its locking: others lock another file.
  if (before === undefined || before !== inodeOf(path)) {
    lock.release();
    return undefined;
  }
  tellOwner(path);
  return lock;
}

/** Makes the file of the lock where there is none. One that is there is not opened: to close it would let go of its lock. */
function isPlaced(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o600));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST';
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function inodeOf(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

function ownerOf(path: string): string {
  return `${path}-owner`;
}

/** For the words to those who wait: without it, they are told less. */
function tellOwner(path: string): void {
  try {
    writeFileSync(ownerOf(path), String(process.pid), { mode: 0o644 });
  } catch {
    // The disk may be full, which the change itself says.
  }
}

function inUse(file: string, path: string): CausewayError {
  let owner = 'another process';
  try {
    owner = `process ${readFileSync(ownerOf(path), 'utf8').slice(0, 20)}`;
  } catch {
    // It has not told yet, or could not.
  }
  const detail = `It is ${file}, and ${owner} has its lock, ${path}.`;
  return new CausewayError('file-in-use', { detail });
}
