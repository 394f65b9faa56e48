/** One process at a time for a store that is for one gateway, or for the folder of an audit log. */
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CausewayError } from '../../protocol/errors.ts';
import { takeLock, type ProcessLock } from '../../files/process-lock.ts';

/**
 * Holds `<path>.lock` for this process until released; the operating system releases it when the process dies.
 * It keeps a second gateway away, not the administrative commands, which do not ask for it.
 * @throws CausewayError `store-in-use` when another process holds it, `store-unavailable` when it cannot be written
 */
export function lockPath(path: string): ProcessLock {
  const file = `${withoutLinks(path)}.lock`;
  const lock = tryLock(file);
  if (lock === undefined) throw new CausewayError('store-in-use', { detail: `Its lock is ${file}.` });
  return lock;
}

function tryLock(file: string): ProcessLock | undefined {
  try {
    return takeLock(file);
  } catch (cause) {
    const detail = `${file} cannot be written: its folder is missing, belongs to another user, or the disk is full.`;
    throw new CausewayError('store-unavailable', { detail, cause });
  }
}

/** Two names of one store have one lock. */
function withoutLinks(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const folder = dirname(resolve(path));
  return join(existsSync(folder) ? realpathSync(folder) : folder, basename(path));
}
