import { expect, test } from 'vitest';
import { holderSchema } from '../../../../clients/sdk/linkage/linkage-file.ts';

const holder = { token: 'x'.repeat(24), publicKeys: {} };

test.each([
  ['https://holder-a.example.org:8444', true],
  ['http://127.0.0.1:8444', true],
  ['http://localhost:8444', true],
  ['http://holder-a.example.org:8444', false],
  ['http://127.0.0.1.example.org', false],
])('a holder at %s is taken: %s, for its token must not travel in the clear', (url, isTaken) => {
  expect(holderSchema.safeParse({ ...holder, url }).success).toBe(isTaken);
});
