/** Many things of which each may be wrong by itself, and harms none of the others. */
import { isCausewayError, type CausewayError } from './errors.ts';

/** @returns what could be read, and what is wrong with each of the others @throws what is no {@link CausewayError} */
export function readEach<T, R>(
  items: readonly T[],
  read: (item: T) => R,
): { read: R[]; faults: CausewayError[] } {
  const found: R[] = [];
  const faults: CausewayError[] = [];
  for (const item of items) {
    try {
      found.push(read(item));
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      faults.push(error);
    }
  }
  return { read: found, faults };
}
