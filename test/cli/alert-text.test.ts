import { expect, it } from 'vitest';
import { percentOf } from '../../gateway/cli/alert-text.ts';

it.each([
  [0, '0 %'],
  [1 / 300, '1 %'],
  [0.974, '97 %'],
  [299 / 300, '99 %'],
  [1, '100 %'],
])('a part of %d is %s, and never all or none where it is not', (part, said) => {
  expect(percentOf(part)).toBe(said);
});
