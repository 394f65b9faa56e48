/** One process at a time for a store that is for one gateway, or for the folder of an audit log. */
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CausewayError } from '../../protocol/errors.ts';
import { sqliteErrorOf, sqliteErrors } from './sqlite/failures.ts';

/**
 * Holds `<path>.lock` for this process until released; the operating system releases it when the process dies.
 * It keeps a second gateway away, not the administrative commands, which do not ask for it.
 * @throws CausewayError `store-in-use` when another process holds it, `store-unavailable` when it cannot be written
 */
export function lockPath(path: string): { release(): void } {
  const lock = `${resolve(path)}.lock`;
  const database = openLock(lock);
  try {
    // An open exclusive transaction on an empty database: a lock that SQLite takes in each system's own way.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (sqliteErrorOf(error) !== sqliteErrors.busy) throw error;
    throw new CausewayError('store-in-use', { detail: `Its lock is ${lock}.`, cause: error });
  }
  return { release: () => database.close() };
}

function openLock(lock: string): DatabaseSync {
  try {
    return new DatabaseSync(lock, { timeout: 0 });
  } catch (cause) {
    const detail = `${lock} cannot be written: its folder is missing, or belongs to another user.`;
    throw new CausewayError('store-unavailable', { detail, cause });
  }
}
