/**
 * Fresh deliveries of one lane that could not go out at once, kept so that a moment's wait does not send each of them
 * through the store again: a reading costs a gateway a third more than all else that it does for a message, and under a
 * steady load a queue that has to be read would never be caught up with.
 *
 * They are the newest of their lane without gaps. Whoever cannot vouch for that any more drops them all: they are in the
 * store. What is held for longer than a moment may have been erased there, or settled through another gateway.
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
/** A socket that drains within this is busy, not slow. */
const momentMs = 3_000;

/** `since`: ms since 1970. */
type Held = Pushable & { readonly since: number };

export class HeldDeliveries {
  #held: Held[] = [];
  #bytes = 0;

  get size(): number {
    return this.#held.length;
  }

  /** The oldest. */
  get first(): Held | undefined {
    return this.#held[0];
  }

  /** Whether the oldest, if any, has been held for longer than a moment. @param now ms since 1970 */
  isStale(now: number): boolean {
    const { first } = this;
    // A clock that was set back says nothing about how long it was.
    return first !== undefined && Math.abs(now - first.since) > momentMs;
  }

  /** Adds the newest. @param since now, in ms since 1970 @returns false where there is no room, and then nothing is held any more */
  add({ digest, underWay, unit }: Pushable, since: number): boolean {
    this.#bytes += unit.byteLength;
    if (this.#bytes > maxBytes) {
      this.drop();
      return false;
    }
    // A copy: the unit is a part of the frame that it came in, which would be held as long.
    this.#held.push({ digest, underWay, unit: Buffer.from(unit), since });
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
