/**
 * The record of every evaluation, of refusals (one a minute of a kind) and of every change to the folder: one JSON object
 * a line, each with the digest of the line before, so that a line taken out or changed shows.
 *
 * A line without its end was cut off by a crash or a full disk before anything was answered: the next one takes its
 * place.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CausewayError } from '../../protocol/errors.ts';

/** RFC 3339. */
const at = z.iso.datetime();
/** SHA-256 of the line before, base64url; of nothing for the first. */
const before = z.string().length(43);

const evaluationSchema = z.strictObject({
  at,
  client: z.string(),
  epoch: z.int(),
  evaluations: z.int(),
  outcome: z.enum(['evaluated', 'rate-limited']),
  /** SHA-256 of the blinded elements, base64url: what was asked, which tells nothing of whom. */
  asked: z.string().length(43),
  before,
});

/** A request that was none that could be evaluated, or came from nobody who is known. */
const refusalSchema = z.strictObject({
  at,
  /** Absent where the token is nobody's. */
  client: z.string().optional(),
  outcome: z.enum(['token-invalid', 'request-malformed', 'request-too-large']),
  before,
});

/** What the operator did to the folder. */
const folderChanges = {
  client: z.strictObject({ change: z.enum(['client-added', 'client-removed']), client: z.string() }),
  epoch: z.strictObject({ change: z.enum(['epoch-opened', 'epoch-retired']), epoch: z.int() }),
};
export type FolderChange = z.infer<(typeof folderChanges)['client' | 'epoch']>;

/** `by`: who did it, as the operating system names them. */
const changed = { at, by: z.string(), before };

const entrySchema = z.union([
  evaluationSchema,
  refusalSchema,
  folderChanges.client.extend(changed),
  folderChanges.epoch.extend(changed),
]);
export type AuditEntry = z.infer<typeof entrySchema>;
type Unchained<Entry> = Entry extends AuditEntry ? Omit<Entry, 'before'> : never;

/** No line of ours is half as long. */
const maxLineBytes = 4096;
const newline = 0x0a;

/** What stands in a record: its last line is what the next one is chained to. */
type Contents = {
  readonly before: string;
  /** Of all whole lines, and whether something stands after them. */
  readonly bytes: number;
  readonly isTorn: boolean;
};

export class AuditFile {
  readonly #file: FileHandle;
  #before: string;
  #bytes: number;
  #isTorn: boolean;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(file: FileHandle, { before, bytes, isTorn }: Contents) {
    this.#file = file;
    this.#before = before;
    this.#bytes = bytes;
    this.#isTorn = isTorn;
  }

  /**
   * Opens or begins a record and checks its chain, line by line: it may be longer than memory.
   * @param visit told of each entry, the oldest first
   * @throws CausewayError `home-invalid`, naming the line
   */
  static async open(dir: string, visit: (entry: AuditEntry) => void = () => undefined): Promise<AuditFile> {
    const path = auditPathOf(dir);
    const contents = await readRecord(path, visit);
    return new AuditFile(await open(path, 'a', 0o600), contents);
  }

  /** Resolves when the entry is on disk. Entries are written in the order of the calls. */
  append(entry: Unchained<AuditEntry>): Promise<void> {
    const written = this.#last.then(async () => {
      const line = JSON.stringify({ ...entry, before: this.#before });
      if (this.#isTorn) await this.#file.truncate(this.#bytes);
      this.#isTorn = true;
      await this.#file.appendFile(`${line}\n`);
      await this.#file.datasync();
      this.#isTorn = false;
      this.#bytes += Buffer.byteLength(line, 'utf8') + 1;
      this.#before = digestOf(line);
    });
    this.#last = written.catch(() => undefined);
    return written;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#file.close();
  }
}

/** Where the record of a holder's folder stands. */
export function auditPathOf(dir: string): string {
  return join(dir, 'audit.ndjson');
}

/** Only a record that is not there yet is an empty one. @throws CausewayError `home-invalid` */
async function readRecord(path: string, visit: (entry: AuditEntry) => void): Promise<Contents> {
  const chain = new AuditChain();
  let [bytes, rest] = [0, Buffer.alloc(0)];
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      const read = Buffer.concat([rest, chunk]);
      let from = 0;
      for (let end = read.indexOf(newline); end >= 0; end = read.indexOf(newline, from)) {
        visit(chain.take(read.toString('utf8', from, end)));
        from = end + 1;
      }
      bytes += from;
      rest = read.subarray(from);
      if (rest.byteLength > maxLineBytes) throw chain.broken();
    }
  } catch (cause) {
    if (cause instanceof CausewayError) throw cause;
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    if (!isMissing) throw new CausewayError('home-invalid', { detail: `${path} cannot be read.`, cause });
  }
  return { before: chain.before, bytes, isTorn: rest.byteLength > 0 };
}

/** Checks lines, one after the other. */
class AuditChain {
  /** The digest of the last line. */
  before = digestOf('');
  #lines = 0;

  /** @throws CausewayError `home-invalid` where it does not follow the line before */
  take(line: string): AuditEntry {
    const entry = readEntry(line);
    if (entry?.before !== this.before) throw this.broken();
    this.before = digestOf(line);
    this.#lines += 1;
    return entry;
  }

  /** What is to be said of the next line. */
  broken(): CausewayError {
    return new CausewayError('home-invalid', {
      detail: `audit.ndjson is broken at line ${this.#lines + 1}.`,
    });
  }
}

function readEntry(line: string): AuditEntry | undefined {
  try {
    return entrySchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function digestOf(line: string): string {
  return createHash('sha256').update(line, 'utf8').digest('base64url');
}
