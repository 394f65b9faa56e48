import { expect, test } from 'vitest';
import { z } from 'zod';
import { describeIssues } from '../../../protocol/wire/describe-issues.ts';
import { slugSchema } from '../../../protocol/ids.ts';

test.each<[z.ZodType, unknown, string]>([
  [z.string(), undefined, 'is missing'],
  [z.string(), 1, 'must be text'],
  [z.int(), 'x', 'must be a number'],
  [z.int(), 1.5, 'must be a whole number'],
  [z.boolean(), 1, 'must be true or false'],
  [z.array(z.int()), {}, 'must be a list'],
  [z.strictObject({}), [], 'must have fields of its own'],
  [z.enum(['urgent', 'info']), 'x', 'must be one of "urgent", "info"'],
  [z.literal(1), 2, 'must be 1'],
  [z.int().min(0), -1, 'must be at least 0'],
  [z.int().max(9), 10, 'must be at most 9'],
  [z.int().max(Number.MAX_SAFE_INTEGER), 1e300, 'must be at most 9007199254740991'],
  [z.string().min(1), '', 'must not be empty'],
  [z.string().max(2), 'abc', 'must have at most 2 characters'],
  [z.array(z.int()).min(2), [1], 'must have at least 2 entries'],
  [z.union([z.int(), z.boolean()]), 'x', 'does not have the right form'],
  [z.iso.datetime(), 'x', 'does not have the right form'],
  [slugSchema, 'Not A Name', 'must be a lower-case name'],
])('what is wrong with a field is told in plain words: %#', (schema, value, words) => {
  const { error } = z.object({ field: schema }).safeParse({ field: value });
  expect(describeIssues(error!).detail).toBe(`/field: ${words}.`);
});
