/** Brings deliveries and receipts from the store to the sessions that are open. */
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { DeliveryId, FreshGroup, Lane, Store } from '../store/port.ts';
import { EndpointQueue } from './endpoint-queue.ts';
import { Outlet } from './outlet.ts';
import type { EndpointSink } from './sink.ts';

/** A delivery fresh from its commit. */
export type OfferedDelivery = {
  readonly delivery: DeliveryId;
  readonly recipient: EndpointAddress;
  readonly lane: Lane;
  /** ms since 1970 */
  readonly expiresAt: number;
  readonly envelopeDigest: Buffer;
  readonly unit: Buffer;
};

const receiptReadLimit = 64;
const retryMs = 1_000;

export class Dispatcher {
  readonly #store: Store;
  readonly #now: () => number;
  /** Told of reads that failed; they are tried again. */
  readonly #onError: (error: unknown) => void;
  readonly #queues = new Map<EndpointAddress, EndpointQueue>();

  constructor(deps: { store: Store; now: () => number; onError: (error: unknown) => void }) {
    this.#store = deps.store;
    this.#now = deps.now;
    this.#onError = deps.onError;
  }

  /** A session is ready. `receiptsAfter` is null when it wants no receipts. */
  open(endpoint: EndpointAddress, sink: EndpointSink, receiptsAfter: number | null): Outlet {
    let queue = this.#queues.get(endpoint);
    if (queue === undefined) {
      queue = new EndpointQueue(endpoint, this.#store, this.#now);
      this.#queues.set(endpoint, queue);
    }
    const outlet = new Outlet(sink, receiptsAfter);
    queue.outlets.add(outlet);
    this.#sendReceipts(endpoint, outlet);
    return outlet;
  }

  /** The session has ended; what it did not settle is due again. */
  close(endpoint: EndpointAddress, outlet: Outlet): void {
    const queue = this.#queues.get(endpoint);
    queue?.remove(outlet);
    if (queue === undefined || queue.outlets.size === 0) this.#queues.delete(endpoint);
    else this.#pump(queue);
  }

  grant(endpoint: EndpointAddress, outlet: Outlet, messages: number): void {
    outlet.listening = true;
    outlet.credit += messages;
    this.#resumeQueue(endpoint);
  }

  /**
   * The client has confirmed the arrival of so many units altogether.
   * @returns the deliveries that this confirms for the first time, or undefined when the number is impossible
   */
  confirm(endpoint: EndpointAddress, outlet: Outlet, totalUnits: number): DeliveryId[] | undefined {
    const wasFull = outlet.isFull(this.#now);
    const confirmed = outlet.confirm(totalUnits);
    if (wasFull) this.#resumeQueue(endpoint);
    return confirmed;
  }

  /** The session's buffers have room again. */
  resume(endpoint: EndpointAddress, outlet: Outlet): void {
    if (outlet.mayLackReceipts) this.#sendReceipts(endpoint, outlet);
    this.#resumeQueue(endpoint);
  }

  /** True when a session of this endpoint has asked for deliveries. */
  isListening(endpoint: EndpointAddress): boolean {
    return this.#queues.get(endpoint)?.isListening() ?? false;
  }

  /** The endpoints with a session that has asked for deliveries. */
  *listening(): Generator<EndpointAddress> {
    for (const [endpoint, queue] of this.#queues) if (queue.isListening()) yield endpoint;
  }

  /** Somebody else has put deliveries into the endpoint's queue in the store. */
  queueGrown(endpoint: EndpointAddress): void {
    const queue = this.#queues.get(endpoint);
    if (queue === undefined) return;
    queue.fallBehind();
    this.#pump(queue);
  }

  /** Deliveries and receipts may have come into the store that nobody has told of: all of it is read on. */
  readOn(): void {
    for (const [endpoint, queue] of this.#queues) {
      this.queueGrown(endpoint);
      for (const outlet of queue.outlets) {
        outlet.receiptsHeard++;
        this.#sendReceipts(endpoint, outlet);
      }
    }
  }

  offer(deliveries: readonly OfferedDelivery[]): void {
    for (const { delivery, recipient, lane, expiresAt, envelopeDigest, unit } of deliveries) {
      const queue = this.#queues.get(recipient);
      if (queue === undefined) continue;
      const taken = queue.offer(envelopeDigest.toString('latin1'), { delivery, lane, expiresAt }, unit);
      if (taken === undefined) this.#pump(queue);
    }
  }

  deliveryUnderWay(endpoint: EndpointAddress, envelopeDigest: Buffer): DeliveryId | undefined {
    return this.#queues.get(endpoint)?.underWay(envelopeDigest.toString('latin1'))?.delivery;
  }

  settled(endpoint: EndpointAddress, envelopeDigests: readonly Buffer[]): void {
    const queue = this.#queues.get(endpoint);
    if (queue === undefined) return;
    for (const digest of envelopeDigests) queue.settled(digest.toString('latin1'));
    this.#pump(queue);
  }

  /** The endpoint's receipt stream has grown. */
  receiptsGrown(endpoint: EndpointAddress, position: number, fresh: FreshGroup | undefined): void {
    for (const outlet of this.#queues.get(endpoint)?.outlets ?? []) {
      if (outlet.receiptsSent === null || outlet.receiptsSent >= position) continue;
      outlet.receiptsHeard++;
      const isNext = outlet.receiptsSent === fresh?.previous && !outlet.readingReceipts;
      if (fresh !== undefined && isNext && outlet.sink.isWritable()) {
        outlet.sendReceipts(position, fresh.group);
      } else {
        this.#sendReceipts(endpoint, outlet);
      }
    }
  }

  #resumeQueue(endpoint: EndpointAddress): void {
    const queue = this.#queues.get(endpoint);
    if (queue !== undefined) this.#pump(queue);
  }

  #pump(queue: EndpointQueue): void {
    queue.pump().catch((error: unknown) => {
      this.#onError(error);
      setTimeout(() => {
        if (this.#queues.get(queue.endpoint) === queue) this.#pump(queue);
      }, retryMs).unref();
    });
  }

  #sendReceipts(endpoint: EndpointAddress, outlet: Outlet): void {
    outlet.mayLackReceipts = true;
    if (outlet.receiptsSent === null || outlet.readingReceipts) return;
    this.#streamReceipts(endpoint, outlet).catch((error: unknown) => {
      this.#onError(error);
      setTimeout(() => {
        if (this.#queues.get(endpoint)?.outlets.has(outlet) === true) this.#sendReceipts(endpoint, outlet);
      }, retryMs).unref();
    });
  }

