/**
 * What ends by the clock alone, and for good: deliveries that expire, and payloads whose time of keeping is over.
 *
 * A start that finds itself weeks after the newest leaf of its store had a long rest, or a clock that runs ahead. Which
 * it is, only a person can tell, so both are held back for an hour then: after a rest nothing is lost by that. The
 * correlator waits as long, by whose deadlines people are told that an answer did not come in time.
 *
 * A start that finds itself before the newest leaf has a clock that stands behind, or had one that ran ahead. Nothing ends
 * too early by either; but as long as that leaf lies ahead, this clock cannot tell what was made in the future.
 */
import type { Logger } from 'pino';
import { limits } from '../../protocol/limits.ts';
import { ExpiryClock } from './expiry.ts';
import { RetentionSweep, type RetentionSweepDependencies } from './retention-sweep.ts';
import type { Store } from '../store/port.ts';

const dayMs = 24 * 3_600_000;
const believableMs = 14 * dayMs;
/** By a clock that nobody sets. */
const heldMs = 3_600_000;

/** How a clock may stand wrong. */
export type ClockDoubt = 'ahead' | 'behind';

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
  /** From the start on: messages may come before anything ends. */
  #isHeld: boolean;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: EndingsDependencies) {
    const { store, now, policy, log, onError } = deps;
    this.#deps = deps;
    this.#isHeld = this.#aheadMs >= believableMs;
    this.#expiry = new ExpiryClock({ store, now, onError });
    this.#retention = new RetentionSweep({
      ...{ store, now, policy, onError },
      onRetired: (payloads) => log.info({ payloads }, 'payloads retired'),
    });
  }

  /** Begins, at once or after an hour. */
  start(): void {
    const { log } = this.#deps;
    const aheadMs = this.#aheadMs;
    if (this.#isBehind) {
      const words = 'the clock is behind the newest leaf of the store: it stands wrong, or ran ahead before';
      log.warn({ code: 'clock-wrong', aheadMs }, words);
    }
    if (!this.#isHeld) {
      this.#begin();
      return;
    }
    const words = 'the clock is weeks ahead of the newest leaf of the store: nothing expires for an hour';
    log.warn({ code: 'clock-wrong', aheadMs }, words);
    this.#timer = setTimeout(() => this.#begin(), heldMs).unref();
  }

  /** True while nothing ends because the clock may run ahead. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** By a clock that may run ahead no message has expired for good; one that may stand behind finds none made too late. */
  get clockDoubt(): ClockDoubt | undefined {
    if (this.#isHeld) return 'ahead';
    return this.#isBehind ? 'behind' : undefined;
  }

  /** Of the newest leaf that the start found. */
  get #aheadMs(): number {
    const { now, newestLeafAt } = this.#deps;
    return newestLeafAt === undefined ? 0 : now() - newestLeafAt;
  }

  get #isBehind(): boolean {
    return this.#aheadMs < -limits.maxClockSkewMs;
  }

  /** A delivery that expires at this time has been accepted. */
  note(expiresAt: number): void {
    this.#expiry.note(expiresAt);
  }

  /** Ends after the commits that are under way. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#expiry.stop();
    await this.#retention.close();
  }

  #begin(): void {
    this.#isHeld = false;
    this.#expiry.start();
    this.#retention.start();
  }
}
