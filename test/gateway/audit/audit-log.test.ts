import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { afterEach, expect, it, vi } from 'vitest';
import { AuditLog } from '../../../gateway/audit/audit-log.ts';
import type { LogThreadNews, LogThreadOptions } from '../../../gateway/audit/log-thread.ts';

afterEach(() => void vi.useRealTimers());

/** A thread that does what it is told to. */
class Thread extends EventEmitter {
  postMessage(order: unknown): void {
    if (order === 'close') this.emit('exit', 0);
  }

  tell(news: LogThreadNews): void {
    this.emit('message', news);
  }
}

it('starts its thread again when that has ended by itself, and only then', async () => {
  vi.useFakeTimers();
  const threads: Thread[] = [];
  let isShort = false;
  const start = (): Worker => {
    if (isShort) throw new Error('too many open files');
    threads.push(new Thread());
    return threads.at(-1) as unknown as Worker;
  };
  const errors: unknown[] = [];
  const log = new AuditLog(
    { dir: '/nowhere' } as LogThreadOptions,
    { onError: (error) => errors.push(error) },
    start,
  );
  log.start();
  threads[0]!.emit('error', new Error('too many open files'));
  threads[0]!.emit('exit', 1);
  expect(log.failure).toMatchObject({ code: 'internal-error' });
  isShort = true;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(threads).toHaveLength(1);
  isShort = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(threads).toHaveLength(2);
  threads[1]!.tell({ published: { size: 3, root: Buffer.alloc(32), text: '' } });
  threads[1]!.tell({ recovered: true });
  expect([log.failure, log.latest?.size]).toEqual([undefined, 3]);
  await log.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(threads).toHaveLength(2);
  expect(errors.length).toBeGreaterThan(1);
});

it('holds the log for unpublished until it is told that it has recovered, also when nothing new comes', () => {
  const thread = new Thread();
  const log = started(thread);
  thread.tell({ failure: { code: 'store-unavailable', detail: 'no primary' } });
  thread.tell({ published: { size: 3, root: Buffer.alloc(32), text: '' } });
  expect(log.failure).toMatchObject({ code: 'store-unavailable' });
  thread.tell({ recovered: true });
  expect(log.failure).toBeUndefined();
});

it('is being opened until its thread says that it is published, or why not', () => {
  for (const news of [
    { recovered: true },
    { failure: { code: 'log-foreign', detail: undefined } },
  ] as const) {
    const thread = new Thread();
    const log = started(thread);
    thread.tell({ following: false });
    expect(log.isOpening).toBe(true);
    thread.tell(news);
    expect(log.isOpening).toBe(false);
  }
});

it('knows whether another gateway publishes the log, until this one does', () => {
  const thread = new Thread();
  const log = started(thread);
  expect(log.isFollowing).toBe(false);
  thread.tell({ following: true });
  expect(log.isFollowing).toBe(true);
  thread.tell({ following: false });
  expect(log.isFollowing).toBe(false);
});

it('tells of a witness that failed, and holds the log for published all the same', () => {
  const thread = new Thread();
  const errors: unknown[] = [];
  const log = started(thread, (error) => errors.push(error));
  thread.tell({ witness: { code: 'log-unreadable', detail: 'committee.test/witness: no proof' } });
  expect(log.failure).toBeUndefined();
  expect(errors).toMatchObject([{ code: 'log-unreadable', detail: 'committee.test/witness: no proof' }]);
});

it('holds the log for published while its checkpoints cannot be kept, and says why not until they are', () => {
  const thread = new Thread();
  const log = started(thread);
  thread.tell({ kept: { code: 'store-unavailable', detail: 'a file cannot be written' } });
  thread.tell({ published: { size: 3, root: Buffer.alloc(32), text: '' } });
  expect([log.failure, log.keepingFailure?.code]).toEqual([undefined, 'store-unavailable']);
  thread.tell({ kept: undefined });
  expect(log.keepingFailure).toBeUndefined();
});

/** The log of a gateway whose thread is this one. */
function started(thread: Thread, onError: (error: unknown) => void = () => undefined): AuditLog {
  const log = new AuditLog(
    { dir: '/nowhere' } as LogThreadOptions,
    { onError },
    () => thread as unknown as Worker,
  );
  log.start();
  return log;
}
