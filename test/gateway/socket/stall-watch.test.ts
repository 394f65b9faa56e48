import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StallWatch } from '../../../gateway/socket/stall-watch.ts';

const limits = { stalledMs: 10_000, maxBufferedBytes: 4_000 };

/** A watch, and a look of it at a time. */
function watching(): (now: number, buffered: number, taken: number) => boolean {
  let time = 0;
  const watch = new StallWatch(limits, () => time);
  return (now, buffered, taken) => {
    time = now;
    return watch.hasStalled(buffered, taken);
  };
}

describe('a watch over a slow reader', () => {
  it('gives up a reader that takes nothing for the time allowed, and not before', () => {
    const look = watching();
    expect(look(0, 500, 100)).toBe(false);
    expect([2_000, 6_000, 11_999].map((now) => look(now, 500, 100))).toEqual([false, false, false]);
    expect(look(12_000, 500, 100)).toBe(true);
  });

  it('is patient with a reader that takes a little at a time while its backlog stays full or grows', () => {
    const look = watching();
    for (let times = 0; times < 100; times++) {
      expect(look(times * 9_000, 1_000 + times, 10 * times)).toBe(false);
    }
  });

  it('forgets an old stall once nothing waits', () => {
    const look = watching();
    look(0, 500, 0);
    look(2_000, 500, 0);
    expect(look(9_000, 0, 500)).toBe(false);
    expect(look(13_000, 500, 500)).toBe(false);
    expect(look(23_000, 500, 500)).toBe(true);
  });

  it('gives up at once where too much waits', () => {
    expect(watching()(0, 4_001, 9_000)).toBe(true);
  });
});

describe('a time of day that jumps', () => {
  afterEach(() => vi.useRealTimers());

  it('forward ends nobody who is only slow', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const watch = new StallWatch(limits);
    watch.hasStalled(500, 0);
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(watch.hasStalled(500, 0)).toBe(false);
  });

  it('back keeps nobody who has stalled', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const watch = new StallWatch({ ...limits, stalledMs: 20 });
    watch.hasStalled(500, 0);
    vi.setSystemTime(Date.now() - 3_600_000);
    await sleep(30);
    expect(watch.hasStalled(500, 0)).toBe(true);
  });
});
