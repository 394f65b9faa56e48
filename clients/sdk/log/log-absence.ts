/**
 * A gateway that has shown a log and shows none any more. It does so for a while after a start; for longer where its store was
 * set back behind what was published, as by an older backup: then it has lost messages as well. Kept over restarts, since many
 * a client lives only for one command.
 */
import { isCausewayError } from '../../../protocol/errors.ts';
import type { StateDatabase } from '../state-database.ts';
import { LogTable } from './log-table.ts';

type AbsenceDependencies = {
  readonly state: StateDatabase;
  readonly now: () => number;
  /** How long a log may be missing. */
  readonly graceMs: number;
  /** True once a checkpoint was verified. */
  readonly isKnown: () => boolean;
  /** Told once for each absence. */
  readonly onAbsent: () => Promise<void>;
};

export class LogAbsence {
  readonly #deps: AbsenceDependencies;
  readonly #table: LogTable;

  constructor(deps: AbsenceDependencies) {
    this.#deps = deps;
    this.#table = new LogTable(deps.state.statements);
  }

  /** The log was verified. */
  async ended(): Promise<void> {
    if (this.#since === undefined) return;
    await this.#deps.state.write(() => this.#note(undefined));
  }

  /** A look has failed: is it because there is no log? */
  async failed(error: unknown): Promise<void> {
    const { now, graceMs, isKnown, onAbsent } = this.#deps;
    if (!isCausewayError(error, 'not-found') || !isKnown()) return;
    const since = this.#since;
    if (since === 'told') return;
    if (since === undefined) await this.#deps.state.write(() => this.#note(String(now())));
    if (now() - Number(since ?? now()) < graceMs) return;
    await onAbsent();
    await this.#deps.state.write(() => this.#note('told'));
  }

  /** Since when, ms since 1970, or that it was told. */
  get #since(): string | undefined {
    return this.#table.readMeta('logAbsentSince');
  }

  #note(since: string | undefined): void {
    this.#table.writeMeta('logAbsentSince', since);
  }
}
