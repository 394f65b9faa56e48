/** The standard output of a process, whose trouble no command may pass over in silence. */
import { fstatSync, writeFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { CausewayError } from '../protocol/errors.ts';
import { fileReason } from '../files/file-trouble.ts';
import { exitCodes } from './exit-codes.ts';
import { createTerminal, type TerminalOptions, type TerminalStream } from './terminal.ts';

const stdoutDescriptor = 1;
const readerGone = new Set(['EPIPE', 'ECONNRESET']);
const readerGoneEvent = 'causeway-reader-gone';

/** Where a file takes stdout, all of it is written or the stream fails: Node's own takes half of a chunk for the whole. */
export function openStandardOutput(): TerminalStream {
  return fstatSync(stdoutDescriptor).isFile() ? new Writable({ write: writeWhole }) : process.stdout;
}

/** Asks to be told when the reader of stdout has gone: the command then ends in its own order, and the process with it. */
export function whenReaderGone(stdout: TerminalStream, end: () => void): void {
  stdout.on(readerGoneEvent, end);
}

/**
 * Tells whoever has asked by {@link whenReaderGone} of an error of stdout.
 * @returns false where nobody has asked, or the reader is still there
 */
export function tellReaderGone(stdout: TerminalStream, error: Error): boolean {
  return isReaderGone(error) && stdout.emit(readerGoneEvent);
}

function isReaderGone(error: Error): boolean {
  return readerGone.has((error as NodeJS.ErrnoException).code ?? '');
}

/**
 * Says on stderr why stdout takes nothing more. A reader that goes away (`| head`) is no failure.
 * @returns the exit code
 */
export function failOutput(cause: Error, options: TerminalOptions): number {
  if (isReaderGone(cause)) return exitCodes.ok;
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
