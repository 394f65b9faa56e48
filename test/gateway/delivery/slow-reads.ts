/** What tests of delivery put on both sides of it: a store whose reads wait, and a session that only listens. */
import type { EndpointSink } from '../../../gateway/delivery/sink.ts';
import type { AcceptableMessage, Store } from '../../../gateway/store/port.ts';
import { eventually } from '../../e2e/kit/watch.ts';

export type Accepted = AcceptableMessage & { readonly delivery: number };

/** A real store of which reads can be held back after they were made. */
export class SlowReads {
  readonly store: Store;
  reads = 0;
  /** Numbers of the reads that are under way, and of the one that ended last. */
  readonly open = new Set<number>();
  ended = 0;
  failing = false;
  #held: (() => void)[] | undefined;

  constructor(store: Store) {
    const hold = async <T>(work: () => Promise<T>): Promise<T> => {
      const number = ++this.reads;
      if (this.failing) throw new Error('the reader is ill');
      this.open.add(number);
      const result = await work();
      if (this.#held !== undefined) await new Promise<void>((resolve) => this.#held?.push(resolve));
      this.open.delete(number);
      this.ended = number;
      return result;
    };
    this.store = {
      ...store,
      readQueue: (...question) => hold(() => store.readQueue(...question)),
      readReceipts: (...question) => hold(() => store.readReceipts(...question)),
    };
  }

  hold(): void {
    this.#held ??= [];
  }

  /** Waits until a read has been made and is held back. */
  async caught(): Promise<void> {
    await eventually('a read', () => (this.#held !== undefined && this.#held.length > 0 ? true : undefined));
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const resolve of held) resolve();
  }
}

export class Sink implements EndpointSink {
  readonly units: string[] = [];
  readonly positions: number[] = [];
  writable = true;
  /** Units that it takes until it is full. */
  room = Infinity;
  readonly #onUnit: (unit: string) => void;

  constructor(onUnit: (unit: string) => void = () => undefined) {
    this.#onUnit = onUnit;
  }

  deliver(units: readonly Buffer[]): void {
    for (const unit of units.map(String)) {
      this.units.push(unit);
      this.#onUnit(unit);
    }
  }

  receipts(position: number): void {
    this.positions.push(position);
  }

  isWritable(): boolean {
    return this.writable && this.units.length < this.room;
  }
}
