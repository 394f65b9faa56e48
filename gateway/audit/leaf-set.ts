/** A set of leaves: a bit for each leaf of the segments that have any. */
import { OffsetSet, segmentLeaves } from './offset-set.ts';

export class LeafSet {
  readonly #segments = new Map<number, OffsetSet>();

  add(leaf: number): void {
    const segment = Math.floor(leaf / segmentLeaves);
    const set = this.#segments.get(segment) ?? new OffsetSet();
    set.add(leaf % segmentLeaves);
    this.#segments.set(segment, set);
  }

  has(leaf: number): boolean {
    return this.#segments.get(Math.floor(leaf / segmentLeaves))?.has(leaf % segmentLeaves) === true;
  }
}
