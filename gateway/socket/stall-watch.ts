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
  #takenBefore = 0;
  #stalledSince: number | undefined;

  constructor(limits: StallLimits) {
    this.#limits = limits;
  }

  /**
   * @param now ms since 1970
   * @param buffered bytes that wait
   * @param taken bytes that the network has taken since the connection was opened
   * @returns true when the peer should be cut off
   */
  hasStalled(now: number, buffered: number, taken: number): boolean {
    const progress = buffered === 0 || taken > this.#takenBefore;
    this.#takenBefore = taken;
    if (progress) this.#stalledSince = undefined;
    else this.#stalledSince ??= now;
    if (buffered > this.#limits.maxBufferedBytes) return true;
    return this.#stalledSince !== undefined && now - this.#stalledSince >= this.#limits.stalledMs;
  }
}
