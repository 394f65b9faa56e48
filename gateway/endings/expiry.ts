/** Ends deliveries when they expire, within a tenth of a second, in whatever order they were accepted. */
import type { Store } from '../store/port.ts';

const batchLimit = 500;
/** The store is asked at least this often: another gateway may have accepted something that expires sooner. */
const maxWaitMs = 30_000;
const retryMs = 1_000;
/** Between two questions: what expires one by one shares commits, and a store that names times too early is not asked on and on. */
const leastWaitMs = 100;

export class ExpiryClock {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = 0;
  /** The soonest expiry noted while the store was being asked, which its answer may not know of. */
  #notedAt = Infinity;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(deps: { store: Store; now: () => number; onError: (error: unknown) => void }) {
    this.#store = deps.store;
    this.#now = deps.now;
    this.#onError = deps.onError;
  }

  start(): void {
    this.#schedule(this.#now());
  }

  /** Something that expires at this time has been accepted. Before `start`, that finds it. */
  note(expiresAt: number): void {
    if (this.#running !== undefined) this.#notedAt = Math.min(this.#notedAt, expiresAt);
    else if (expiresAt < this.#dueAt) this.#schedule(expiresAt);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(at: number): void {
    if (this.#stopped) return;
    const now = this.#now();
    this.#dueAt = Math.min(at, now + maxWaitMs);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#running = this.#run();
      },
      Math.max(0, this.#dueAt - now),
    );
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    let next = this.#now() + maxWaitMs;
    try {
      let ended = batchLimit;
      while (ended >= batchLimit && !this.#stopped) {
        const { expired, nextDueAt } = await this.#store.expire(this.#now(), batchLimit);
        ended = expired.length;
        if (nextDueAt !== null) next = Math.min(next, nextDueAt);
      }
    } catch (error) {
      this.#onError(error);
      next = this.#now() + retryMs;
    } finally {
      this.#running = undefined;
      this.#schedule(Math.max(this.#now() + leastWaitMs, Math.min(next, this.#notedAt)));
      this.#notedAt = Infinity;
    }
  }
}
