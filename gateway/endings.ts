/**
 * What ends by the clock alone, and for good: deliveries that expire, and payloads whose time of keeping is over.
 *
 * A start that finds itself weeks after the newest leaf of its store had a long rest, or a clock that runs ahead. Which
 * it is, only a person can tell, so both are held back for an hour then: after a rest nothing is lost by that.
 */
import type { Logger } from 'pino';
import { ExpiryClock } from './delivery/expiry.ts';
import { RetentionSweep, type RetentionSweepDependencies } from './retention-sweep.ts';
import type { Store } from './store/port.ts';

const dayMs = 24 * 3_600_000;
const believableMs = 14 * dayMs;
/** By a clock that nobody sets. */
const heldMs = 3_600_000;

export type EndingsDependencies = {
  readonly store: Store;
  readonly now: () => number;
  readonly policy: RetentionSweepDependencies['policy'];
  readonly log: Logger;
  readonly onError: (error: unknown) => void;
  /** When the newest leaf that the start found was committed, ms since 1970; undefined where there was none. */
  readonly newestLeafAt: number | undefined;
};

export class Endings {
  readonly #deps: EndingsDependencies;
  readonly #expiry: ExpiryClock;
  readonly #retention: RetentionSweep;
  #held: NodeJS.Timeout | undefined;

  constructor(deps: EndingsDependencies) {
    const { store, now, policy, log, onError } = deps;
    this.#deps = deps;
    this.#expiry = new ExpiryClock({ store, now, onError });
    this.#retention = new RetentionSweep({
      ...{ store, now, policy, onError },
      onRetired: (payloads) => log.info({ payloads }, 'payloads retired'),
    });
  }

  /** Begins, at once or after an hour. */
  start(): void {
    const { now, newestLeafAt, log } = this.#deps;
    const aheadMs = newestLeafAt === undefined ? 0 : now() - newestLeafAt;
    if (aheadMs < believableMs) {
      this.#begin();
      return;
    }
    const words = 'the clock is weeks ahead of the newest leaf of the store: nothing expires for an hour';
    log.warn({ code: 'clock-wrong', aheadMs }, words);
    this.#held = setTimeout(() => this.#begin(), heldMs).unref();
  }

  /** True while nothing ends because the clock may run ahead. */
  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** A delivery that expires at this time has been accepted. */
  note(expiresAt: number): void {
    this.#expiry.note(expiresAt);
  }

  /** Ends after the commits that are under way. */
  async close(): Promise<void> {
    clearTimeout(this.#held);
    await this.#expiry.stop();
    await this.#retention.close();
  }

  #begin(): void {
    this.#held = undefined;
    this.#expiry.start();
    this.#retention.start();
  }
}
