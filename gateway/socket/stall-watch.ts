/** Notices a peer that does not read although data waits for it. */

export type StallLimits = {
  /** Without any progress for this long, the peer has stalled. */
  readonly stalledMs: number;
  /** More than this waiting at once is too much, whatever the progress. */
  readonly maxBufferedBytes: number;
};

/**
 * Looked at now and then. Progress is what the network has taken since the last look, not a smaller backlog: a busy
 * peer that reads all the time may find its backlog filled up again at every look.
 */
export class StallWatch {
  readonly #limits: StallLimits;
  readonly #monotonicMs: () => number;
  #takenBefore = 0;
  #stalledSince: number | undefined;

  /** @param monotonicMs a clock that nobody sets: the time of day may jump, and must neither end a session nor keep one */
  constructor(limits: StallLimits, monotonicMs: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#monotonicMs = monotonicMs;
  }

  /**
   * @param buffered bytes that wait
   * @param taken bytes that the network has taken since the connection was opened
   * @returns true when the peer should be cut off
   */
  hasStalled(buffered: number, taken: number): boolean {
    const now = this.#monotonicMs();
    const progress = buffered === 0 || taken > this.#takenBefore;
    this.#takenBefore = taken;
    if (progress) this.#stalledSince = undefined;
    else this.#stalledSince ??= now;
    if (buffered > this.#limits.maxBufferedBytes) return true;
    return this.#stalledSince !== undefined && now - this.#stalledSince >= this.#limits.stalledMs;
  }
}
