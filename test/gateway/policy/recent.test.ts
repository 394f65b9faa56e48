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

it('keeps keys of so many characters together, and none that is longer alone', () => {
  const recent = new Recent<number>(10, 9);
  const known = (): (number | undefined)[] => ['one', 'two', 'three'].map((key) => recent.get(key));
  recent.keep('one', 1);
  recent.keep('two', 2);
  recent.keep('two', 2);
  expect(known()).toEqual([1, 2, undefined]);
  recent.keep('far too long', 0);
  expect([recent.get('far too long'), ...known()]).toEqual([undefined, 1, 2, undefined]);
  recent.keep('three', 3);
  expect(known()).toEqual([undefined, 2, 3]);
  recent.keep('one', 1);
  expect(known()).toEqual([1, undefined, 3]);
});
