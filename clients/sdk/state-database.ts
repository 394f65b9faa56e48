/**
 * The client's durable state: `state.db` in the home folder.
 *
 * Changes that are asked for in one turn of the event loop share one transaction and one sync. Several processes
 * may use the same home at once: transactions are short, and one that finds the database busy waits its turn.
 */
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import { createTables, stateVersion } from './state-tables.ts';

export const stateFileName = 'state.db';

/** What the tables need: statements, prepared once, and plain SQL. */
export type Statements = { prepare(sql: string): StatementSync; exec(sql: string): void };

type Change = { apply: () => unknown; resolve: (value: never) => void; reject: (error: unknown) => void };

const busyTimeoutMs = 100;
const busyRetries = 100;
const laterMs = 200;

export class StateDatabase {
  /** For reading at any time, and for changes inside {@link write} only. */
  readonly statements: Statements;
  readonly #database: DatabaseSync;
  #queue: Change[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  #later: NodeJS.Timeout | undefined;
  #committing: Promise<void> | undefined;
  #isClosed = false;

  /**
   * Opens the state of a home, and makes it at the first time.
   * @throws CausewayError `store-incompatible`; `store-damaged` when what it holds cannot be read;
   * `state-unavailable`, naming the file, when it cannot be opened and written
   */
  constructor(home: string) {
    const path = join(home, stateFileName);
    this.#database = openFile(path);
    this.statements = cachedStatements(this.#database);
    try {
      this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
      this.#prepare();
    } catch (error) {
      if (isCausewayError(error)) throw error;
      this.#database.close();
      if (!isDamage(error)) throw unopened(path, error);
      const detail = `It is ${path}, with the outbox and the memory of what was taken. Keep it, and restore the home from its backup.`;
      throw new CausewayError('store-damaged', { detail, cause: error });
    }
    this.#database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  }

  /** Applies a change to the database; resolves with its result once it is durable. */
  write<T>(apply: () => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(new CausewayError('client-closed'));
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ apply, resolve, reject });
      this.#schedule();
    });
  }

  /** As {@link write}, for what nobody waits for: it goes along with the next commit, or starts one soon. */
  writeLater(apply: () => unknown): void {
    if (this.#isClosed) return;
    this.#queue.push({ apply, resolve: () => undefined, reject: () => undefined });
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      this.#schedule();
    }, laterMs);
  }

  /** A number that changes whenever another process has changed the state. */
  changesByOthers(): number {
    return Number(this.#database.prepare('PRAGMA data_version').get()?.data_version ?? 0);
  }

  /** Commits what is queued and closes. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#later);
    await this.#commit();
    this.#database.close();
  }

  #prepare(): void {
    this.#database.exec('BEGIN IMMEDIATE');
    const version = Number(this.#database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
    if (version < stateVersion) createTables(this.#database, version);
    this.#database.exec('COMMIT');
    if (version > stateVersion) {
      this.#database.close();
      throw new CausewayError('store-incompatible', { detail: `${stateFileName} has version ${version}.` });
    }
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => void this.#commit());
  }

  async #commit(): Promise<void> {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    while (this.#committing !== undefined) await this.#committing;
    if (this.#queue.length === 0) return;
    const changes = this.#queue;
    this.#queue = [];
    this.#committing = this.#commitGroup(changes).finally(() => (this.#committing = undefined));
    await this.#committing;
  }

  async #commitGroup(changes: readonly Change[]): Promise<void> {
    try {
      const results = await this.#transact(() => changes.map((change) => change.apply()));
      changes.forEach((change, index) => change.resolve(results[index] as never));
    } catch (error) {
      const [only] = changes;
      if (changes.length === 1 && only !== undefined) {
        only.reject(asStateError(error));
        return;
      }
      // One bad change must not sink its neighbours: each is tried by itself.
      for (const change of changes) await this.#commitGroup([change]);
    }
  }

  async #transact<T>(apply: () => T): Promise<T> {
    await this.#begin();
    try {
      const result = apply();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Waits for other processes without stopping the event loop for long. */
  async #begin(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        this.#database.exec('BEGIN IMMEDIATE');
        return;
      } catch (error) {
        if (!isBusy(error) || attempt === busyRetries) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}

function openFile(path: string): DatabaseSync {
  try {
    createFile(path);
    // SQLite opens one that it may only read, and every write fails later.
    accessSync(path, constants.R_OK | constants.W_OK);
    // Asked for here, not imported: an older Node has none, and `require-node.ts` must come to say so.
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
    return new DatabaseSync(path, { timeout: 5_000 });
  } catch (error) {
    throw unopened(path, error);
  }
}

function unopened(path: string, cause: unknown): CausewayError {
  const detail = `${path} cannot be opened and written: look at what it is, its owner and its mode. Nothing was sent, and nothing was put into the outbox.`;
  return new CausewayError('state-unavailable', { detail, cause });
}

/**
 * Makes the file readable by its owner only. An existing one is left alone: closing any descriptor of a database
 * file drops every POSIX lock that this process has on it, and so the locks of a connection opened before.
 */
function createFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function cachedStatements(database: DatabaseSync): Statements {
  const cache = new Map<string, StatementSync>();
  return {
    prepare(sql) {
      const known = cache.get(sql);
      if (known !== undefined) return known;
      const statement = database.prepare(sql);
      cache.set(sql, statement);
      return statement;
    },
    exec: (sql) => database.exec(sql),
  };
}

function isBusy(error: unknown): boolean {
  const code = (error as { errcode?: unknown } | undefined)?.errcode;
  // SQLITE_BUSY, whatever its extension.
  return typeof code === 'number' && (code & 0xff) === 5;
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
function isDamage(error: unknown): boolean {
  const code = (error as { errcode?: unknown } | undefined)?.errcode;
  return typeof code === 'number' && [11, 26].includes(code & 0xff);
}

function asStateError(error: unknown): unknown {
  const isSqlite = (error as { code?: unknown } | undefined)?.code === 'ERR_SQLITE_ERROR';
  return isSqlite ? new CausewayError('state-unavailable', { cause: error }) : error;
}
