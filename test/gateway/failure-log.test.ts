import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FailureLog } from '../../gateway/failure-log.ts';
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';

type Line = readonly [level: string, words: string, fields: Record<string, unknown>];

function open(): { failures: FailureLog; takeLines: () => Line[] } {
  const lines: Line[] = [];
  const write =
    (level: string) =>
    (fields: unknown, words?: string): void =>
      void lines.push([level, words ?? '', fields as Record<string, unknown>]);
  const log = { error: write('error'), info: write('info') } as ConstructorParameters<typeof FailureLog>[0];
  return { failures: new FailureLog(log), takeLines: () => lines.splice(0) };
}

const diskFull = (): CausewayError => new CausewayError('store-unavailable', { detail: 'The disk is full.' });

describe('failures in the log of a gateway', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('that come twice a second are told at first, then once a minute with their number, and when they are over', () => {
    const { failures, takeLines } = open();
    for (let half = 0; half < 240; half++) {
      failures.note(diskFull());
      vi.advanceTimersByTime(500);
    }
    expect(takeLines()).toEqual([
      ['error', 'failure', { err: diskFull(), code: 'store-unavailable' }],
      ['error', 'failure goes on', { err: diskFull(), code: 'store-unavailable', again: 119 }],
      ['error', 'failure goes on', { err: diskFull(), code: 'store-unavailable', again: 120 }],
    ]);
    vi.advanceTimersByTime(60_000);
    expect(takeLines()).toEqual([
      ['info', 'failure is over: it has not come for a minute', { code: 'store-unavailable', times: 240 }],
    ]);
    failures.note(diskFull());
    expect(takeLines()).toHaveLength(1);
    failures.close();
  });

  it('of different kinds hide each other in nothing, and one that came once needs no end', () => {
    const { failures, takeLines } = open();
    failures.note(diskFull(), 'a/b' as EndpointAddress);
    failures.note(new CausewayError('store-unavailable'));
    failures.note(new TypeError('x'));
    failures.note('odd');
    expect(takeLines().map(([, , { code, endpoint }]) => [code, endpoint])).toEqual([
      ['store-unavailable', 'a/b'],
      ['store-unavailable', undefined],
      ['internal-error', undefined],
      ['internal-error', undefined],
    ]);
    vi.advanceTimersByTime(120_000);
    expect(takeLines()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that were only counted are told when the gateway stops', () => {
    const { failures, takeLines } = open();
    for (let times = 0; times < 3; times++) failures.note(diskFull());
    failures.close();
    expect(takeLines().at(-1)).toMatchObject(['error', 'failure goes on', { again: 2 }]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
