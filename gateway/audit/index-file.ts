/**
 * The file of the search index: derived from the store's leaves, and made anew whenever it is missing, damaged, of
 * another form or of another store. It holds what the bodies of leaves say of agencies, endpoints, cases and categories.
 *
 * Whoever can write into it can spoil what is found by it. An erasure has it only propose where the bodies of a case
 * are, and the store opens each itself: nobody gets another body onto the list of what the erasure took. But whoever
 * hides a leaf in it can keep that leaf from the list, so that it is told as changed afterwards; not the acceptance of a
 * message, which the store finds by itself (on MongoDB not where the erasure of a case of more than 10,000 messages was
 * interrupted).
 *
 * - `leaf`: what a line about a leaf needs. `case` and `matter` are NULL where the case was erased.
 * - `posting`: for a term and a segment of 4,096 leaves, which of them have it; see `offset-set.ts`.
 * - `segment`: the times between which its leaves were committed.
 * - `progress`: the last leaf taken in, byte for byte, so that another store is noticed.
 */
import { closeSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { isMovedFile, sqliteErrorOf, sqliteErrors } from '../../files/sqlite-error.ts';
import { CausewayError } from '../../protocol/errors.ts';

/** "CSWX" in ASCII. */
const applicationId = 0x43535758;
const indexVersion = 3;
const busyTimeoutMs = 10_000;

const tables = ['leaf', 'posting', 'segment', 'progress'] as const;

/** A leaf of whose body nothing was taken in, for want of one, since it could not be read, or since it says no more than its kind. */
export const isUnread = `erased = 0 AND of IS NULL AND (matter IS NULL OR matter = '{}')`;

const schema = `
CREATE TABLE leaf (
  leaf INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  code TEXT,
  of INTEGER,
  nth INTEGER,
  "case" TEXT,
  matter TEXT,
  erased INTEGER NOT NULL
) STRICT;
CREATE INDEX unread ON leaf (leaf) WHERE ${isUnread};
CREATE TABLE posting (
  term TEXT NOT NULL,
  segment INTEGER NOT NULL,
  offsets BLOB NOT NULL,
  PRIMARY KEY (term, segment)
) STRICT, WITHOUT ROWID;
CREATE TABLE segment (
  segment INTEGER PRIMARY KEY,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) STRICT;
CREATE TABLE progress (only INTEGER PRIMARY KEY CHECK (only = 0), next INTEGER NOT NULL, tail TEXT NOT NULL) STRICT;
INSERT INTO progress VALUES (0, 0, '');
`;

/** Opens the file, making it (mode 0600) where there is none, and its tables where they are not ours. */
export function openIndexFile(file: string): DatabaseSync {
  const database = connectIndexFile(file);
  try {
    const makeMissing = (): void => {
      // Another process may just have made them.
      if (!hasForm(database)) makeTables(database);
    };
    if (!hasForm(database)) inTransaction(database, makeMissing);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Opens the file, making it (mode 0600) where there is none, with whatever stands in it.
 * @param waitMs how long to wait for whoever uses it
 */
export function connectIndexFile(file: string, waitMs = busyTimeoutMs): DatabaseSync {
  createPrivately(file);
  const database = new DatabaseSync(file, { timeout: waitMs });
  try {
    // What an erased case said must not stay behind on free pages.
    database.exec('PRAGMA secure_delete = ON; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Removes the file, and what SQLite has put beside it. */
export function removeIndexFile(file: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
}

/** Begins again with empty tables. */
export function resetIndex(database: DatabaseSync): void {
  inTransaction(database, () => makeTables(database));
}

/** Empty tables in the place of those that are there. Within a transaction. */
export function makeTables(database: DatabaseSync): void {
  for (const table of tables) database.exec(`DROP TABLE IF EXISTS ${table}`);
  database.exec(schema);
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${indexVersion}`);
}

/** @param kind of transaction: a deferred one only reads, as of one moment; in an exclusive one nobody else reads */
export function inTransaction<T>(
  database: DatabaseSync,
  work: () => T,
  kind: 'DEFERRED' | 'IMMEDIATE' | 'EXCLUSIVE' = 'IMMEDIATE',
): T {
  database.exec(`BEGIN ${kind}`);
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

const { busy, cannotOpen, corrupt, full, inputOutput, notADatabase, readOnly } = sqliteErrors;

/** The file is damaged, or no database at all. */
export function isDamage(error: unknown): boolean {
  const code = sqliteErrorOf(error);
  return code === corrupt || code === notADatabase;
}

/** Makes way for a new file where opening it once more helps. @returns whether it does */
export function makeWay(error: unknown, file: string): boolean {
  if (isDamage(error)) removeIndexFile(file);
  return isDamage(error) || isMovedFile(error);
}

/** Of a file that cannot be had now: locked, read-only, a failing disk, a full one, not to be opened. */
const refused: ReadonlySet<number | undefined> = new Set([busy, readOnly, inputOutput, full, cannotOpen]);

/** What the surroundings did to the index, as `store-unavailable`; any other error as it is. */
export function indexErrorOf(error: unknown): unknown {
  const { syscall, message } = error as { syscall?: unknown; message?: string };
  if (!refused.has(sqliteErrorOf(error)) && typeof syscall !== 'string') return error;
  const detail = `The search index cannot be written: ${message}.`;
  return new CausewayError('store-unavailable', { detail, cause: error });
}

/** Whether the tables are ours, and of this version. */
export function hasForm(database: DatabaseSync): boolean {
  const owner = database.prepare('PRAGMA application_id').get() as { application_id: number };
  const form = database.prepare('PRAGMA user_version').get() as { user_version: number };
  return owner.application_id === applicationId && form.user_version === indexVersion;
}

function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Statements by their names. */
export type Statements<T> = Readonly<Record<keyof T, StatementSync>>;

/** Prepares statements whose rows are arrays. @param texts their SQL by name */
export function prepareAll<T extends Readonly<Record<string, string>>>(
  database: DatabaseSync,
  texts: T,
): Statements<T> {
  const statements = Object.entries(texts).map(([name, sql]) => [
    name,
    database.prepare(sql, { returnArrays: true }),
  ]);
  return Object.fromEntries(statements) as Statements<T>;
}
