/** Faults that `gateway check` has found, as lines. */
import type { Faults } from '../audit/fault-list.ts';
import { countOf } from './alert-text.ts';

/** The first ones in words, and how many others there are. */
export function listed<T>({ first, count }: Faults<T>, say: (fault: T) => string): string[] {
  const others = count - first.length;
  return [...first.map(say), ...(others === 0 ? [] : [`${countOf(others, 'other')} likewise.`])];
}
