import { expect, it } from 'vitest';
import { Recent } from '../../../gateway/policy/recent.ts';

it('keeps so many, and forgets the one kept longest', () => {
  const recent = new Recent<number>(2);
  for (const [key, value] of [
    ['one', 1],
    ['two', 2],
    ['three', 3],
  ] as const)
    recent.keep(key, value);
  expect(['one', 'two', 'three'].map((key) => recent.get(key))).toEqual([undefined, 2, 3]);
});

it('forgets nothing when a known one is kept again', () => {
  const recent = new Recent<number>(2);
  for (const [key, value] of [
    ['one', 1],
    ['two', 2],
    ['two', 3],
  ] as const)
    recent.keep(key, value);
  expect(['one', 'two'].map((key) => recent.get(key))).toEqual([1, 3]);
});
