/** One session's share of an endpoint's deliveries: its credit, what was sent to it, its receipt stream. */
import type { DeliveryId, Lane } from '../store/port.ts';
import type { EndpointSink } from './sink.ts';

/** A delivery that has been pushed to a session and is not settled. */
export type UnderWay = {
  readonly delivery: DeliveryId;
  readonly lane: Lane;
  /** ms since 1970 */
  readonly expiresAt: number;
};

/** Deliveries that one session may leave unanswered or unconfirmed, however much credit it grants: both are kept in memory. */
const maxKept = 65_536;
/** Between two looks for what has expired of them. */
const leastSweepMs = 1_000;

export class Outlet {
  readonly sink: EndpointSink;
  /** Deliveries that may still be pushed. */
  credit = 0;
  /** True once the session has asked for deliveries. */
  listening = false;
  #receiptsSent: number | null;
  /** How often something was heard of the stream: where that grows during a reading, it may have come too soon. */
  receiptsHeard = 0;
  /** True once it was looked whether the stream has the position that the client named. */
  isPositionChecked = false;
  /** The position that the client named, where the stream does not have it, until the client has a sign of that. */
  #foreignPosition: number | undefined;
  /** False once the stream was read to its end and nothing came that could not be sent at once. */
  mayLackReceipts = true;
  /** True while a read of the receipt stream is running. */
  readingReceipts = false;
  /** Deliveries pushed by this session and not settled, by envelope digest in latin1. */
  readonly underWay = new Map<string, UnderWay>();
  /** Deliveries pushed and not confirmed as arrived, oldest first. */
  readonly #unconfirmed: DeliveryId[] = [];
  #confirmedUnits = 0;
  #sweptAt = 0;

  constructor(sink: EndpointSink, receiptsAfter: number | null) {
    this.sink = sink;
    this.#receiptsSent = receiptsAfter;
  }

  /** Position of the last receipt group sent; null when the session asked for none. */
  get receiptsSent(): number | null {
    return this.#receiptsSent;
  }

  /**
   * The stream does not have the position that the client named: the store was restored from a backup since. It gets all
   * that is kept, for nobody knows any more what it has.
   */
  beginReceiptsAnew(): void {
    this.#foreignPosition = this.#receiptsSent ?? undefined;
    this.#receiptsSent = 0;
  }

  /** Sends the next group of the stream. */
  sendReceipts(position: number, group: Buffer): void {
    const foreign = this.#foreignPosition;
    this.#foreignPosition = undefined;
    // A first position that is not above the one it named tells the client what has happened. Nothing that is kept stands
    // there, so it may be given and forgotten; the group comes once more in its own place, and nobody minds.
    if (foreign !== undefined && foreign < position) this.sink.receipts(foreign, group);
    this.#receiptsSent = position;
    this.sink.receipts(position, group);
  }

  /** True while nothing more may be pushed, whatever the credit. @param now ms since 1970, asked for only where that matters */
  isFull(now: () => number): boolean {
    if (this.underWay.size >= maxKept) this.#forgetExpired(now());
    return this.underWay.size >= maxKept || this.#unconfirmed.length >= maxKept;
  }

  /** Notes that a delivery goes out now and takes one credit. */
  push(digest: string, underWay: UnderWay): void {
    this.credit--;
    this.underWay.set(digest, underWay);
    this.#unconfirmed.push(underWay.delivery);
  }

  /**
   * Notes that the client has confirmed the arrival of so many units altogether.
   * @returns the deliveries that this confirms for the first time, or undefined when the number is impossible
   */
  confirm(totalUnits: number): DeliveryId[] | undefined {
    const fresh = totalUnits - this.#confirmedUnits;
    if (fresh < 0 || fresh > this.#unconfirmed.length) return undefined;
    this.#confirmedUnits = totalUnits;
    return this.#unconfirmed.splice(0, fresh);
  }

  /** The store ends them by itself; only their places here are missed, and those only where none is left. */
  #forgetExpired(now: number): void {
    if (Math.abs(now - this.#sweptAt) < leastSweepMs) return;
    this.#sweptAt = now;
    for (const [digest, { expiresAt }] of this.underWay) if (expiresAt <= now) this.underWay.delete(digest);
  }
}
