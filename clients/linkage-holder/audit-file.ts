/**
 * The record of every evaluation, of refusals (one a minute of a kind) and of every change to the folder: one JSON object a line, each with the digest of the
 * line before, so that a line taken out or changed shows.
 *
 * A line without its end was cut off by a crash or a full disk before anything was answered: the next one takes its
 * place.
 */
import { createHash } from 'node:crypto';
import { open, readFile, type FileHandle } from 'node:fs/promises';
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

export class AuditFile {
  readonly #file: FileHandle;
  #before: string;
  /** Of all whole lines, and whether something stands after them. */
  #bytes: number;
  #isTorn: boolean;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(file: FileHandle, text: string, whole: string) {
    this.#file = file;
    this.#before = digestOf(whole.trimEnd().split('\n').at(-1) ?? '');
    this.#bytes = Buffer.byteLength(whole, 'utf8');
    this.#isTorn = whole.length < text.length;
  }

  /** Opens or begins a record and checks its chain. @throws CausewayError `home-invalid`, naming the line */
  static async open(dir: string): Promise<{ audit: AuditFile; entries: AuditEntry[] }> {
    const path = join(dir, 'audit.ndjson');
    const text = await readText(path);
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const entries = readAuditEntries(whole);
    const file = await open(path, 'a', 0o600);
    return { audit: new AuditFile(file, text, whole), entries };
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

/** Only a record that is not there yet is an empty one. @throws CausewayError `home-invalid` */
async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return '';
    throw new CausewayError('home-invalid', { detail: `${path} cannot be read.`, cause });
  }
}

/** The entries of a record, its chain checked. @throws CausewayError `home-invalid`, naming the line */
export function readAuditEntries(text: string): AuditEntry[] {
  let before = digestOf('');
  const lines = text === '' ? [] : text.trimEnd().split('\n');
  return lines.map((line, at) => {
    const entry = readEntry(line);
    if (entry?.before !== before) {
      throw new CausewayError('home-invalid', { detail: `audit.ndjson is broken at line ${at + 1}.` });
    }
    before = digestOf(line);
    return entry;
  });
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