  async #checkPosition(endpoint: EndpointAddress, outlet: Outlet): Promise<void> {
    if (outlet.isPositionChecked) return;
    const asked = outlet.receiptsSent ?? 0;
    if (asked > 0 && !(await this.#store.hasReceiptPosition(endpoint, asked))) outlet.beginReceiptsAnew();
    outlet.isPositionChecked = true;
  }

  async #streamReceipts(endpoint: EndpointAddress, outlet: Outlet): Promise<void> {
    // The mark falls in the same turn in which the loop ends: whatever grows afterwards starts it again.
    outlet.readingReceipts = true;
    try {
      await this.#checkPosition(endpoint, outlet);
      while (outlet.receiptsSent !== null && outlet.sink.isWritable()) {
        const heard = outlet.receiptsHeard;
        const groups = await this.#store.readReceipts(endpoint, outlet.receiptsSent, receiptReadLimit);
        if (groups.length === 0 && outlet.receiptsHeard === heard) {
          outlet.mayLackReceipts = false;
          return;
        }
        for (const { position, group } of groups) {
          // The rest is read again once the socket has drained.
          if (!outlet.sink.isWritable()) return;
          outlet.sendReceipts(position, group);
        }
      }
    } finally {
      outlet.readingReceipts = false;
    }
  }
}
