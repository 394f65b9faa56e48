/** A set of whole numbers from 1 that mostly stand in a row: kept as ranges. */
export type NumberRange = { readonly first: number; readonly last: number };

export class NumberRanges {
  /** Apart from each other, rising. */
  readonly #ranges: { first: number; last: number }[] = [];

  /** The highest number; 0 when there is none. */
  get max(): number {
    return this.#ranges.at(-1)?.last ?? 0;
  }

  has(number: number): boolean {
    const range = this.#ranges[this.#placeOf(number)];
    return range !== undefined && range.first <= number;
  }

  add(number: number): void {
    if (this.has(number)) return;
    const place = this.#placeOf(number);
    const [before, after] = [this.#ranges[place - 1], this.#ranges[place]];
    const [touchesBefore, touchesAfter] = [before?.last === number - 1, after?.first === number + 1];
    if (before !== undefined && after !== undefined && touchesBefore && touchesAfter) {
      before.last = after.last;
      this.#ranges.splice(place, 1);
    } else if (before !== undefined && touchesBefore) before.last = number;
    else if (after !== undefined && touchesAfter) after.first = number;
    else this.#ranges.splice(place, 0, { first: number, last: number });
  }

  /** The numbers from 1 below the highest that are missing. */
  gaps(): NumberRange[] {
    return this.#ranges.flatMap(({ first }, place) => {
      const after = this.#ranges[place - 1]?.last ?? 0;
      return first > after + 1 ? [{ first: after + 1, last: first - 1 }] : [];
    });
  }

  /** Of the first range that ends at or after the number; most numbers come last. */
  #placeOf(number: number): number {
    if (number > this.max) return this.#ranges.length;
    let [low, high] = [0, this.#ranges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.last ?? Infinity) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
