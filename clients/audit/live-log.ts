/** Whether a folder is the log of a gateway that runs, and no copy of it. */
import { existsSync, realpathSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { sqliteErrorOf, sqliteErrors } from '../../files/sqlite-error.ts';

/**
 * True where a gateway on this machine keeps the folder up to date: it holds the lock beside it. Looks without writing, since
 * what lies there may be evidence.
 */
export function isLiveLog(folder: string): boolean {
  let database: DatabaseSync | undefined;
  try {
    const lock = `${realpathSync(folder)}.lock`;
    if (!existsSync(lock)) return false;
    database = new DatabaseSync(lock, { readOnly: true, timeout: 0 });
    database.exec('PRAGMA schema_version');
    return false;
  } catch (error) {
    // A lock that this user may not look at tells nothing.
    return sqliteErrorOf(error) === sqliteErrors.busy;
  } finally {
    database?.close();
  }
}
