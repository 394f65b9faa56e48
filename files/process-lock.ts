/** One process at a time. */
import { sqliteErrorOf, sqliteErrors } from './sqlite-error.ts';

/** A file that this process holds until it is released; the operating system releases it when the process dies. */
export type ProcessLock = { release(): void };

/**
 * Holds a file, which is made where there is none: by an open exclusive transaction on an empty database, a lock that
 * SQLite takes in each system's own way.
 * @returns undefined while another process holds it
 * @throws SQLite's error where the file cannot be opened or written
 */
export function takeLock(file: string): ProcessLock | undefined {
  // Asked for here, not imported: an older Node has none, and the SDK must come to say so.
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    if (sqliteErrorOf(error) === sqliteErrors.busy) return undefined;
    throw error;
  }
}
