/** The gateway's clock, as the newest welcome told it, held against this computer's. */
export class GatewayClock {
  readonly #now: () => number;
  #told: { readonly clock: number; readonly at: number } | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param clock of a welcome that has just come, ms since 1970 */
  heard(clock: number): void {
    this.#told = { clock, at: performance.now() };
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
}
