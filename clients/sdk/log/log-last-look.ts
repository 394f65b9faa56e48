/** When a program of the home last began to look at the log over a session: a home of short commands has to look as well. */
import type { StateDatabase } from '../state-database.ts';
import { LogTable } from './log-table.ts';

const dueMs = 600_000;
/** It is noted only so often, however often is looked. */
const notedMs = dueMs / 2;

export class LogLastLook {
  readonly #state: StateDatabase;
  readonly #table: LogTable;
  readonly #now: () => number;

  constructor(state: StateDatabase, now: () => number) {
    this.#state = state;
    this.#table = new LogTable(state.statements);
    this.#now = now;
  }

  /** True where the last one was long ago. */
  get isDue(): boolean {
    return this.#isOlderThan(dueMs);
  }

  async begins(): Promise<void> {
    if (!this.#isOlderThan(notedMs)) return;
    await this.#state.write(() => this.#table.writeMeta('logLookedAt', this.#now()));
  }

  /** A time to come is from before the clock was set back. */
  #isOlderThan(ms: number): boolean {
    const at = this.#table.readMeta('logLookedAt');
    return at === undefined || Math.abs(this.#now() - Number(at)) >= ms;
  }
}
