/** How far the correlator has come: said in the log where a look takes long, and told to whoever probes the gateway. */
import type { Logger } from 'pino';
import { isCausewayError, type ErrorCode } from '../../protocol/errors.ts';

/** What alerts can be expected of the correlator just now. */
export type CorrelatorState =
  /** The agreement has no patterns. */
  | { readonly is: 'off' }
  /** The clock may run ahead. */
  | { readonly is: 'held' }
  /** Another gateway has the turn, and knows what this one would have to read. */
  | { readonly is: 'waiting' }
  /** It reads what it does not know yet; `part` of it is done, 0 to 1, by times of arrival. */
  | { readonly is: 'reading'; readonly part: number }
  | { readonly is: 'current' }
  /** It has looked, and some alerts could be neither sent nor recorded: all others were. */
  | { readonly is: 'stuck' }
  | { readonly is: 'failing'; readonly code: ErrorCode };

/** Notices that were read one after the other. */
export type ReadPortion = {
  readonly notices: number;
  /** When the first and the last of them arrived, ms since 1970. */
  readonly from: number;
  readonly to: number;
};

/** Between two lines of the log about one look. */
const saidEveryMs = 10_000;

export class LookProgress {
  readonly #now: () => number;
  readonly #log: Logger;
  #state: CorrelatorState = { is: 'waiting' };
  #begunAt: number | undefined;
  #saidAt = 0;
  #notices = 0;
  #firstArrived: number | undefined;
  #lastArrived = 0;

  /** @param now ms since 1970 */
  constructor(now: () => number, log: Logger) {
    this.#now = now;
    this.#log = log;
  }

  /** A look that is under way for long tells how far it is; a short one changes nothing. */
  get state(): CorrelatorState {
    const isFirst = this.#state.is === 'waiting';
    const isLong = this.#begunAt !== undefined && this.#now() - this.#begunAt >= saidEveryMs;
    return this.#begunAt !== undefined && (isFirst || isLong)
      ? { is: 'reading', part: this.#part }
      : this.#state;
  }

  begin(): void {
    this.#begunAt = this.#saidAt = this.#now();
    this.#notices = 0;
    this.#firstArrived = undefined;
  }

  read({ notices, from, to }: ReadPortion): void {
    this.#notices += notices;
    this.#firstArrived ??= from;
    this.#lastArrived = Math.max(this.#lastArrived, to);
    if (this.#now() - this.#saidAt < saidEveryMs) return;
    this.#saidAt = this.#now();
    this.#say('the correlator reads history');
  }

  /**
   * @param outcome that it has looked, also where some alerts are stuck; that another gateway has the turn, that it was
   * stopped, or what it failed with
   */
  end(outcome: 'looked' | 'stuck' | 'not-its-turn' | { readonly error: unknown }): void {
    const hasSaid = this.#saidAt !== this.#begunAt;
    if (outcome === 'looked' || outcome === 'stuck') {
      this.#state = { is: outcome === 'looked' ? 'current' : 'stuck' };
      if (hasSaid) this.#say('the correlator has read history');
    } else if (outcome === 'not-its-turn') {
      // Another gateway looks: what this one failed with keeps no alert back.
      if (this.#state.is === 'failing') this.#state = { is: 'waiting' };
    } else {
      const { error } = outcome;
      this.#state = { is: 'failing', code: isCausewayError(error) ? error.code : 'internal-error' };
    }
    this.#begunAt = undefined;
  }

  get #part(): number {
    if (this.#firstArrived === undefined) return 0;
    const whole = this.#now() - this.#firstArrived;
    return whole <= 0 ? 1 : Math.min(1, (this.#lastArrived - this.#firstArrived) / whole);
  }

  #say(message: string): void {
    const seconds = Math.round((this.#now() - (this.#begunAt ?? this.#now())) / 1000);
    this.#log.info({ notices: this.#notices, percent: Math.floor(100 * this.#part), seconds }, message);
  }
}
