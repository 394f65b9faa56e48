/**
 * Fresh deliveries of one lane that could not go out at once, kept so that a moment's wait does not send each of them
 * through the store again: a reading costs a gateway a third more than all else that it does for a message, and under a
 * steady load a queue that has to be read would never be caught up with.
 *
 * They are the newest of their lane without gaps. Whoever cannot vouch for that any more drops them all: they are in the
 * store.
 */
import type { UnderWay } from './outlet.ts';

/** What is to be pushed. */
export type Pushable = {
  /** The envelope's digest in latin1. */
  readonly digest: string;
  readonly underWay: UnderWay;
  readonly unit: Buffer;
};

/** About what a socket's own buffer may hold. */
const maxBytes = 1024 * 1024;

export class HeldDeliveries {
  #held: Pushable[] = [];
  #bytes = 0;

  get size(): number {
    return this.#held.length;
  }

  /** The oldest. */
  get first(): Pushable | undefined {
    return this.#held[0];
  }

  /** Adds the newest. @returns false where there is no room, and then nothing is held any more */
  add({ digest, underWay, unit }: Pushable): boolean {
    this.#bytes += unit.byteLength;
    if (this.#bytes > maxBytes) {
      this.drop();
      return false;
    }
    // A copy: the unit is a part of the frame that it came in, which would be held as long.
    this.#held.push({ digest, underWay, unit: Buffer.from(unit) });
    return true;
  }

  /** Takes the oldest out as long as the caller wants them. @param take false to leave this one and the rest */
  takeWhile(take: (delivery: Pushable) => boolean): void {
    let taken = 0;
    for (const delivery of this.#held) {
      if (!take(delivery)) break;
      this.#bytes -= delivery.unit.byteLength;
      taken++;
    }
    this.#held.splice(0, taken);
  }

  drop(): void {
    this.#held = [];
    this.#bytes = 0;
  }
}
