/** A seeded source of chance: the same seed gives the same register. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to 1, without 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number from 0 to `below` − 1. */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  /** One of a list by rank: the first is the likeliest, with weights (rank + 3) to the power −`steepness`. */
  pickRanked<T>(items: readonly T[], steepness: number): T {
    const total = rankWeights(items.length, steepness);
    const aim = this.next() * (total.at(-1) ?? 0);
    let low = 0;
    let high = total.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((total[middle] ?? 0) > aim) high = middle;
      else low = middle + 1;
    }
    return items[low]!;
  }

  /** One of the keys by its weight. */
  pickWeighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let aim = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) if ((aim -= weight) < 0) return key;
    return entries.at(-1)![0];
  }
}

const cumulated = new Map<string, number[]>();

function rankWeights(length: number, steepness: number): readonly number[] {
  const key = `${length} ${steepness}`;
  let sums = cumulated.get(key);
  if (sums === undefined) {
    let sum = 0;
    sums = Array.from({ length }, (_, rank) => (sum += (rank + 3) ** -steepness));
    cumulated.set(key, sums);
  }
  return sums;
}
