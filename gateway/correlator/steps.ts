/** Work that can be left off for a while: it pauses wherever others may have their turn. */

export type Steps<T> = IterableIterator<undefined, T, undefined>;

/** Work that there is none of: most notices must not cost a generator. */
export function atOnce<T>(value: T): Steps<T> {
  const result = { done: true, value } as const;
  const steps: Steps<T> = { next: () => result, [Symbol.iterator]: () => steps };
  return steps;
}

/** Does all of it at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
