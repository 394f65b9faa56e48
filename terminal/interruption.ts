/** Ctrl-C and the supervisor's stop, as an AbortSignal. */
import { exitCodes } from './exit-codes.ts';
import { whenReaderGone } from './standard-output.ts';
import type { TerminalStream } from './terminal.ts';

const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs work that the first SIGINT or SIGTERM asks to end; a second one ends the process at once.
 * The work decides what an orderly end is: it may return, or throw `aborted`.
 * @param stdout where the work has something to clear away: that nobody reads it any more asks the work to end as well,
 * and does not end the process before
 */
export async function untilInterrupted<T>(
  work: (signal: AbortSignal) => Promise<T>,
  stdout?: TerminalStream,
): Promise<T> {
  const controller = new AbortController();
  if (stdout !== undefined) whenReaderGone(stdout, () => controller.abort());
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort();
  };
  for (const name of signals) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of signals) process.off(name, onSignal);
  }
}

/** Resolves when the signal says so. */
export function interruptionOf(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
