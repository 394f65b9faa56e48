/** What waits for a moment, earliest first: a binary heap whose order leaves nothing to chance. */

import type { Steps } from './steps.ts';

/** Looked at in one step: some tenths of a millisecond. */
const itemsAStep = 1_000;

export type Timed = { readonly dueMs: number };

export class DeadlineQueue<T extends Timed> {
  #heap: T[] = [];
  readonly #compare: (a: T, b: T) => number;

  /** @param compare puts what is due at the same time in order */
  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#heap.length;
  }

  push(item: T): void {
    const heap = this.#heap;
    let index = heap.push(item) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !this.#isBefore(item, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = item;
  }

  isDueBefore(now: number): boolean {
    const first = this.#heap[0];
    return first !== undefined && first.dueMs < now;
  }

  /** Takes the earliest item that is due before `now`. */
  shiftBefore(now: number): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.dueMs >= now) return undefined;
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.#sink(last);
    return first;
  }

  /** Takes out every item that the test picks, all of them at the last step. @returns them */
  *drop(isDropped: (item: T) => boolean): Steps<readonly T[]> {
    const kept = new DeadlineQueue(this.#compare);
    const dropped: T[] = [];
    for (const [place, item] of this.#heap.entries()) {
      if (place % itemsAStep === itemsAStep - 1) yield;
      if (isDropped(item)) dropped.push(item);
      else kept.push(item);
    }
    if (dropped.length > 0) this.#heap = kept.#heap;
    return dropped;
  }

  #sink(item: T): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const [a, b] = [heap[left], heap[right]];
      if (a === undefined) break;
      const [child, childIndex] = b !== undefined && this.#isBefore(b, a) ? [b, right] : [a, left];
      if (!this.#isBefore(child, item)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = item;
  }

  #isBefore(a: T, b: T): boolean {
    return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && this.#compare(a, b) < 0);
  }
}
