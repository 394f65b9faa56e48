/** The standard output of a process, whose trouble no command may pass over in silence. */
import { fstatSync, writeFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { CausewayError, isCausewayError } from '../protocol/errors.ts';
import { fileReason } from '../files/file-trouble.ts';
import { UnreadOutput } from './unread-output.ts';
import { createTerminal, type TerminalOptions, type TerminalStream } from './terminal.ts';

const stdoutDescriptor = 1;
const readerGone = new Set(['EPIPE', 'ECONNRESET']);
const readerGoneEvent = 'causeway-reader-gone';

/** Where a file takes stdout, all of it is written or the stream fails: Node's own takes half of a chunk for the whole. */
export function openStandardOutput(): TerminalStream {
  return fstatSync(stdoutDescriptor).isFile() ? new Writable({ write: writeWhole }) : process.stdout;
}

/** Asks to be told when the reader of stdout has gone, for work that nobody else wants: it then ends in its own order. */
export function whenReaderGone(stdout: TerminalStream, end: () => void): void {
  stdout.on(readerGoneEvent, end);
}

/**
 * Runs work of which nothing is left to do once nobody reads stdout.
 * @throws UnreadOutput then, unless the work has ended for a reason of its own: only `aborted` is not one
 */
export async function whileRead<T>(stdout: TerminalStream, work: () => Promise<T>): Promise<T> {
  let gone: Error | undefined;
  stdout.on(readerGoneEvent, (error: Error) => (gone = error));
  const [outcome] = await Promise.allSettled([work()]);
  if (outcome.status === 'rejected' && !isCausewayError(outcome.reason, 'aborted')) throw outcome.reason;
  if (gone !== undefined) throw new UnreadOutput(gone);
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}

/**
 * Takes an error of stdout. That its reader has gone (`| head`) is no failure: the command goes on in silence, since its exit
 * code is a verdict that whoever has gone may still wait for; who asked by {@link whenReaderGone} is told.
 * @returns false for every other error
 */
export function takeReaderGone(stdout: TerminalStream, error: Error): boolean {
  if (!readerGone.has((error as NodeJS.ErrnoException).code ?? '')) return false;
  stdout.emit(readerGoneEvent, error);
  return true;
}

/** Says on stderr why stdout takes nothing more. @returns the exit code */
export function failOutput(cause: Error, options: TerminalOptions): number {
  const detail = `The output cannot be written${fileReason(cause)}. What it holds is not the whole.`;
  return createTerminal(options).fail(new CausewayError('file-unavailable', { detail, cause }));
}

function writeWhole(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
  try {
    writeFileSync(stdoutDescriptor, chunk);
  } catch (error) {
    done(error as Error);
    return;
  }
  done();
}
