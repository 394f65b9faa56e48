/**
 * The client's durable state: `state.db` in the home folder.
 *
 * Changes that are asked for in one turn of the event loop share one transaction and one sync. Several processes
 * may use the same home at once: transactions are short, and one that finds the database busy waits its turn.
 */
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { CausewayError } from '../../protocol/errors.ts';
import { isStateMissing, lostState, noteBegun, wasBegun } from './begun-state.ts';
import { isBusy, openingFailure, stateDamage, stateFailure } from './state-failure.ts';
import { createTables, stateVersion } from './state-tables.ts';
import { cachedStatements, type Statements } from './statements.ts';

export type { Statements } from './statements.ts';

export const stateFileName = 'state.db';

type Change = { apply: () => unknown; resolve: (value: never) => void; reject: (error: unknown) => void };

const busyTimeoutMs = 100;
const busyRetries = 100;
const laterMs = 200;

export class StateDatabase {
  /** For reading at any time, and for changes inside {@link write} only. */
  readonly statements: Statements;
  readonly #path: string;
  readonly #database: DatabaseSync;
  #queue: Change[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  #later: NodeJS.Timeout | undefined;
  #committing: Promise<void> | undefined;
  #isClosed = false;

  /**
   * Opens the state of a home, and makes it at the first time.
   * @throws CausewayError `store-incompatible`; `home-invalid` when it had one, which is gone, or when it is no file or may
   * not be opened; `store-damaged` when what it holds cannot be read; `state-unavailable`, naming the file, when it cannot
   * be opened and written at present
   */
  constructor(home: string) {
    this.#path = join(home, stateFileName);
    const hadState = wasBegun(this.#path);
    if (hadState && isStateMissing(this.#path)) throw lostState(this.#path);
    this.#database = openFile(this.#path);
    this.statements = cachedStatements(this.#database, (error) => stateFailure(this.#path, error));
    try {
      this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
      this.#prepare(hadState);
    } catch (error) {
      if (this.#database.isOpen) this.#database.close();
      throw openingFailure(this.#path, error);
    }
    if (!hadState) noteBegun(this.#path);
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
    return Number(this.statements.prepare('PRAGMA data_version').get()?.data_version ?? 0);
  }

  /** Reads the whole file, and looks whether all tables are there. @throws CausewayError `store-damaged` */
  check(): void {
    const found = this.statements.prepare('PRAGMA quick_check(1)').get()?.quick_check;
    // A headline comes before the finding.
    if (found !== 'ok') throw stateDamage(this.#path, `SQLite says: ${String(found).split('\n').at(-1)}.`);
    const names = namesIn(this.#database);
    const missing = namesOfNew().find((name) => !names.includes(name));
    if (missing !== undefined) throw stateDamage(this.#path, `Its part ${missing} is gone.`);
  }

  /** Commits what is queued and closes. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#later);
    await this.#commit();
    this.#database.close();
  }

  #prepare(hadState: boolean): void {
    this.#database.exec('BEGIN IMMEDIATE');
    const version = Number(this.#database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
    if (version === 0 && hadState) throw lostState(this.#path);
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
        only.reject(stateFailure(this.#path, error));
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
    return openDatabase(path);
  } catch (error) {
    throw openingFailure(path, error);
  }
}

function openDatabase(path: string): DatabaseSync {
  // Asked for here, not imported: an older Node has none, and `require-node.ts` must come to say so.
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  return new DatabaseSync(path, { timeout: 5_000 });
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

/** Tables and indexes. */
function namesIn(database: DatabaseSync): string[] {
  const rows = database.prepare('SELECT name FROM sqlite_schema').all();
  return rows.map(({ name }) => String(name));
}

function namesOfNew(): string[] {
  const database = openDatabase(':memory:');
  createTables(database, 0);
  const names = namesIn(database);
  database.close();
  return names;
}
