/** Opening the database file: connection settings, the mark of its owner, and the tables. */
import { closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { CausewayError } from '../../../protocol/errors.ts';
import { orDamage } from './failures.ts';
import { sqliteErrorOf, sqliteErrors } from '../../../files/sqlite-error.ts';
import { ForeignRules } from './foreign-rules.ts';
import { laterTables, schema, upgrades } from './schema.ts';

/** "CSWY" in ASCII, in the file's header. */
const applicationId = 0x43535759;
const schemaVersion = 8;
/** How long a statement waits for a lock. */
export const busyTimeoutMs = 5_000;

/**
 * Rows move between pages as these fill, and what they leave behind would outlive them: FAST overwrites it with zeros
 * wherever a page is written anyway.
 */
const everydayZeroing = 'PRAGMA secure_delete = FAST';

/** Does something while pages that are given up are overwritten as well, which costs too much to do always. */
export function overwritingAll<T>(database: DatabaseSync, work: () => T): T {
  database.exec('PRAGMA secure_delete = ON');
  try {
    return work();
  } finally {
    database.exec(everydayZeroing);
  }
}

type ConnectionOptions = {
  readonly file: string;
  /** The largest size of the file in pages of 16 KiB; for tests of a full disk. */
  readonly maxPages?: number | undefined;
  /** Bring a store of an older form to this one. For its gateway alone: a program of before must not be writing to it. */
  readonly upgrade?: boolean | undefined;
};

/**
 * Opens the file for writing, creating it (mode 0600) where there is none.
 * @throws CausewayError `store-incompatible` when it is not a store of this version, `store-damaged` when SQLite cannot
 * read it; SQLite's errors otherwise
 */
export function openForWriting(options: ConnectionOptions): DatabaseSync {
  createFile(options.file);
  const database = new DatabaseSync(options.file, { timeout: busyTimeoutMs });
  try {
    // The page size of a new file is fixed by the change to WAL, so it comes first.
    database.exec('PRAGMA page_size = 16384');
    refuseForeignFiles(database);
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA cache_size = -65536;
      PRAGMA temp_store = MEMORY;
      ${everydayZeroing};
    `);
    createTables(database);
    const rules = new ForeignRules(database);
    rules.refuseForeign();
    bringUp(database, options.upgrade === true);
    database.exec(laterTables);
    rules.refuse();
    if (options.maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${options.maxPages}`);
    return database;
  } catch (error) {
    database.close();
    throw orDamage(error, options.file);
  }
}

/**
 * Opens an existing store for reading. The connection refuses changes but may checkpoint, which a connection
 * opened read-only may not.
 */
export function openForReading(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  database.exec('PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -16384');
  return database;
}

/**
 * Opens an existing store for reading, in a transaction that lets nobody else write until it is closed.
 * @throws CausewayError `configuration-invalid` where there is none, `store-incompatible`, `store-damaged`,
 * `store-unavailable` while somebody else writes
 */
export function openForMoving(file: string): DatabaseSync {
  if (!existsSync(file)) {
    throw new CausewayError('configuration-invalid', { detail: `There is no store at ${file}.` });
  }
  let database: DatabaseSync | undefined;
  try {
    database = openForReading(file);
    if (pragma(database, 'application_id') !== applicationId) throw strangeFile(file);
    refuseUnknownForms(database);
    // A connection that refuses changes may not take the lock that keeps others from them. Nothing is ever committed.
    database.exec(`PRAGMA query_only = OFF; BEGIN IMMEDIATE; ${laterTables} PRAGMA query_only = ON`);
    return database;
  } catch (cause) {
    database?.close();
    throw explainMoving(cause, file);
  }
}

function explainMoving(cause: unknown, file: string): unknown {
  switch (sqliteErrorOf(cause)) {
    case sqliteErrors.cannotOpen:
      return new CausewayError('configuration-invalid', {
        detail: `${file} cannot be opened as a store: it is a folder, or this user may not read it.`,
        cause,
      });
    case sqliteErrors.busy:
      return new CausewayError('store-unavailable', {
        detail: `Something else writes to ${file} at the moment.`,
        cause,
      });
    default:
      return orDamage(cause, file);
  }
}

function strangeFile(file: string): CausewayError {
  return new CausewayError('configuration-invalid', {
    detail: `${file} is no store of a gateway. That is causeway.db in the gateway's folder, or what \`store\` in gateway.yaml named.`,
  });
}

/** Prepares a statement whose rows are arrays: the fastest form. */
export function prepare(database: DatabaseSync, sql: string): StatementSync {
  return database.prepare(sql, { returnArrays: true });
}

/** The columns of a row in the order of the statement. */
type Row = readonly unknown[];

/** The first row of a statement made by {@link prepare}. The caller names the types of its columns. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- SQL has no types of its own
export function firstRow<T extends Row>(
  statement: StatementSync,
  ...parameters: SQLInputValue[]
): T | undefined {
  return statement.get(...parameters) as unknown as T | undefined;
}

/** All rows of a statement made by {@link prepare}. The caller names the types of its columns. */
export function allRows<T extends Row>(statement: StatementSync, ...parameters: SQLInputValue[]): T[] {
  return statement.all(...parameters) as unknown as T[];
}

/** A blob as a Buffer over the same memory. */
export function bufferOf(blob: Uint8Array): Buffer {
  return Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
}

/**
 * Makes an empty file that only its owner may read. An existing one is not even opened: closing it again would
 * release the locks that SQLite holds on it elsewhere in this process (POSIX locks belong to the process).
 */
function createFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return firstRow<[number]>(prepare(database, `PRAGMA ${name}`))?.[0] ?? 0;
}

function isEmpty(database: DatabaseSync): boolean {
  return firstRow(prepare(database, 'SELECT 1 FROM sqlite_schema LIMIT 1')) === undefined;
}

function refuseForeignFiles(database: DatabaseSync): void {
  // In this order: another process that makes the tables at this moment writes both at one stroke.
  const wasEmpty = isEmpty(database);
  const owner = pragma(database, 'application_id');
  if (owner === applicationId) refuseUnknownForms(database);
  else if (owner !== 0 || !wasEmpty) {
    throw new CausewayError('store-incompatible', { detail: 'The file belongs to another program.' });
  }
}

/** @throws CausewayError `store-incompatible` unless it has this form, or one that can be brought to it */
function refuseUnknownForms(database: DatabaseSync): void {
  const version = pragma(database, 'user_version');
  if (version === schemaVersion || upgrades.has(version)) return;
  throw new CausewayError('store-incompatible', {
    detail: `It has form ${version}; this program reads form ${schemaVersion}.`,
  });
}

/** Step by step, in one transaction. @throws CausewayError `store-incompatible` where it may not */
function bringUp(database: DatabaseSync, mayUpgrade: boolean): void {
  if (pragma(database, 'user_version') === schemaVersion) return;
  if (!mayUpgrade) {
    throw new CausewayError('store-incompatible', {
      detail: `It has form ${pragma(database, 'user_version')}: start its gateway once with this program, which brings it to form ${schemaVersion}.`,
    });
  }
  database.exec('BEGIN IMMEDIATE');
  try {
    for (let form = pragma(database, 'user_version'); form < schemaVersion; form++) {
      database.exec(upgrades.get(form) ?? '');
    }
    database.exec(`PRAGMA user_version = ${schemaVersion}; COMMIT`);
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Another process may be creating the same file: whoever is second finds the tables there. */
function createTables(database: DatabaseSync): void {
  if (pragma(database, 'application_id') === applicationId) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    if (isEmpty(database)) {
      database.exec(schema);
      database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}`);
    }
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
