/** What was found amiss, of which there may be millions. */

/** How many there are, and the first ones. */
export type Faults<T> = { readonly count: number; readonly first: readonly T[] };

const mostKept = 10;

export class FaultList<T> implements Faults<T> {
  readonly first: T[] = [];
  count = 0;

  add(fault: T): void {
    this.count += 1;
    if (this.first.length < mostKept) this.first.push(fault);
  }
}
