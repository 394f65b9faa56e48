/**
 * What the log must have grown to. A receipt by which this endpoint has stored a message is a leaf; once the gateway has
 * confirmed it, the log has more leaves than it had when the receipt was made. So whoever only receives knows, too, that
 * a checkpoint which verifies at every look is an old one. Kept over restarts, as the looks may be those of other programs.
 */
import type { StateDatabase } from '../state-database.ts';
import { LogTable } from './log-table.ts';

export class LogGrowth {
  readonly #state: StateDatabase;
  readonly #table: LogTable;

  constructor(state: StateDatabase) {
    this.#state = state;
    this.#table = new LogTable(state.statements);
  }

  /** The log has more leaves than so many. A log that stands still is noted once, however many receipts it lacks. */
  isBeyond(size: number): void {
    if (this.#least > size) return;
    this.#state.writeLater(() => {
      if (this.#least <= size) this.#table.writeMeta('logLeastSize', size + 1);
    });
  }

  /** True for a checkpoint of a log that has not grown as far as it must have. */
  lacks(size: number): boolean {
    return size < this.#least;
  }

  /** Another log is taken, which needs not hold what the one before did. Within a write. */
  forget(): void {
    this.#table.writeMeta('logLeastSize', undefined);
  }

  get #least(): number {
    return Number(this.#table.readMeta('logLeastSize') ?? 0);
  }
}
