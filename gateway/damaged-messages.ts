/** The messages that readings of the store have left out since the start, each told once. */
import type { DamagedMessage } from './store/port.ts';

export class DamagedMessages {
  readonly #leaves = new Set<number>();
  readonly #onFound: (message: DamagedMessage) => void;

  /** @param onFound told of each message once, however often it is come upon */
  constructor(onFound: (message: DamagedMessage) => void) {
    this.#onFound = onFound;
  }

  get count(): number {
    return this.#leaves.size;
  }

  note(message: DamagedMessage): void {
    if (this.#leaves.has(message.leaf)) return;
    this.#leaves.add(message.leaf);
    this.#onFound(message);
  }
}
