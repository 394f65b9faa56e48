/**
 * One endpoint's deliveries while it has sessions open.
 *
 * The store holds the queue; this holds how far it has been read. In each lane everything up to the cursor is
 * under way or final. A fresh delivery goes straight to a session when its lane is caught up; otherwise the lane
 * is behind and is read from the store as credit allows. A lower lane always goes first.
 */
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { DeliveryId, Lane, QueuedDelivery, Store } from '../store/port.ts';
import { Outlet, type UnderWay } from './outlet.ts';

type LaneState = { cursor: DeliveryId; behind: boolean };

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
    0: { cursor: 0, behind: true },
    1: { cursor: 0, behind: true },
    2: { cursor: 0, behind: true },
  };
  #reading = false;

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
    for (const lane of lanes) this.#lanes[lane].behind = true;
  }

  /** A delivery has just been committed. */
  offer(digest: string, underWay: UnderWay, unit: Buffer): Outlet | undefined {
    const { delivery, lane } = underWay;
    const state = this.#lanes[lane];
    if (delivery <= state.cursor) return undefined;
    const mustWait = this.#reading || (this.#laneBehind() ?? lanesBelow) <= lane;
    const outlet = mustWait ? undefined : this.#ready();
    if (outlet === undefined) {
      state.behind = true;
      return undefined;
    }
    state.cursor = delivery;
    outlet.push(digest, underWay);
    outlet.sink.deliver([unit]);
    return outlet;
  }

  /** Reads and pushes until credit, buffers or the queue are exhausted. One run at a time. */
  async pump(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      for (let lane = this.#laneBehind(); lane !== undefined; lane = this.#laneBehind()) {
        const outlet = this.#ready();
        if (outlet === undefined) return;
        await this.#pumpLane(lane, Math.min(readLimit, outlet.credit));
      }
    } finally {
      this.#reading = false;
    }
  }

  async #pumpLane(lane: Lane, limit: number): Promise<void> {
    const state = this.#lanes[lane];
    const after = state.cursor;
    // Whatever is committed while the read runs sets this again.
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
    if ((this.#laneBehind() ?? lanesBelow) < lane) {
      state.behind = true;
      return;
    }
    for (const item of queued) {
      if (!this.#push(item, lane)) {
        state.behind = true;
        return;
      }
      state.cursor = item.delivery;
    }
    if (queued.length > 0) state.behind = true;
  }

  /** @returns false when no session can take it now. What nobody can take does not keep the rest waiting */
  #push(queued: QueuedDelivery, lane: Lane): boolean {
    if (queued.unit === undefined) return true;
    const { delivery, envelopeDigest, unit, expiresAt } = queued;
    const digest = envelopeDigest.toString('latin1');
    if (expiresAt <= this.#now() || this.underWay(digest) !== undefined) return true;
    const outlet = this.#ready();
    if (outlet === undefined) return false;
    outlet.push(digest, { delivery, lane, expiresAt });
    outlet.sink.deliver([unit]);
    return true;
  }

  /** The most urgent lane that is behind. */
  #laneBehind(): Lane | undefined {
    return lanes.find((lane) => this.#lanes[lane].behind);
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
