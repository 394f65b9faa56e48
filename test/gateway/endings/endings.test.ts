import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Endings } from '../../../gateway/endings/endings.ts';
import type { Store } from '../../../gateway/store/port.ts';
import type { Digest } from '../../../protocol/ids.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startedAt = Date.parse('2026-11-30T12:00:00Z');

let endings: Endings;
/** What was asked of the store. */
let asked: string[];
let lines: Record<string, unknown>[];

beforeEach(() => {
  vi.useFakeTimers({
    now: startedAt,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
  });
  asked = [];
  lines = [];
});
afterEach(async () => {
  await endings.close();
  vi.useRealTimers();
});

function open(newestLeafAt: number | undefined): void {
  const store: Partial<Store> = {
    expire: () => {
      asked.push('expire');
      return Promise.resolve({ expired: [], nextDueAt: null });
    },
    // Another gateway sweeps.
    takeLease: (name) => {
      asked.push(name);
      return Promise.resolve(undefined);
    },
  };
  const retention = { payloads: { stored: dayMs, undelivered: dayMs }, categories: new Map() };
  endings = new Endings({
    store: store as Store,
    now: () => startedAt,
    policy: () => ({ digest: 'agreement' as Digest, retention }),
    log: pino({ base: null }, { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) }),
    onError: (error) => expect.unreachable(String(error)),
    newestLeafAt,
  });
}

function start(newestLeafAt: number | undefined): void {
  open(newestLeafAt);
  endings.start();
}

describe('what ends by the clock', () => {
  it.each([
    ['has no leaf yet', undefined],
    ['stood for a week', startedAt - 7 * dayMs],
    ['has a leaf of another gateway, a little ahead', startedAt + 200_000],
  ])('begins at once where the store %s', async (_, newestLeafAt) => {
    start(newestLeafAt);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked.toSorted()).toEqual(['expire', 'retention']);
    expect([endings.isHeld, endings.clockDoubt, lines]).toEqual([false, undefined, []]);
  });

  it('begins at once by a clock that has not reached the newest leaf, which stays in doubt', async () => {
    start(startedAt + dayMs);
    await vi.advanceTimersByTimeAsync(2 * hourMs);
    expect(asked).toContain('expire');
    expect([endings.isHeld, endings.clockDoubt]).toEqual([false, 'behind']);
    expect(lines).toMatchObject([{ code: 'clock-wrong', aheadMs: -dayMs }]);
  });

  it('is held back for an hour where the newest leaf is weeks old, whatever is accepted meanwhile', async () => {
    start(startedAt - 20 * dayMs);
    expect(lines).toMatchObject([{ code: 'clock-wrong', aheadMs: 20 * dayMs }]);
    endings.note(startedAt);
    await vi.advanceTimersByTimeAsync(hourMs - 1);
    expect([endings.isHeld, endings.clockDoubt, asked]).toEqual([true, 'ahead', []]);
    // The first question comes with a timer of its own.
    await vi.advanceTimersByTimeAsync(2);
    expect([endings.isHeld, endings.clockDoubt]).toEqual([false, undefined]);
    expect(asked.toSorted()).toEqual(['expire', 'retention']);
  });

  it('is held back before it starts, since messages may come sooner', () => {
    open(startedAt - 20 * dayMs);
    expect([endings.isHeld, endings.clockDoubt]).toEqual([true, 'ahead']);
  });

  it('does not begin any more in a gateway that was stopped within the hour', async () => {
    start(startedAt - 20 * dayMs);
    await endings.close();
    await vi.advanceTimersByTimeAsync(2 * hourMs);
    expect(asked).toEqual([]);
  });
});
