/**
 * One endpoint's deliveries while it has sessions open.
 *
 * The store holds the queue; this holds how far it has been read. In each lane everything up to the cursor is
 * under way or final. A fresh delivery goes straight to a session when its lane is caught up. Where it has to wait for
 * a moment it is held here, behind what is still to be read from the store, if anything is. A lower lane always goes
 * first.
 */
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { DeliveryId, Lane, QueuedDelivery, Store } from '../store/port.ts';
import { HeldDeliveries, type Pushable } from './held-deliveries.ts';
import { Outlet, type UnderWay } from './outlet.ts';

/** `behind`: the store may have deliveries after the cursor that are not held. */
type LaneState = { cursor: DeliveryId; behind: boolean; readonly held: HeldDeliveries };

const lanes = [0, 1, 2] as const satisfies readonly Lane[];
/** Behind every lane. */
const lanesBelow = lanes.length;

const readLimit = 64;

export class EndpointQueue {
  readonly endpoint: EndpointAddress;
  readonly outlets = new Set<Outlet>();
  readonly #store: Store;
  readonly #now: () => number;
  readonly #lanes: Readonly<Record<Lane, LaneState>> = {
    0: { cursor: 0, behind: true, held: new HeldDeliveries() },
    1: { cursor: 0, behind: true, held: new HeldDeliveries() },
    2: { cursor: 0, behind: true, held: new HeldDeliveries() },
  };
  #pumping = false;

  constructor(endpoint: EndpointAddress, store: Store, now: () => number) {
    this.endpoint = endpoint;
    this.#store = store;
    this.#now = now;
  }

  isListening(): boolean {
    for (const outlet of this.outlets) if (outlet.listening) return true;
    return false;
  }

  /** The delivery of this message that is under way, if any. */
  underWay(digest: string): UnderWay | undefined {
    for (const outlet of this.outlets) {
      const found = outlet.underWay.get(digest);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  settled(digest: string): void {
    for (const outlet of this.outlets) if (outlet.underWay.delete(digest)) return;
  }

  /** Takes a session out. What was under way with it is due again. */
  remove(outlet: Outlet): void {
    this.outlets.delete(outlet);
    for (const { delivery, lane } of outlet.underWay.values()) {
      const state = this.#lanes[lane];
      state.cursor = Math.min(state.cursor, delivery - 1);
      state.behind = true;
    }
  }

  /** The store's queue has grown without this process: every lane is to be read on. */
  fallBehind(): void {
    for (const state of Object.values(this.#lanes)) fallBehind(state);
  }

  /** A delivery has just been committed. */
  offer(digest: string, underWay: UnderWay, unit: Buffer): Outlet | undefined {
    const { delivery, lane } = underWay;
    const state = this.#lanes[lane];
    if (delivery <= state.cursor) return undefined;
    const mustWait = this.#pumping || (this.#laneDue() ?? lanesBelow) <= lane;
    const outlet = mustWait ? undefined : this.#ready();
    if (outlet === undefined) {
      const isHeld = this.#isWanted() && state.held.add({ digest, underWay, unit }, this.#now());
      if (!isHeld) fallBehind(state);
      return undefined;
    }
    state.cursor = delivery;
    outlet.push(digest, underWay);
    outlet.sink.deliver([unit]);
    return outlet;
  }

  /** Pushes what is held and reads on until credit, buffers or the queue are exhausted. One run at a time. */
  async pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (let lane = this.#laneDue(); lane !== undefined; lane = this.#laneDue()) {
        const outlet = this.#ready();
        if (outlet === undefined) return;
        if (this.#lanes[lane].behind) await this.#readLane(lane, Math.min(readLimit, outlet.credit));
        else this.#pushHeld(this.#lanes[lane]);
      }
    } finally {
      this.#pumping = false;
    }
  }

  async #readLane(lane: Lane, limit: number): Promise<void> {
    const state = this.#lanes[lane];
    const after = state.cursor;
    // Whatever is committed while the read runs is held, or sets this again.
    state.behind = false;
    let queued: readonly QueuedDelivery[];
    try {
      queued = await this.#store.readQueue(this.endpoint, lane, after, limit);
    } catch (error) {
      state.behind = true;
      throw error;
    }
    // A session closed meanwhile and moved the cursor back: read again from there.
    if (state.cursor !== after) return;
    // Something more urgent was committed meanwhile: it goes first, and this is read again after it.
    if ((this.#laneDue() ?? lanesBelow) < lane) {
      state.behind = true;
      return;
    }
    for (const item of queued) {
      if (!this.#pushRead(item, lane)) break;
      state.cursor = item.delivery;
    }
    // Once the reading has reached what is held, or the end, there is nothing between, also where it was cut short.
    const { first } = state.held;
    const isJoined = first !== undefined && first.underWay.delivery <= state.cursor;
    if (queued.length > 0 && !isJoined) state.behind = true;
    state.held.takeWhile(({ underWay }) => underWay.delivery <= state.cursor);
  }

  /** What cannot be delivered does not keep the rest waiting. @returns false when no session can take it now */
  #pushRead(queued: QueuedDelivery, lane: Lane): boolean {
    if (queued.unit === undefined) return true;
    const { delivery, envelopeDigest, unit, expiresAt } = queued;
    return this.#push({
      digest: envelopeDigest.toString('latin1'),
      underWay: { delivery, lane, expiresAt },
      unit,
    });
  }

  #pushHeld(state: LaneState): void {
    if (state.held.isStale(this.#now())) {
      fallBehind(state);
      return;
    }
    state.held.takeWhile((delivery) => {
      if (!this.#push(delivery)) return false;
      state.cursor = delivery.underWay.delivery;
      return true;
    });
  }

  /** @returns false when no session can take it now */
  #push({ digest, underWay, unit }: Pushable): boolean {
    if (underWay.expiresAt <= this.#now() || this.underWay(digest) !== undefined) return true;
    const outlet = this.#ready();
    if (outlet === undefined) return false;
    outlet.push(digest, underWay);
    outlet.sink.deliver([unit]);
    return true;
  }

  /** The most urgent lane in which something waits. */
  #laneDue(): Lane | undefined {
    return lanes.find((lane) => this.#lanes[lane].behind || this.#lanes[lane].held.size > 0);
  }

  /** Whether a session has asked for more, be it that it cannot take it at this moment. */
  #isWanted(): boolean {
    for (const outlet of this.outlets) if (outlet.credit > 0) return true;
    return false;
  }

  /** The session that takes the next delivery: the one with the most credit, if its buffers have room. */
  #ready(): Outlet | undefined {
    let best: Outlet | undefined;
    for (const outlet of this.outlets) {
      const isFree = !outlet.isFull(this.#now) && outlet.sink.isWritable();
      if (outlet.credit > (best?.credit ?? 0) && isFree) best = outlet;
    }
    return best;
  }
}

/** What the store has after the cursor is to be read, and what is held is no longer all of the rest. */
function fallBehind(state: LaneState): void {
  state.behind = true;
  state.held.drop();
}
