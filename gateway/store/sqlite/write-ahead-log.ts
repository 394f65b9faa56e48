/** How long the write-ahead log is, and moving its pages into the database file. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { busyTimeoutMs, firstRow, prepare } from './database.ts';

/** Frames are pages of 16 KiB. */
type LogState = { readonly frames: number; readonly uncopied: number };

export class WriteAheadLog {
  readonly #database: DatabaseSync;
  readonly #look: StatementSync;
  readonly #copy: StatementSync;
  readonly #empty: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#look = prepare(database, 'PRAGMA wal_checkpoint(NOOP)');
    this.#copy = prepare(database, 'PRAGMA wal_checkpoint(PASSIVE)');
    this.#empty = prepare(database, 'PRAGMA wal_checkpoint(TRUNCATE)');
  }

  /** Looks without touching a file. */
  state(): LogState {
    const [, frames, copied] = firstRow<[number, number, number]>(this.#look) ?? [0, 0, 0];
    return { frames, uncopied: frames - copied };
  }

  /**
   * Copies as many pages as it can without making anybody wait. Once all are copied and no reader needs them, the
   * next commit starts the log from its beginning again.
   */
  copy(): void {
    firstRow(this.#copy);
  }

  /**
   * Copies all pages and cuts the log to nothing, so that nothing of what was deleted is left in it.
   * @param waitMs how long to wait for whoever still reads older pages; nobody can write meanwhile
   * @returns false when somebody reads them still
   */
  empty(waitMs: number): boolean {
    this.#database.exec(`PRAGMA busy_timeout = ${waitMs}`);
    try {
      return firstRow<[number]>(this.#empty)?.[0] === 0;
    } finally {
      this.#database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    }
  }
}
