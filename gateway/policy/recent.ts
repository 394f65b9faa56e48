/**
 * What was made of texts before, at most so many. A sharing agreement is read again for every question that needs it
 * and nearly always has not changed, while compiling its data sets and policies takes half a second.
 */
export class Recent<T> {
  readonly #capacity: number;
  readonly #known = new Map<string, T>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string): T | undefined {
    return this.#known.get(key);
  }

  /** Keeps it, and forgets the one kept longest where there is no room. */
  keep(key: string, value: T): void {
    this.#known.delete(key);
    const [eldest] = this.#known.keys();
    if (this.#known.size >= this.#capacity && eldest !== undefined) this.#known.delete(eldest);
    this.#known.set(key, value);
  }
}
