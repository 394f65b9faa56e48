/** One process at a time for a store that is for one gateway, or for the folder of an audit log. */
import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
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
    const detail = `${file} cannot be written: its folder is missing, belongs to another user, or the disk is full or takes no changes.`;
    throw new CausewayError('store-unavailable', { detail, cause });
  }
}

/** Two names of one store come to one path, also while there is only a link to where it will be. */
export function withoutLinks(path: string, mostLinks = 40): string {
  if (existsSync(path)) return realpathSync(path);
  const named = dirname(resolve(path));
  const folder = existsSync(named) ? realpathSync(named) : named;
  if (mostLinks > 0 && isLink(path)) return withoutLinks(resolve(folder, readlinkSync(path)), mostLinks - 1);
  return join(folder, basename(path));
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}
