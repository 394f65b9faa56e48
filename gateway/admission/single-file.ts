/** Has pieces of work done one after the other, in the order of asking, and only so many wait. */
import { CausewayError } from '../../protocol/errors.ts';

export class SingleFile {
  readonly #most: number;
  #size = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param most pieces that wait or are under way */
  constructor(most: number) {
    this.#most = most;
  }

  /** @throws CausewayError `rate-limited` where too many wait; what the work throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#size >= this.#most) throw new CausewayError('rate-limited');
    this.#size++;
    const done = Promise.withResolvers<undefined>();
    const before = this.#last;
    this.#last = done.promise;
    try {
      await before;
      return await work();
    } finally {
      this.#size--;
      done.resolve(undefined);
    }
  }
}
