/** How many messages the gateway may send: a window over those on their way and those in hand. */
import type { Link } from './link.ts';

export class CreditWindow {
  readonly #size: number;
  readonly #maxBytes: number;
  #link: Link | undefined;
  /** The window of this session: the gateway may allow less. */
  #sessionSize = 0;
  #isOpen = false;
  #granted = 0;
  #arrived = 0;
  #confirmed = 0;
  #inHand = 0;
  #bytesInHand = 0;
  #scheduled: NodeJS.Immediate | undefined;

  /** `size` in messages; nothing is granted while more than `maxBytes` are in hand. */
  constructor(size: number, maxBytes: number) {
    this.#size = size;
    this.#maxBytes = maxBytes;
  }

  /** Grants credit from now on, over this session and all later ones. */
  open(): void {
    this.#isOpen = true;
    this.#schedule();
  }

  /** A session is ready; nothing is granted in it yet. */
  attach(link: Link): void {
    this.#link = link;
    this.#sessionSize = Math.min(this.#size, link.limits.maxCredit);
    this.#granted = 0;
    this.#arrived = 0;
    this.#confirmed = 0;
    this.#schedule();
  }

  detach(): void {
    this.#link = undefined;
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
  }

  /** So many units have arrived. Their arrival is confirmed at the end of the turn. */
  arrived(units: number): void {
    this.#arrived += units;
    this.#schedule();
  }

  /** One of those that arrived stays in hand. */
  took(bytes: number): void {
    this.#inHand++;
    this.#bytesInHand += bytes;
  }

  /** One of those in hand is finished; its place is free. */
  finished(bytes: number): void {
    this.#inHand--;
    this.#bytesInHand -= bytes;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#link !== undefined) this.#scheduled ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = undefined;
    const link = this.#link;
    if (link?.state !== 'ready') return;
    if (this.#arrived > this.#confirmed) {
      this.#confirmed = this.#arrived;
      link.confirmReceived(this.#arrived);
    }
    if (!this.#isOpen || this.#bytesInHand >= this.#maxBytes) return;
    const onTheirWay = this.#granted - this.#arrived;
    const free = this.#sessionSize - onTheirWay - this.#inHand;
    // In steps, so that not every message costs a frame; at once when nothing is on its way.
    if (free <= 0 || (onTheirWay > 0 && free < this.#sessionSize / 4)) return;
    this.#granted += free;
    link.grant(free);
  }
}
