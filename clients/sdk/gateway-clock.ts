/** The gateway's clock, as the newest welcome told it, held against this computer's. */

/** A clock that is off by this much is worth a warning. */
const warningMs = 30_000;
/** OpenPGP counts no further. */
const latestMs = 2 ** 32 * 1_000;

export class GatewayClock {
  readonly #now: () => number;
  #told: { readonly clock: number; readonly at: number } | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param clock of a welcome that has just come, ms since 1970 */
  heard(clock: number): void {
    this.#told = { clock: Math.min(clock, latestMs), at: performance.now() };
  }

  /**
   * By how much this computer's clock is ahead (behind: negative), in ms, also where it was set during the session.
   * `undefined` before the first welcome.
   */
  aheadMs(): number | undefined {
    if (this.#told === undefined) return undefined;
    const { clock, at } = this.#told;
    return Math.round(this.#now() - (clock + performance.now() - at));
  }

  /**
   * The same, where it is worth a warning.
   * @param maxClockSkewMs from which on the gateway refuses envelopes
   */
  skewMs(maxClockSkewMs: number): number | undefined {
    const aheadMs = this.aheadMs();
    if (aheadMs === undefined || Math.abs(aheadMs) < Math.min(warningMs, maxClockSkewMs)) return undefined;
    return aheadMs;
  }

  /** The gateway's time, ms since 1970; this computer's before the first welcome. */
  now(): number {
    return this.#now() - (this.aheadMs() ?? 0);
  }
}
