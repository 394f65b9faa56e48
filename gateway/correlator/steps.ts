/** Work that can be left off for a while: it pauses wherever others may have their turn. */

export type Steps<T> = IterableIterator<undefined, T, undefined>;

/** Does all of it at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
