/** How long the write-ahead log is, and moving its pages into the database file. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { firstRow, prepare } from './database.ts';

/** Frames are pages of 16 KiB. */
type LogState = { readonly frames: number; readonly uncopied: number };

export class WriteAheadLog {
  readonly #look: StatementSync;
  readonly #copy: StatementSync;
  readonly #empty: StatementSync;

  constructor(database: DatabaseSync) {
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

  /** Copies all pages and cuts the log to nothing, so that nothing of what was deleted is left in it. */
  empty(): void {
    firstRow(this.#empty);
  }
}
