/**
 * Values as they come, for one `for await` loop each.
 *
 * A loop that does not read keeps a bounded number of values: when one more comes, its oldest is dropped.
 */
import { CausewayError } from '../../protocol/errors.ts';

type Taker<T> = (result: IteratorResult<T, undefined>) => void;

/** Fans values out to any number of loops. A loop gets what comes after it began. */
export class LiveQueue<T> {
  readonly #loops = new Set<Loop<T>>();
  readonly #limit: number;
  readonly #onDropped: () => void;
  #isClosed = false;

  /**
   * @param limit how many values a loop keeps
   * @param onDropped called when a loop begins to lose values, again only after it has read all it had
   */
  constructor(limit: number, onDropped: () => void) {
    this.#limit = limit;
    this.#onDropped = onDropped;
  }

  push(value: T): void {
    for (const loop of this.#loops) loop.push(value);
  }

  /** Begins a loop; it ends quietly when the signal is aborted or the queue is closed. */
  iterate(signal?: AbortSignal): AsyncIterableIterator<T, undefined> {
    if (this.#isClosed) throw new CausewayError('client-closed');
    const loop = new Loop<T>(this.#limit, this.#onDropped, () => this.#loops.delete(loop));
    this.#loops.add(loop);
    loop.endWith(signal);
    return loop;
  }

  close(): void {
    this.#isClosed = true;
    for (const loop of [...this.#loops]) loop.end();
  }
}

class Loop<T> implements AsyncIterableIterator<T, undefined> {
  readonly #limit: number;
  readonly #onDropped: () => void;
  readonly #onEnd: () => void;
  #isLosing = false;
  #values: T[] = [];
  #takers: Taker<T>[] = [];
  #isEnded = false;
  #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.end();

  constructor(limit: number, onDropped: () => void, onEnd: () => void) {
    this.#limit = limit;
    this.#onDropped = onDropped;
    this.#onEnd = onEnd;
  }

  /** Ends once the signal is aborted; now, where it is. */
  endWith(signal: AbortSignal | undefined): void {
    this.#signal = signal;
    if (signal?.aborted === true) this.end();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  push(value: T): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#keep(value);
    else taker({ done: false, value });
  }

  end(): void {
    this.#isEnded = true;
    // One signal may see the loops of a whole service come and go.
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#onEnd();
    for (const taker of this.#takers.splice(0)) taker({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#values.length > 0) {
      const [value] = this.#values.splice(0, 1) as [T];
      return Promise.resolve({ done: false, value });
    }
    this.#isLosing = false;
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#values = [];
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #keep(value: T): void {
    this.#values.push(value);
    if (this.#values.length <= this.#limit) return;
    this.#values.shift();
    if (!this.#isLosing) this.#onDropped();
    this.#isLosing = true;
  }
}
