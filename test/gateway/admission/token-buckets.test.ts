import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TokenBuckets } from '../../../gateway/admission/token-buckets.ts';

it('is full at first, empty when all is taken, and refills evenly', () => {
  let now = 0;
  const buckets = new TokenBuckets(60, 60_000, () => now);
  buckets.take('a', 60);
  expect([buckets.isEmpty('a'), buckets.isEmpty('b')]).toEqual([true, false]);
  now = 1;
  expect(buckets.isEmpty('a')).toBe(false);
});

it('makes up for what was taken too much, a minute at the most', () => {
  let now = 0;
  const buckets = new TokenBuckets(60, 60_000, () => now);
  buckets.take('a', 90);
  now = 30_000;
  expect(buckets.isEmpty('a')).toBe(true);
  now = 30_001;
  expect(buckets.isEmpty('a')).toBe(false);
  buckets.take('a', 1_000_000);
  now += 60_001;
  expect(buckets.isEmpty('a')).toBe(false);
});

it('gives nothing for a clock that was set back', () => {
  let now = 1_000_000;
  const buckets = new TokenBuckets(10, 60_000, () => now);
  buckets.take('a', 10);
  now = 0;
  expect(buckets.isEmpty('a')).toBe(true);
  now = 6_001;
  expect(buckets.isEmpty('a')).toBe(false);
});

it('never lets through more than a bucket, a refill and one step more', () => {
  const steps = fc.array(fc.record({ pauseMs: fc.nat(5_000), tokens: fc.integer({ min: 1, max: 40 }) }));
  fc.assert(
    fc.property(steps, (all) => {
      let now = 0;
      let taken = 0;
      const buckets = new TokenBuckets(100, 60_000, () => now);
      for (const { pauseMs, tokens } of all) {
        now += pauseMs;
        if (buckets.isEmpty('a')) continue;
        buckets.take('a', tokens);
        taken += tokens;
      }
      expect(taken).toBeLessThanOrEqual(100 + (100 * now) / 60_000 + 40);
    }),
  );
});
