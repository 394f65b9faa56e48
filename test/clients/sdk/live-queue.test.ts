import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { LiveQueue } from '../../../clients/sdk/live-queue.ts';

async function read(values: AsyncIterableIterator<number, undefined>, count: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  while (seen.length < count) seen.push((await values.next()).value);
  return seen;
}

test('a loop that does not read loses its oldest values, is told once, and harms no other', async () => {
  let drops = 0;
  const queue = new LiveQueue<number>(3, () => drops++);
  const idle = queue.iterate();
  const reader = queue.iterate();
  for (let value = 1; value <= 6; value++) {
    queue.push(value);
    expect(await read(reader, 1)).toEqual([value]);
  }
  expect(drops).toBe(1);
  expect(await read(idle, 3)).toEqual([4, 5, 6]);
  const next = idle.next();
  queue.push(7);
  expect(await next).toEqual({ done: false, value: 7 });
  for (let value = 8; value <= 12; value++) queue.push(value);
  expect(drops).toBe(3);
  expect(await read(idle, 3)).toEqual([10, 11, 12]);
});

test('what was pushed before the queue is closed can still be read, then the loop ends', async () => {
  const queue = new LiveQueue<number>(3, () => undefined);
  const values = queue.iterate();
  queue.push(1);
  queue.close();
  expect(await values.next()).toEqual({ done: false, value: 1 });
  expect(await values.next()).toEqual({ done: true, value: undefined });
  expect(() => queue.iterate()).toThrow(expect.objectContaining({ code: 'client-closed' }));
});

test('a signal that outlives many loops keeps none of them, and one that was aborted begins none', async () => {
  let drops = 0;
  const queue = new LiveQueue<number>(3, () => drops++);
  const stop = new AbortController();
  for (let loops = 0; loops < 20; loops++) await queue.iterate(stop.signal).return?.();
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  const open = queue.iterate(stop.signal);
  const next = open.next();
  stop.abort();
  expect(await next).toEqual({ done: true, value: undefined });
  const late = queue.iterate(stop.signal);
  for (let value = 1; value <= 6; value++) queue.push(value);
  expect(await late.next()).toEqual({ done: true, value: undefined });
  expect(drops).toBe(0);
});
