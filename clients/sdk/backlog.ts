/** How many messages to this endpoint wait at the gateway: what the welcome counted, less what has come of it. */
import { mostPending } from '../../protocol/limits.ts';
import type { Welcome } from '../../protocol/wire/control.ts';
import type { Envelope } from '../../protocol/wire/envelope.ts';

export class Backlog {
  #waiting = 0;
  #isLeast = false;
  /** The gateway's clock at the welcome, ms since 1970. */
  #clock = 0;

  get waiting(): number {
    return this.#waiting;
  }

  /** True where more may wait than were counted, until the next welcome counts again. */
  get isLeast(): boolean {
    return this.#isLeast;
  }

  /** @param inHand messages that came in an earlier session and are not answered: the gateway counts them as well */
  begin({ pending, clock }: Pick<Welcome, 'pending' | 'clock'>, inHand: number): void {
    this.#waiting = Math.max(0, pending - inHand);
    this.#isLeast = pending >= mostPending;
    this.#clock = clock;
  }

  /** A message came. One that was made after the welcome was not counted there, and may overtake those that were. */
  arrived({ time }: Pick<Envelope, 'time'>): void {
    if (Date.parse(time) <= this.#clock) this.#waiting = Math.max(0, this.#waiting - 1);
  }
}
