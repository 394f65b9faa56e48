/**
 * Checkpoints of the past, one a minute of activity at most, with the cosignatures that they had: what `between` needs
 * to begin from. One file a day, a line of JSON each; one more where cosignatures came later.
 */
import { open, readdir, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../files/make-folder.ts';
import { isTreeSize } from '../../protocol/proof/tree-proof.ts';
import { joinSignatures, type PublishedCheckpoint } from './published-checkpoint.ts';

export type PastCheckpoint = {
  /** When it was published, ms since 1970. */
  readonly at: number;
  readonly size: number;
  readonly checkpoint: string;
};

const intervalMs = 60_000;

export class LogHistory {
  readonly #dir: string;
  #lastAt = 0;
  #last: { readonly size: number; readonly text: string } = { size: -1, text: '' };
  /** The file of which this process knows that it ends with a whole line. */
  #whole: string | undefined;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * Keeps a checkpoint, unless one was kept within the last minute or it says nothing new. The one that was kept last is
   * kept once more when it has more cosignatures.
   */
  async note({ size, text }: PublishedCheckpoint, now: number, always = false): Promise<void> {
    const last = this.#last;
    if (size === last.size) return this.#noteMore(joinSignatures(last.text, text), now);
    if (size < last.size || (!always && now - this.#lastAt < intervalMs)) return;
    await this.#keep({ at: now, size, checkpoint: text });
    this.#lastAt = now;
  }

  async #noteMore(checkpoint: string, now: number): Promise<void> {
    const { size, text } = this.#last;
    if (checkpoint !== text) await this.#keep({ at: now, size, checkpoint });
  }

  async #keep(entry: PastCheckpoint): Promise<void> {
    await makeFolder(this.#dir, 0o700);
    await this.#append(logHistoryFileOf(entry.at), JSON.stringify(entry));
    this.#last = { size: entry.size, text: entry.checkpoint };
  }

  /** What a crash or a full disk has cut off becomes a line of its own: otherwise it would spoil this one as well. */
  async #append(name: string, line: string): Promise<void> {
    const file = await open(join(this.#dir, name), 'a+');
    try {
      const isWhole = this.#whole === name || (await endsWithWholeLine(file));
      this.#whole = undefined;
      await file.appendFile(`${isWhole ? '' : '\n'}${line}\n`);
      this.#whole = name;
    } finally {
      await file.close();
    }
  }
}

async function endsWithWholeLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return true;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return bytesRead === 1 && buffer[0] === 0x0a;
}

/** All that were kept, oldest first. A line that a crash cut off is passed over. */
export async function readLogHistory(dir: string): Promise<PastCheckpoint[]> {
  const past: PastCheckpoint[] = [];
  for (const file of await logHistoryFiles(dir)) past.push(...(await readLogHistoryFile(dir, file)));
  return past.sort((a, b) => a.at - b.at);
}

/** The names of the files, oldest first. */
export async function logHistoryFiles(dir: string): Promise<string[]> {
  const files = await readdir(dir).catch(() => []);
  return files.filter((name) => name.endsWith('.ndjson')).sort();
}

/** What was kept on one day, as it was written. */
export async function readLogHistoryFile(dir: string, file: string): Promise<PastCheckpoint[]> {
  const past: PastCheckpoint[] = [];
  for (const line of (await readFile(join(dir, file), 'utf8')).split('\n')) {
    const entry = parseLine(line);
    if (isPastCheckpoint(entry)) past.push(entry);
  }
  return past;
}

/** By hand: the thread that publishes reads this at every start, and a library of schemas would be half of what it loads. */
function isPastCheckpoint(value: unknown): value is PastCheckpoint {
  if (typeof value !== 'object' || value === null) return false;
  const { at, size, checkpoint, ...more } = value as Partial<PastCheckpoint>;
  return (
    typeof at === 'number' &&
    Number.isSafeInteger(at) &&
    at >= 0 &&
    typeof size === 'number' &&
    isTreeSize(size) &&
    typeof checkpoint === 'string' &&
    Object.keys(more).length === 0
  );
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The name of the file of a day. @param now ms since 1970 */
export function logHistoryFileOf(now: number): string {
  return `${new Date(now).toISOString().slice(0, 10)}.ndjson`;
}
