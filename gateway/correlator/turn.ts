/** Work on the thread that the gateway's sockets share: it is given back after so long, however much is left. */
import { setImmediate } from 'node:timers/promises';
import type { Steps } from './steps.ts';

/** What a message waits for at each of its three or four turns on this thread, beside the step that is under way. */
const turnMs = 0.5;

export class Turn {
  readonly #uptimeMs: () => number;
  #begunAt: number;

  /** @param uptimeMs ms since any moment; never goes back */
  constructor(uptimeMs: () => number = () => performance.now()) {
    this.#uptimeMs = uptimeMs;
    this.#begunAt = uptimeMs();
  }

  /** True when others are to have their turn: {@link pass}. */
  get isOver(): boolean {
    return this.#uptimeMs() - this.#begunAt >= turnMs;
  }

  /** Lets whatever waits for the thread go first. */
  async pass(): Promise<void> {
    await setImmediate();
    this.#begunAt = this.#uptimeMs();
  }

  /**
   * Does the work to its end, and lets others have their turn between its steps.
   * @param passed called after each of their turns; must not throw: half of the work would be lost
   */
  async through<T>(steps: Steps<T>, passed: () => Promise<void>): Promise<T> {
    for (;;) {
      if (this.isOver) {
        await this.pass();
        await passed();
      }
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }
}
