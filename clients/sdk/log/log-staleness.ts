/**
 * The alarm for absence: a gateway that shows nothing wrong, but for a long time nothing that can be verified either.
 * A log that is quiet is not stale: its last checkpoint verifies at every look. Kept over restarts, since many a client lives only
 * for one command.
 *
 * There are three. That no checkpoint could be verified begins and ends with every look. That no look came to its end begins and
 * ends with whole looks alone: one for a few entries, whose checkpoint the gateway may have told beside the directory, must not
 * hide that it keeps back the rest. That the log has not grown although it must have (`log-growth.ts`) begins with whole looks,
 * and ends with any that finds it grown.
 */
import type { CausewayError } from '../../../protocol/errors.ts';
import type { StateDatabase } from '../state-database.ts';
import type { LogFaults } from './log-faults.ts';
import { LogTable } from './log-table.ts';

/** Where in `state.db` a stretch of failures is noted, and what fails. */
const stretches = {
  logStaleSince: 'nothing new of the log',
  logUnfollowedSince: 'not all of the log',
  logFrozenSince: 'nothing new of the log',
};

type StalenessDependencies = {
  readonly name: keyof typeof stretches;
  readonly state: StateDatabase;
  readonly faults: Pick<LogFaults, 'raise'>;
  /** How long every look may fail before it is raised. */
  readonly staleMs: number;
  /** The last verified checkpoint as a signed note. */
  readonly seen: () => string | undefined;
};

export class LogStaleness {
  readonly #deps: StalenessDependencies;
  readonly #table: LogTable;

  constructor(deps: StalenessDependencies) {
    this.#deps = deps;
    this.#table = new LogTable(deps.state.statements);
  }

  /** A look has succeeded. */
  async verified(): Promise<void> {
    if (this.#since === undefined) return;
    await this.#deps.state.write(() => this.#table.writeMeta(this.#deps.name, undefined));
  }

  /**
   * A look over an open session has not. Raised once for each stretch of failures, however many programs it outlasts, and once
   * for two that have begun at the same moment.
   * @param at now, ms since 1970
   */
  async failed(why: CausewayError, at: number): Promise<void> {
    const { name, state, faults, staleMs, seen } = this.#deps;
    const begunAt = await state.write(() => this.#begin(at));
    if (at - begunAt < staleMs) return;
    const since = new Date(begunAt).toISOString();
    await faults.raise('stale', {
      subject: since,
      detail: `Since ${since} ${stretches[name]} could be verified, though the gateway is there: ${why.message}`,
      facts: { code: why.code, seen: seen() ?? null },
    });
  }

  /** When the first look failed since the last one that did not, ms since 1970. */
  get #since(): number | undefined {
    const since = this.#table.readMeta(this.#deps.name);
    return since === undefined ? undefined : Number(since);
  }

  /** Within a write. A time to come is from before the clock was set back: the stretch then begins now. */
  #begin(at: number): number {
    const since = this.#since;
    if (since !== undefined && since <= at) return since;
    this.#table.writeMeta(this.#deps.name, at);
    return at;
  }
}
