/** The messages that readings of the store have left out since the start, each told once. */
import type { Logger } from 'pino';
import type { DamagedMessage } from './store/port.ts';

export class DamagedMessages {
  readonly #leaves = new Set<number>();
  readonly #log: Logger;

  /** @param log told of each message once, however often it is come upon */
  constructor(log: Logger) {
    this.#log = log;
  }

  get count(): number {
    return this.#leaves.size;
  }

  note(message: DamagedMessage): void {
    if (this.#leaves.has(message.leaf)) return;
    this.#leaves.add(message.leaf);
    this.#log.error({ ...message, code: 'store-damaged' }, 'left out a message that is damaged in the store');
  }
}
