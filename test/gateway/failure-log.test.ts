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
      [
        'info',
        'failure is over: it has not come for a minute',
        { err: diskFull(), code: 'store-unavailable', times: 240 },
      ],
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

  it('of another cause or another endpoint are told by themselves, and each end names its own', () => {
    const { failures, takeLines } = open();
    const unavailable = (words: string): CausewayError =>
      new CausewayError('store-unavailable', { cause: new Error('the driver', { cause: new Error(words) }) });
    const [locked, unreadable] = [unavailable('database is locked'), unavailable('disk I/O error')];
    const told = [
      [locked, 'a/b'],
      [unreadable, 'a/b'],
      [locked, 'c/d'],
    ] as const;
    for (let times = 0; times < 2; times++)
      for (const [error, endpoint] of told) failures.note(error, endpoint as EndpointAddress);
    const fields = told.map(([err, endpoint]) => ({ err, code: 'store-unavailable', endpoint }));
    expect(takeLines()).toEqual(fields.map((one) => ['error', 'failure', one]));
    vi.advanceTimersByTime(60_000);
    expect(takeLines()).toEqual(fields.map((one) => ['error', 'failure goes on', { ...one, again: 1 }]));
    vi.advanceTimersByTime(60_000);
    expect(takeLines().map(([, , one]) => one)).toEqual(fields.map((one) => ({ ...one, times: 2 })));
  });

  it('that differ in a number alone are one, told on with the latest of them', () => {
    const { failures, takeLines } = open();
    const closed = [1, 2, 3].map(
      (number) => new CausewayError('store-unavailable', { cause: new Error(`connection ${number} closed`) }),
    );
    for (const error of closed) failures.note(error);
    failures.close();
    const lines = takeLines();
    expect(lines.map(([, words, { again }]) => [words, again])).toEqual([
      ['failure', undefined],
      ['failure goes on', 2],
    ]);
    expect(lines[1]?.[2].err).toBe(closed[2]);
  });

  it('of more kinds than it tells apart are counted together, and told apart again once there is room', () => {
    const { failures, takeLines } = open();
    const strange = (nth: number): Error => new Error(`no file ${'x'.repeat(nth)}`);
    for (let nth = 1; nth <= 1_000; nth++) failures.note(strange(nth));
    failures.note(strange(1));
    expect(vi.getTimerCount()).toBe(1);
    const first = takeLines();
    expect(first).toHaveLength(101);
    expect(first.at(-1)).toEqual([
      'error',
      'failure, one of more than are told apart',
      { err: strange(101), code: 'internal-error' },
    ]);
    vi.advanceTimersByTime(60_000);
    expect(takeLines().map(([, words, { err, again }]) => [words, err, again])).toEqual([
      ['failure goes on', strange(1), 1],
      ['failures that are not told apart go on', strange(1_000), 899],
    ]);
    vi.advanceTimersByTime(60_000);
    expect(takeLines().map(([, words, { times }]) => [words, times])).toEqual([
      ['failure is over: it has not come for a minute', 2],
      ['failures that are not told apart are over: none has come for a minute', 900],
    ]);
    expect(vi.getTimerCount()).toBe(0);
    failures.note(strange(1_000));
    expect(takeLines().map(([, words]) => words)).toEqual(['failure']);
    failures.close();
  });

  it('that came just before all are looked at are not over by that', () => {
    const { failures, takeLines } = open();
    failures.note(new TypeError('x'));
    vi.advanceTimersByTime(59_000);
    failures.note(diskFull());
    vi.advanceTimersByTime(30_000);
    failures.note(diskFull());
    takeLines();
    vi.advanceTimersByTime(31_000);
    expect(takeLines().map(([, words, { again }]) => [words, again])).toEqual([['failure goes on', 1]]);
    failures.close();
  });

  it('whose causes lead in a circle are told like any other', () => {
    const { failures, takeLines } = open();
    const [one, other] = [new Error('one'), new Error('other')];
    one.cause = other;
    other.cause = one;
    failures.note(one);
    failures.close();
    expect(takeLines()).toHaveLength(1);
  });

  it('that were only counted are told when the gateway stops', () => {
    const { failures, takeLines } = open();
    for (let times = 0; times < 3; times++) failures.note(diskFull());
    failures.close();
    expect(takeLines().at(-1)).toMatchObject(['error', 'failure goes on', { again: 2 }]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
