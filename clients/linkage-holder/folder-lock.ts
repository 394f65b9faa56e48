/** One process at a time for a holder's folder: two that write its record would break the chain. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CausewayError } from '../../protocol/errors.ts';

/**
 * Holds the folder for this process until released; the operating system releases it when the process dies.
 * @throws CausewayError `holder-in-use` when another process has it, `home-invalid` when there is no such folder
 */
export function lockHolderFolder(dir: string): { release(): void } {
  const database = openDatabase(join(dir, 'holder.lock'));
  try {
    // An open exclusive transaction on an empty database: a lock that SQLite takes in each system's own way.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    throw new CausewayError('holder-in-use', { detail: `It is ${dir}.`, cause });
  }
  return { release: () => database.close() };
}

function openDatabase(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: 0 });
  } catch (cause) {
    throw new CausewayError('home-invalid', { detail: `${path} cannot be opened.`, cause });
  }
}
