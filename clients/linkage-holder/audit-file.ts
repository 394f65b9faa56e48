/**
 * The record of every evaluation: one JSON object a line, each with the digest of the line before, so that a line
 * taken out or changed shows.
 */
import { createHash } from 'node:crypto';
import { open, readFile, truncate, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CausewayError } from '../../protocol/errors.ts';

const entrySchema = z.strictObject({
  /** RFC 3339. */
  at: z.iso.datetime(),
  client: z.string(),
  epoch: z.int(),
  evaluations: z.int(),
  outcome: z.enum(['evaluated', 'rate-limited']),
  /** SHA-256 of the blinded elements, base64url: what was asked, which tells nothing of whom. */
  asked: z.string().length(43),
  /** SHA-256 of the line before, base64url; of nothing for the first. */
  before: z.string().length(43),
});
export type AuditEntry = z.infer<typeof entrySchema>;

export class AuditFile {
  readonly #file: FileHandle;
  #before: string;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(file: FileHandle, before: string) {
    this.#file = file;
    this.#before = before;
  }

  /** Opens or begins a record, checks its chain and drops a last line cut short. @throws CausewayError `home-invalid`, naming the line */
  static async open(dir: string): Promise<{ audit: AuditFile; entries: AuditEntry[] }> {
    const path = join(dir, 'audit.ndjson');
    const found = await readFile(path).catch(() => Buffer.alloc(0));
    // A line without its end was being written when the machine or the disk failed: nothing was answered on it.
    const whole = found.subarray(0, found.lastIndexOf(10) + 1);
    const text = whole.toString('utf8');
    const entries = readAuditEntries(text);
    if (whole.byteLength < found.byteLength) await truncate(path, whole.byteLength);
    const file = await open(path, 'a', 0o600);
    return { audit: new AuditFile(file, digestOf(text.trimEnd().split('\n').at(-1) ?? '')), entries };
  }

  /** Resolves when the entry is on disk. Entries are written in the order of the calls. */
  append(entry: Omit<AuditEntry, 'before'>): Promise<void> {
    const written = this.#last.then(async () => {
      const line = JSON.stringify({ ...entry, before: this.#before });
      await this.#file.appendFile(`${line}\n`);
      await this.#file.datasync();
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
