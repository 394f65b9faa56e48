/**
 * What was made of texts before, at most so many. A sharing agreement is read again for every question that needs it
 * and nearly always has not changed, while compiling its data sets and policies takes half a second.
 */
export class Recent<T> {
  readonly #capacity: number;
  readonly #maxCharacters: number;
  readonly #known = new Map<string, T>();
  #characters = 0;

  /** @param maxCharacters of all keys together, for keys that are the texts themselves: what is made of one grows with it */
  constructor(capacity: number, maxCharacters = Infinity) {
    this.#capacity = capacity;
    this.#maxCharacters = maxCharacters;
  }

  get(key: string): T | undefined {
    return this.#known.get(key);
  }

  /** Keeps it, and forgets those kept longest where there is no room; one that is too large alone is not kept. */
  keep(key: string, value: T): void {
    if (key.length > this.#maxCharacters) return;
    this.#forget(key);
    for (const eldest of this.#known.keys()) {
      if (this.#known.size < this.#capacity && this.#characters + key.length <= this.#maxCharacters) break;
      this.#forget(eldest);
    }
    this.#known.set(key, value);
    this.#characters += key.length;
  }

  #forget(key: string): void {
    if (this.#known.delete(key)) this.#characters -= key.length;
  }
}
