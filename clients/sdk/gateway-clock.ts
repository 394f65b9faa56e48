/**
 * The gateway's clock, as the newest welcome told it, held against this computer's. Either may stand wrong: what is signed is
 * dated by this computer's, and what could be lost goes by whichever is behind.
 */

/** A clock that is off by this much is worth a warning. */
const warningMs = 30_000;
/** OpenPGP counts no further. */
const latestMs = 2 ** 32 * 1_000;

/** What a welcome told; how long this process had run when it came, and by how much this computer's clock was ahead. */
type Told = { readonly clock: number; readonly runMs: number; readonly aheadMs: number };

export class GatewayClock {
  readonly #now: () => number;
  #told: Told | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param clock of a welcome that has just come, ms since 1970 */
  heard(clock: number): void {
    const told = Math.min(clock, latestMs);
    this.#told = { clock: told, runMs: performance.now(), aheadMs: Math.round(this.#now() - told) };
  }

  /**
   * By how much this computer's clock was ahead (behind: negative) when the newest welcome came, in ms. `undefined` before
   * the first one.
   */
  aheadMs(): number | undefined {
    return this.#told?.aheadMs;
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

  /** True where this computer has slept since the welcome, or its clock was set: only another welcome tells which. */
  get hasJumped(): boolean {
    if (this.#told === undefined) return false;
    return Math.abs(this.#now() - this.now() - this.#told.aheadMs) >= warningMs;
  }

  /**
   * The gateway's time, ms since 1970, whatever this computer's clock was set to since; this computer's before the first
   * welcome. It may stand still while the computer sleeps, and is early then, never late.
   */
  now(): number {
    if (this.#told === undefined) return this.#now();
    const { clock, runMs } = this.#told;
    return Math.round(clock + performance.now() - runMs);
  }

  /**
   * Whichever is behind, this computer's time or the gateway's: what has not expired by it must be neither thrown away nor
   * hidden. Before the first welcome nothing has, since nobody has contradicted this computer's clock yet.
   */
  earliest(): number {
    return this.#told === undefined ? 0 : Math.min(this.#now(), this.now());
  }
}
