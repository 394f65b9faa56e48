/** A key that comes out of a pipe, as the shell makes one of `--key <(causeway audit checkpoint --vkey)`. */
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { unreadable } from './unreadable.ts';

/** How long to wait for what somebody writes who has the pipe open, and how long for anybody to open it. */
export type PipePatience = { readonly writerMs: number; readonly openingMs: number };

const usual: PipePatience = { writerMs: 30_000, openingMs: 2_000 };
const pollMs = 20;

/**
 * All that comes out of a pipe, up to its end. Of more than `limit` bytes, just enough to show it.
 * @param pipe opened so that a read of it does not wait
 * @throws CausewayError `log-unreadable` where nobody writes into it, or it does not end in time
 */
export async function readKeyPipe(
  pipe: FileHandle,
  path: string,
  limit: number,
  { writerMs, openingMs }: PipePatience = usual,
): Promise<Buffer> {
  const bytes = Buffer.alloc(limit + 1);
  const began = performance.now();
  let length = 0;
  let hasWriter = false;
  while (length < bytes.byteLength) {
    const count = await readSome(pipe, bytes.subarray(length));
    length += count ?? 0;
    // A pipe that nobody has opened yet looks like one that has ended.
    if (count === 0 && (hasWriter || length > 0)) break;
    hasWriter ||= count === undefined;
    if (performance.now() - began > (hasWriter ? writerMs : openingMs))
      throw unreadable(path, 'no key came out of this pipe; write the key into a file first, and name that');
    if (count === undefined || count === 0) await pause(pollMs);
  }
  return bytes.subarray(0, length);
}

/** @returns how many bytes came; 0 where nobody has the pipe open to write, undefined where somebody has not written yet */
async function readSome(pipe: FileHandle, into: Buffer): Promise<number | undefined> {
  try {
    return (await pipe.read(into, 0, into.byteLength, null)).bytesRead;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}
