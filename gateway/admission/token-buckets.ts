/** A bucket of tokens for each of many: full at first, refilled evenly, emptied by use. */

type Bucket = { level: number; at: number };

export class TokenBuckets {
  readonly #capacity: number;
  readonly #refillMs: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /**
   * @param capacity tokens of a full bucket
   * @param refillMs how long an empty one takes to be full again
   * @param now ms since 1970
   */
  constructor(capacity: number, refillMs: number, now: () => number) {
    this.#capacity = capacity;
    this.#refillMs = refillMs;
    this.#now = now;
  }

  isEmpty(name: string): boolean {
    return this.#filled(name).level <= 0;
  }

  /** Takes tokens, more than there are if need be: what is owed is refilled first. At most a bucket is owed. */
  take(name: string, tokens: number): void {
    const bucket = this.#filled(name);
    bucket.level = Math.max(bucket.level - tokens, -this.#capacity);
  }

  #filled(name: string): Bucket {
    const now = this.#now();
    const known = this.#buckets.get(name);
    if (known === undefined) {
      const bucket = { level: this.#capacity, at: now };
      this.#buckets.set(name, bucket);
      return bucket;
    }
    // A clock that was set back refills nothing.
    const elapsedMs = Math.max(0, now - known.at);
    known.level = Math.min(this.#capacity, known.level + (this.#capacity * elapsedMs) / this.#refillMs);
    known.at = now;
    return known;
  }
}
