/**
 * A doubt about the log. Its reasons: a session begins with a checkpoint that does not go with the last verified one, or an answer
 * contradicts the log or an earlier answer. A reason alone decides nothing, since a gateway of several may be a little behind.
 *
 * The rule: **a doubt lasts until a look that began after the newest reason for it has verified the log**, whichever program of the
 * home has made that look. **While it lasts nothing new is sent, for 15 s at most.** A program that is in a session meanwhile, and
 * has met no reason itself, goes on until its next one: should the log be found to contradict itself, it halts with the others.
 *
 * ```
 * reason ─▶ written down ─▶ look ◀─┐
 *                            │     └── there is a newer reason
 *                            ├── verified ─────────────────▶ no doubt
 *                            └── log away, or after 15 s ──▶ sending goes on, in doubt: the next session looks before it sends;
 *                                                            so does this one at the next reason, from a minute later on
 * ```
 */
import { randomUUID } from 'node:crypto';
import { firstOf } from '../abort.ts';
import type { StateDatabase } from '../state-database.ts';
import { LogTable } from './log-table.ts';

type DoubtDependencies = {
  readonly state: StateDatabase;
  /** Looks at the newest checkpoint; what is wrong with it is told elsewhere. `behind`: there was none, or not yet all. */
  readonly look: () => Promise<'done' | 'behind' | 'failed'>;
  /** For how long a doubt keeps what is to be sent. */
  readonly mostMs: number;
  readonly now: () => number;
  /** Resolves after so many ms, or once the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  readonly report: (error: unknown) => void;
  /** Told when what is to be sent need not wait any more. */
  readonly onOver: () => void;
};

/** A gateway that has just been set back serves nothing of its log for a moment. */
const mostTries = 4;
const betweenTriesMs = 300;
/** Where the log is away every answer may be a reason. */
const betweenFailuresMs = 60_000;

export class LogDoubt {
  readonly #deps: DoubtDependencies;
  readonly #table: LogTable;
  #end: Promise<void> | undefined;
  /** How often a look was asked for. */
  #asked = 0;
  /** Reasons that come before this one is written down are one with it. */
  #noting: Promise<void> | undefined;
  /** When the last looks for a doubt came to nothing, where none has verified the log since. */
  #failedAt = -Infinity;
  /** How many looks of this program have verified the log. */
  #verified = 0;

  constructor(deps: DoubtDependencies) {
    this.#deps = deps;
    this.#table = new LogTable(deps.state.statements);
  }

  /** What is to be sent waits for this; it resolves in any case. */
  get end(): Promise<void> | undefined {
    return this.#end;
  }

  /** Names the newest reason, over all programs of the home; undefined where there is no doubt. */
  get reason(): string | undefined {
    return this.#table.readMeta('logDoubted');
  }

  /** There is a reason, a new one where there is a doubt already. */
  raise(): void {
    const isAway = this.reason !== undefined && this.#hasJustFailed;
    this.#noting ??= this.#note();
    if (this.#end !== undefined || !isAway) this.#lookAtOnce();
  }

  /** A session begins, maybe with another gateway: where there is a doubt, the log is looked at, whatever was found before. */
  sessionBegins(): void {
    if (this.reason !== undefined) this.#lookAtOnce();
  }

  /** A look has verified the log. @param reason the newest one when the look began */
  async verified(reason: string | undefined): Promise<void> {
    this.#failedAt = -Infinity;
    this.#verified++;
    if (reason === undefined) return;
    await this.#deps.state.write(() => {
      if (this.reason === reason) this.#table.writeMeta('logDoubted', undefined);
    });
  }

  get #hasJustFailed(): boolean {
    return Math.abs(this.#deps.now() - this.#failedAt) < betweenFailuresMs;
  }

  async #note(): Promise<void> {
    try {
      await this.#deps.state.write(() => {
        this.#noting = undefined;
        // A number could come back, and a look that began long before would end this doubt.
        this.#table.writeMeta('logDoubted', randomUUID());
      });
    } catch (error) {
      this.#noting = undefined;
      this.#deps.report(error);
    }
  }

  #lookAtOnce(): void {
    const { onOver, report } = this.#deps;
    this.#asked++;
    this.#end ??= this.#settle().catch(report).then(onOver).catch(report);
  }

  async #settle(): Promise<void> {
    const { mostMs, now, pause, signal } = this.#deps;
    const ended = new AbortController();
    const before = this.#verified;
    const late = pause(mostMs, firstOf(signal, ended.signal)).then(() => undefined);
    try {
      let looked: number | undefined;
      do looked = await Promise.race([this.#look(), late]);
      while (looked !== undefined && looked !== this.#asked);
      // A reason that another program has met since the log was verified says nothing of it here: it is not away.
      if (this.reason !== undefined && this.#verified === before) this.#failedAt = now();
    } finally {
      ended.abort();
      // In one step with the question above whether a look was asked for: one that is asked for from here on begins anew.
      this.#end = undefined;
    }
  }

  /** @returns how often a look had been asked for when this one began */
  async #look(): Promise<number> {
    const { look, pause, signal } = this.#deps;
    while (this.#noting !== undefined) await this.#noting;
    const asked = this.#asked;
    for (let tries = 1; tries <= mostTries && !signal.aborted; tries++) {
      if (tries > 1) await pause(betweenTriesMs, signal);
      if ((await look()) !== 'behind' || this.reason === undefined) break;
    }
    return asked;
  }
}
