/**
 * Follows the gateway's audit log, in the background and never in anybody's way.
 *
 * ```
 * on connect, when the directory was read, once a minute, and at once where there is a reason to doubt it (LogDoubt)
 *   ─▶ checkpoint: signed, cosigned, a continuation of the last one          LogCheckpoints
 *   ─▶ entries of the directory: each in the log, or its key is not used     EntryProver
 *   ─▶ leaves since the last look: changes of the own entry                  LogPassage
 *   ─▶ own messages: each in the log, as its signed receipt says             AcceptanceProver
 * ```
 *
 * Without a connection, what was verified last stays in force.
 */
import { CausewayError, isCausewayError } from '../../../protocol/errors.ts';
import { longestTimerMs, pause } from '../abort.ts';
import type { FollowOptions } from '../client-options.ts';
import type { LogAbsence } from './log-absence.ts';
import type { AcceptanceProver } from './log-acceptances.ts';
import type { LogCheckpoints } from './log-checkpoints.ts';
import { LogDoubt } from './log-doubt.ts';
import type { EntryProver } from './log-entries.ts';
import type { LogFaults } from './log-faults.ts';
import type { LogGrowth } from './log-growth.ts';
import { haltError, type SeenCheckpoint } from './log-halt.ts';
import { LogLastLook } from './log-last-look.ts';
import type { LogPassage } from './log-passage.ts';
import type { LogReader } from './log-reader.ts';
import type { LogStatus } from './log-status.ts';
import type { LogStaleness } from './log-staleness.ts';
import { LogTable, type LogFault, type LookedAt, type OwnChange } from './log-table.ts';
import type { StateDatabase } from '../state-database.ts';
import { isStateFailure } from '../state-failure.ts';

type ClientLogDependencies = {
  readonly state: StateDatabase;
  readonly reader: LogReader;
  readonly checkpoints: LogCheckpoints;
  readonly entries: EntryProver;
  readonly passage: LogPassage;
  readonly acceptances: AcceptanceProver;
  readonly faults: LogFaults;
  /** That no checkpoint could be verified. */
  readonly staleness: LogStaleness;
  /** That no whole look came to its end. */
  readonly unfollowed: LogStaleness;
  /** That the log did not grow as it must have. */
  readonly frozen: LogStaleness;
  readonly growth: LogGrowth;
  readonly absence: LogAbsence;
  readonly origin: string;
  readonly witnessesKnown: number;
  readonly witnessesNeeded: number;
  readonly settings: Required<Pick<FollowOptions, 'everyMs' | 'bundlesPerSecond' | 'patienceMs'>>;
  readonly now: () => number;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly report: (error: unknown) => void;
  /** Told after a person has decided. */
  onResume(): void;
  /** Told when what is to be sent waits for no look any more. */
  onDoubtOver(): void;
};

/** The log may be half a second behind the directory. */
const behindMs = 300;
const behindTries = 12;
const backlogMs = 1_000;
/** After connecting, so that many clients that come back together do not all ask at once. */
const firstLookMs = 5_000;
/** A look that lasted so long without a checkpoint when the client was closed has failed: few commands wait for its end. */
const longLookMs = 2_000;
/** A log that is smaller than before is waited for so much longer than its patience before anything is sent in spite of it. */
const doubtMs = 5_000;

export class ClientLog {
  readonly #deps: ClientLogDependencies;
  readonly #table: LogTable;
  readonly #doubt: LogDoubt;
  readonly #lastLook: LogLastLook;
  #last: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isConnected = false;
  #hint: string | undefined;
  #checkedAt: number | undefined;
  #lastError: CausewayError | undefined;
  #proving: Promise<void> | undefined;
  #asked = 0;

