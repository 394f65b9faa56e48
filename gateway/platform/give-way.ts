/** Threads whose work can wait a moment, beside those that somebody's message waits for. */
import { getPriority, setPriority } from 'node:os';

/** Enough that a thread without it goes first whenever it wakes up; the rest of a busy machine leaves this one a tenth of a core. */
const niceness = 10;

/**
 * Has the thread that calls it give way to others wherever they want the same core. On Linux, where a thread has a
 * niceness of its own (setpriority(2), "C library/kernel differences"); elsewhere that is the whole process's, and
 * nothing happens.
 */
export function giveWay(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(Math.max(getPriority(), niceness));
  } catch {
    // A sandbox that forbids it costs some latency, and nothing else.
  }
}
