import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { WaitingMessage } from '../../../clients/sdk/outbox-table.ts';
import { PostponedMessages } from '../../../clients/sdk/postponed-messages.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const message = (seq: number, bytes: number): WaitingMessage => ({
  seq,
  digest: Buffer.alloc(32),
  envelope: Buffer.alloc(0),
  payload: Buffer.alloc(bytes),
});

test('what is due together is read in portions of a size, and what was answered meanwhile is left out', () => {
  const postponed = new PostponedMessages(
    () => 0,
    () => undefined,
  );
  for (let seq = 1; seq <= 6; seq++) postponed.postpone(seq, { code: 'store-unavailable' });
  vi.advanceTimersByTime(60_000);
  const read: number[] = [];
  const readOne = (seq: number): WaitingMessage | undefined => {
    read.push(seq);
    return seq === 2 ? undefined : message(seq, 600);
  };
  const take = (limit: number): number[] => postponed.takeDue(limit, 1_000, readOne).map(({ seq }) => seq);
  expect(take(256)).toEqual([1, 3]);
  expect(read).toEqual([1, 2, 3]);
  expect(take(1)).toEqual([4]);
  expect(take(256)).toEqual([5, 6]);
  expect(take(256)).toEqual([]);
  expect(read).toEqual([1, 2, 3, 4, 5, 6]);
});
