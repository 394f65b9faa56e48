import { describe, expect, it } from 'vitest';
import { StallWatch } from '../../../gateway/socket/stall-watch.ts';

const limits = { stalledMs: 10_000, maxBufferedBytes: 4_000 };

describe('a watch over a slow reader', () => {
  it('gives up a reader that takes nothing for the time allowed, and not before', () => {
    const watch = new StallWatch(limits);
    expect(watch.hasStalled(0, 500, 100)).toBe(false);
    expect([2_000, 6_000, 11_999].map((now) => watch.hasStalled(now, 500, 100))).toEqual([
      false,
      false,
      false,
    ]);
    expect(watch.hasStalled(12_000, 500, 100)).toBe(true);
  });

  it('is patient with a reader that takes a little at a time while its backlog stays full or grows', () => {
    const watch = new StallWatch(limits);
    for (let look = 0; look < 100; look++) {
      expect(watch.hasStalled(look * 9_000, 1_000 + look, 10 * look)).toBe(false);
    }
  });

  it('forgets an old stall once nothing waits', () => {
    const watch = new StallWatch(limits);
    watch.hasStalled(0, 500, 0);
    watch.hasStalled(2_000, 500, 0);
    expect(watch.hasStalled(9_000, 0, 500)).toBe(false);
    expect(watch.hasStalled(13_000, 500, 500)).toBe(false);
    expect(watch.hasStalled(23_000, 500, 500)).toBe(true);
  });

  it('gives up at once where too much waits', () => {
    expect(new StallWatch(limits).hasStalled(0, 4_001, 9_000)).toBe(true);
  });
});