  /** @internal */
  constructor(deps: ClientLogDependencies) {
    this.#deps = deps;
    this.#table = new LogTable(deps.state.statements);
    this.#lastLook = new LogLastLook(deps.state, deps.now);
    const { state, settings, now, signal, report } = deps;
    this.#doubt = new LogDoubt({
      ...{ state, now, pause, signal, report, onOver: () => deps.onDoubtOver() },
      look: () => this.#lookForEntries(),
      mostMs: Math.min(settings.patienceMs + doubtMs, longestTimerMs),
    });
  }

  status(): LogStatus {
    const { checkpoints, passage, origin, witnessesKnown, witnessesNeeded } = this.#deps;
    const { seen, halt } = checkpoints;
    return {
      ...{ origin, witnessesKnown, witnessesNeeded, halt },
      checkpoint: seen && {
        size: seen.size,
        root: seen.root.toString('base64'),
        note: seen.note,
        witnesses: seen.cosignatures.map(({ key }) => key.name),
      },
      followed: passage.followed,
      checkedAt: this.#checkedAt,
      lastError: this.#lastError,
    };
  }

  /** What the log says of this endpoint's own entry in the directory, in the order of the log. */
  changes(): OwnChange[] {
    return this.#table.readChanges();
  }

  /** What was ever wrong with the log, the oldest first. */
  faults(): LogFault[] {
    return this.#deps.faults.list();
  }

  /**
   * Looks at the log now: everything that is otherwise done once a minute, until nothing is left to do.
   * @throws CausewayError `log-halted`, or why the log cannot be read
   */
  async check(): Promise<void> {
    // The checkpoint of the welcome may be old by now.
    while (await this.#inTurn(() => this.#look({ isHintEnough: false })))
      await pause(backlogMs, this.#deps.signal);
    const { halt } = this.#deps.checkpoints;
    if (halt !== undefined) throw haltError(halt);
  }

  /**
   * Goes on after a fork or a rollback, when a person has decided so; the fault counts as looked at then.
   * @param options.adopt `true`: the log that the gateway shows now is the right one, all keys are verified against it
   *   anew, and messages that are still open are submitted again, since the gateway may have lost them; `false`: the log seen
   *   before is, and the gateway has come back to it
   */
  async resume({ adopt }: { adopt: boolean }): Promise<void> {
    await this.#inTurn(() => this.#deps.checkpoints.resume(adopt));
    this.#deps.onResume();
  }

  /**
   * Notes that a person has looked at faults, and at changes of the own entry. They stay in {@link faults} and {@link changes},
   * with the time; the evidence stays. A matter that lasts is not raised again, and only a halt goes on stopping what is sent.
   */
  async acknowledge(looked: LookedAt): Promise<void> {
    const { state, now } = this.#deps;
    await state.write(() => this.#table.acknowledge(looked, now()));
  }

  /** Why nothing may be encrypted or sent. @internal */
  halted(): CausewayError | undefined {
    const { halt } = this.#deps.checkpoints;
    return halt === undefined ? undefined : haltError(halt);
  }

  /**
   * Looks for the entries of the directory in the log, also where it is a little behind. Resolves in any case.
   * @param hint a checkpoint that the gateway has just told
   * @internal
   */
  async proveEntries(hint?: string): Promise<void> {
    this.#hint = hint ?? this.#hint;
    // What is under way may have begun with an older directory.
    this.#asked++;
    this.#proving ??= this.#proveEntries().finally(() => (this.#proving = undefined));
    await this.#proving;
  }

  /**
   * A session begins. A checkpoint that does not go with the last verified one is a reason for a {@link doubt}.
   * @internal
   */
  welcomed(checkpoint: string | null): void {
    this.#hint = checkpoint ?? undefined;
    if (checkpoint !== null && this.#deps.checkpoints.contradicts(checkpoint)) this.#doubt.raise();
    this.#doubt.sessionBegins();
  }

  /** How many leaves the last verified checkpoint has; 0 before the first. @internal */
  get verifiedSize(): number {
    return this.#deps.checkpoints.seen?.size ?? 0;
  }

  /** The gateway has taken what makes a leaf, since so many leaves were verified. @internal */
  isBeyond(size: number): void {
    this.#deps.growth.isBeyond(size);
  }

  /** An answer of the gateway contradicts the log, or an earlier answer: a reason for a {@link doubt}. @internal */
  contradicted(): void {
    this.#doubt.raise();
  }

  /**
   * Nothing new is sent before this resolves, as it does in any case; undefined where nothing has to wait. See `log-doubt.ts`.
   * @internal
   */
  get doubt(): Promise<void> | undefined {
    return this.#doubt.end;
  }

  /** A session is ready. @internal */
  connected(): void {
    this.#isConnected = true;
    const { settings, random } = this.#deps;
    this.#schedule(random() * Math.min(firstLookMs, settings.everyMs));
  }

  /**
   * Looks at the log now where no program of this home has done so for ten minutes: for those that end sooner than a look
   * begins by itself. Resolves in any case.
   * @internal
   */
  async lookWhereDue(): Promise<void> {
    try {
      if (this.#isConnected && this.#lastLook.isDue) await this.#inTurn(() => this.#look());
    } catch {
      // Kept in the status.
    }
  }

  /** The session has ended: what was verified stays in force. @internal */
  disconnected(): void {
    this.#isConnected = false;
    this.#hint = undefined;
    clearTimeout(this.#timer);
  }

  /** Resolves when nothing is under way any more. @internal */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#doubt.end;
    await this.#proving;
    await this.#last;
  }

  async #proveEntries(): Promise<void> {
    const { signal, entries } = this.#deps;
    try {
      for (let tries = 0; tries < behindTries && !signal.aborted && entries.hasWork; tries++) {
        const asked = this.#asked;
        const found = await this.#lookForEntries();
        if (found === 'behind') await pause(behindMs, signal);
        // Whoever has asked meanwhile may have done so after a gateway has come back.
        else if (asked === this.#asked) return;
      }
    } catch (error) {
      this.#deps.report(error);
    }
  }

  async #lookForEntries(): Promise<'done' | 'behind' | 'failed'> {
    try {
      return (await this.#inTurn(() => this.#look({ entriesOnly: true }))) ? 'behind' : 'done';
    } catch (error) {
      // Kept in the status; the next look tries again. A gateway that has just started serves nothing of its log for a moment.
      return isCausewayError(error, 'not-found') ? 'behind' : 'failed';
    }
  }

  #schedule(waitMs: number): void {
    clearTimeout(this.#timer);
    const { everyMs } = this.#deps.settings;
    if (!this.#isConnected || everyMs === Infinity) return;
    const look = (): void => {
      this.#inTurn(() => this.#look()).then(
        (isLeft) => this.#schedule(isLeft ? backlogMs : everyMs),
        () => this.#schedule(everyMs),
      );
    };
    this.#timer = setTimeout(look, Math.min(waitMs, longestTimerMs));
    this.#timer.unref();
  }

  /** @returns true when something is left to do soon */
  async #look({ entriesOnly = false, isHintEnough = true } = {}): Promise<boolean> {
    const { checkpoints, passage, staleness, unfollowed, absence, now } = this.#deps;
    const [begunAt, isConnected, followed] = [now(), this.#isConnected, passage.followed];
    let verified: SeenCheckpoint | undefined;
    try {
      const { reason } = this.#doubt;
      if (isConnected && !entriesOnly) await this.#lastLook.begins();
      const hint = this.#hint;
      this.#hint = undefined;
      const checkpoint = await checkpoints.advance(hint, { isEnough: isHintEnough && reason === undefined });
      const { halt, setback } = checkpoints;
      if (setback !== undefined) await this.#noteFailure(setback, { of: [staleness] });
      if (checkpoint === undefined) return entriesOnly;
      if (halt !== undefined) return false;
      if (setback === undefined) {
        verified = checkpoint;
        await this.#doubt.verified(reason);
        await staleness.verified();
        await absence.ended();
        await this.#heedGrowth(checkpoint, entriesOnly);
      }
      const isLeft = await this.#lookBehind(checkpoint, entriesOnly);
      if (!entriesOnly) await unfollowed.verified();
      if (setback === undefined) {
        this.#checkedAt = now();
        this.#lastError = undefined;
      }
      return isLeft;
    } catch (error) {
      const of = [...(verified === undefined ? [staleness] : []), ...(entriesOnly ? [] : [unfollowed])];
      if (this.#deps.signal.aborted) {
        const lastedMs = now() - begunAt;
        const isSilent = isConnected && lastedMs >= longLookMs;
        // Where something behind the checkpoint came, it was merely slow; and there may have been nothing to come.
        const isKeptBack =
          verified === undefined || (followed < verified.size && passage.followed === followed);
        if (isSilent && isKeptBack) await this.#count(cutShort(lastedMs), of);
        return false;
      }
      // That the gateway is away is told elsewhere.
      if (!isCausewayError(error)) this.#deps.report(error);
      const failure = isCausewayError(error) ? error : new CausewayError('internal-error', { cause: error });
      await this.#noteFailure(failure, { of, isAbsence: verified === undefined });
      throw error;
    }
  }

  /**
   * What ails the state of this endpoint is no failing of the gateway or its log, and is told as what it is.
   * @param counts.of the alarms that it counts for
   */
  async #noteFailure(
    failure: CausewayError,
    { of, isAbsence = false }: { of: readonly LogStaleness[]; isAbsence?: boolean },
  ): Promise<void> {
    const { absence, report } = this.#deps;
    this.#lastError = failure;
    if (isStateFailure(failure)) {
      report(failure);
      return;
    }
    try {
      if (this.#isConnected) await this.#count(failure, of);
      if (isAbsence) await absence.failed(failure);
    } catch (error) {
      report(error);
    }
  }

  /** At one moment, so that stretches of failures that begin together are told of once. */
  async #count(failure: CausewayError, alarms: readonly LogStaleness[]): Promise<void> {
    const at = this.#deps.now();
    for (const alarm of alarms) await alarm.failed(failure, at);
  }

  /** Where the newest checkpoint waits for witnesses, or was not asked for, it is not known to be an old one. */
  async #heedGrowth({ size }: SeenCheckpoint, entriesOnly: boolean): Promise<void> {
    const { growth, frozen, checkpoints } = this.#deps;
    if (!growth.lacks(size)) await frozen.verified();
    else if (this.#isConnected && !entriesOnly && checkpoints.isNewest)
      await this.#count(standingStill(size), [frozen]);
  }

  async #lookBehind(checkpoint: SeenCheckpoint, entriesOnly: boolean): Promise<boolean> {
    const { entries, passage, acceptances, settings, checkpoints } = this.#deps;
    const { bundlesPerSecond } = settings;
    try {
      const isBehind = await entries.prove(checkpoint);
      if (entriesOnly) return isBehind;
      const isMoreToFollow = await passage.follow(checkpoint, bundlesPerSecond);
      const isMoreToProve = await acceptances.prove(checkpoint, bundlesPerSecond, checkpoints.isNewest);
      return isMoreToFollow || isMoreToProve;
    } catch (error) {
      if (isCausewayError(error, 'log-proof-invalid') || isCausewayError(error, 'log-malformed')) {
        this.#deps.reader.forget();
        await this.#deps.faults.raise('contents', {
          subject: checkpoint.text,
          detail: `What the gateway serves of the log does not fit its checkpoint: ${error.message}`,
          facts: { checkpoint: checkpoint.note },
        });
      }
      throw error;
    }
  }

  /** One look at a time: each begins with what the one before has found. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }
}

function standingStill(size: number): CausewayError {
  const detail = `It has ${size} leaves, as it had before the gateway took a receipt of this endpoint.`;
  return new CausewayError('log-frozen', { detail });
}

function cutShort(lastedMs: number): CausewayError {
  const detail = `A look at the log had no end after ${Math.round(lastedMs / 1_000)} s.`;
  return new CausewayError('peer-silent', { detail });
}
