/**
 * The record: everything that happened, in order, without gaps. All entries of one commit make one row.
 * This is the only place that writes them.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { RecordEntry } from '../port.ts';
import { firstRow, prepare } from './database.ts';

const newline = 0x0a;

export class RecordJournal {
  readonly #insert: StatementSync;
  readonly #last: StatementSync;
  #first = 0;
  #count = 0;
  #body = Buffer.allocUnsafeSlow(64 * 1024);
  #length = 0;

  constructor(database: DatabaseSync) {
    this.#insert = prepare(database, 'INSERT INTO record (first, count, at, body) VALUES (?, ?, ?, ?)');
    this.#last = prepare(database, 'SELECT first, count FROM record ORDER BY first DESC LIMIT 1');
  }

  /** The index that the next entry gets. */
  get next(): number {
    return this.#first + this.#count;
  }

  /** Forgets what was not written and reads where the record ends. */
  reload(): void {
    const [first, count] = firstRow<[number, number]>(this.#last) ?? [0, 0];
    this.#first = first + count;
    this.#count = 0;
    this.#length = 0;
  }

  /** Appends an entry given as JSON in UTF-8. @returns its index */
  appendBytes(json: Uint8Array): number {
    this.#grow(json.byteLength + 1);
    this.#body.set(json, this.#length);
    return this.#endLine(json.byteLength);
  }

  /** Appends an entry given as JSON that is plain ASCII. @returns its index */
  appendAscii(json: string): number {
    this.#grow(json.length + 1);
    this.#body.write(json, this.#length, 'latin1');
    return this.#endLine(json.length);
  }

  /** Appends an entry given as JSON. @returns its index */
  appendText(json: string): number {
    return this.appendBytes(Buffer.from(json));
  }

  append(entry: RecordEntry): number {
    return this.appendText(JSON.stringify(entry));
  }

  /** Writes what was appended since the last commit. @returns true when there was something */
  flush(at: number): boolean {
    if (this.#count === 0) return false;
    this.#insert.run(this.#first, this.#count, at, this.#body.subarray(0, this.#length));
    this.#first += this.#count;
    this.#count = 0;
    this.#length = 0;
    return true;
  }

  #endLine(bytes: number): number {
    this.#length += bytes;
    this.#body[this.#length++] = newline;
    return this.#first + this.#count++;
  }

  #grow(bytes: number): void {
    if (this.#length + bytes <= this.#body.byteLength) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.#length + bytes));
    larger.set(this.#body.subarray(0, this.#length));
    this.#body = larger;
  }
}
