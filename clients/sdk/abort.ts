/** Waiting that can be given up. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CausewayError } from '../../protocol/errors.ts';

/**
 * Waits for a promise until a signal is aborted. What the promise stands for goes on.
 * @throws CausewayError `aborted`
 */
export async function waitUnlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  // The promise may fail after nobody waits for it any more.
  promise.catch(() => undefined);
  throwIfAborted(signal);
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(abortedBy(signal));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}

/** Resolves after so many ms, or once the signal is aborted. Does not keep the process alive. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
}

/** Timers go no further: one that is set for longer than these 24.8 days ends at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** Aborted after so many ms; never where that is more than a timer can wait, such as `Infinity`. */
export function timeoutSignal(ms: number): AbortSignal | undefined {
  return ms > longestTimerMs ? undefined : AbortSignal.timeout(ms);
}

/** Aborted with the first of these. */
export function firstOf(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined));
}

/** @throws CausewayError `aborted` */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedBy(signal);
}

function abortedBy(signal: AbortSignal): CausewayError {
  return new CausewayError('aborted', { cause: signal.reason });
}
