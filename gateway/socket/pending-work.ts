/** What sessions have begun and not ended: it may outlive them, and a gateway that stops waits for it. */

const nothing = (): undefined => undefined;

export class PendingWork {
  readonly #all = new Set<Promise<unknown>>();

  /** @returns the work itself, whose failure stays its caller's to see to */
  add<T>(work: Promise<T>): Promise<T> {
    const ended: Promise<unknown> = work.then(nothing, nothing).finally(() => this.#all.delete(ended));
    this.#all.add(ended);
    return work;
  }

  /** Resolves when all that was added by now, and what that led to, has ended, well or not. */
  async ended(): Promise<void> {
    while (this.#all.size > 0) await Promise.all(this.#all);
  }
}
