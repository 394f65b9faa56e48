/** A question to the person at the terminal. */
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { CausewayError } from '../protocol/errors.ts';

/** The standard input of a process; `isTTY` where it is a terminal. */
export type TerminalInput = Readable & { readonly isTTY?: boolean };

type Asked = {
  readonly stdin: TerminalInput;
  /** Shows the question. */
  readonly stderr: Writable;
  /** Ends the waiting for an answer. */
  readonly signal: AbortSignal;
};

/** True for `y` and `yes`; anything else, and the end of the input, is a no. @throws CausewayError `aborted` */
export async function askYes(question: string, { stdin, stderr, signal }: Asked): Promise<boolean> {
  // Not as a terminal: the system then goes on to turn Ctrl-C into the signal that ends the command.
  const lines = createInterface({ input: stdin, output: stderr, terminal: false });
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  const answer = lines.question(`${question} [y/N] `, { signal });
  try {
    return /^y(?:es)?$/i.test((await Promise.race([answer, ended])).trim());
  } catch (cause) {
    throw signal.aborted ? new CausewayError('aborted', { cause }) : cause;
  } finally {
    answer.catch(() => undefined);
    lines.close();
  }
}
