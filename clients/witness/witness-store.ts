/**
 * What a witness has cosigned, durably: `witness.db` in its home.
 *
 * Whether to move on is decided and written down in one transaction, which is on the disk before {@link advance}
 * returns. So two requests at once, two processes on one home, or a crash at any moment cannot make the witness
 * cosign two histories, or go back. The table itself refuses to go back, whoever writes to it.
 */
import { hash } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { CausewayError } from '../../protocol/errors.ts';
import type { CosignedState } from '../../protocol/proof/witness-protocol.ts';

/** What was last cosigned of a log. */
export type CosignedRecord = CosignedState & {
  readonly root: Buffer;
  /** The checkpoint with the signature of the log and the cosignature. */
  readonly note: string;
};

/** What is to be remembered, if anything, and what comes of it. */
export type Decision<T> = { readonly result: T; readonly next?: CosignedRecord };

const schema = `
  CREATE TABLE cosigned (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    note TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER never_back BEFORE UPDATE ON cosigned
    WHEN new.size < old.size OR (new.size = old.size AND new.root <> old.root)
    BEGIN SELECT raise(ABORT, 'a witness never goes back'); END;
  CREATE TRIGGER never_gone BEFORE DELETE ON cosigned
    BEGIN SELECT raise(ABORT, 'a witness never forgets'); END;
  CREATE TABLE evidence (
    digest TEXT PRIMARY KEY,
    origin TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    request TEXT NOT NULL
  ) STRICT;
  PRAGMA user_version = 1;
`;
const version = 1;
const maxEvidence = 1000;
const keptForContradictions = 100;

export class WitnessStore {
  readonly #database: DatabaseSync;

  /** Makes the file of a new witness. @throws when there is one */
  static create(path: string): void {
    closeSync(openSync(path, 'wx', 0o600));
    const database = open(path);
    database.exec(`BEGIN; ${schema} COMMIT;`);
    database.close();
  }

  /**
   * Opens the file. One that is missing is never made anew: a witness that forgot would cosign a fork.
   * @throws CausewayError `home-invalid`, `store-incompatible`; `store-damaged` when the file cannot be read
   */
  constructor(path: string) {
    if (!existsSync(path)) {
      const detail = `${path} is missing, and without it the witness does not know what it has cosigned.`;
      throw new CausewayError('home-invalid', { detail });
    }
    this.#database = openExisting(path);
    const found = Number(this.#database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
    if (found === version) return;
    this.#database.close();
    throw new CausewayError('store-incompatible', { detail: `${path} has version ${found}.` });
  }

  /** What was last cosigned of a log. */
  lastOf(origin: string): CosignedRecord | undefined {
    const row = this.#database
      .prepare('SELECT size, root, note FROM cosigned WHERE origin = ?')
      .get(origin) as { size: number; root: Uint8Array; note: string } | undefined;
    return row === undefined ? undefined : { size: row.size, root: Buffer.from(row.root), note: row.note };
  }

  /** Decides with nobody else writing, and returns the result when what is to be remembered is on the disk. */
  advance<T>(origin: string, decide: (last: CosignedRecord | undefined) => Decision<T>): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const { result, next } = decide(this.lastOf(origin));
      if (next !== undefined) this.#put(origin, next);
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /**
   * Keeps a checkpoint that the log has signed and that did not lead on from what was cosigned; the first thousand of
   * them. Anybody can send one with a wrong proof, so the last hundred places are for those that contradict.
   */
  keepEvidence(
    origin: string,
    { note, contradicts }: { readonly note: string; readonly contradicts: boolean },
    seenAtMs: number,
  ): void {
    this.#database
      .prepare(
        `INSERT OR IGNORE INTO evidence SELECT ?, ?, ?, ?
         WHERE (SELECT count(*) FROM evidence) < ?`,
      )
      .run(
        hash('sha256', note, 'hex'),
        origin,
        seenAtMs,
        note,
        contradicts ? maxEvidence : maxEvidence - keptForContradictions,
      );
  }

  /** The checkpoints that were kept, as `request`, the oldest first. */
  evidence(): { readonly origin: string; readonly seenAtMs: number; readonly request: string }[] {
    const rows = this.#database
      .prepare('SELECT origin, seen_at, request FROM evidence ORDER BY seen_at')
      .all();
    return rows.map(({ origin, seen_at, request }) => ({
      origin: String(origin),
      seenAtMs: Number(seen_at),
      request: String(request),
    }));
  }

  #put(origin: string, { size, root, note }: CosignedRecord): void {
    this.#database
      .prepare(
        `INSERT INTO cosigned (origin, size, root, note) VALUES (?, ?, ?, ?)
         ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note`,
      )
      .run(origin, size, root, note);
  }

  close(): void {
    this.#database.close();
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const damaged = new Set([11, 26]);

function openExisting(path: string): DatabaseSync {
  try {
    return open(path);
  } catch (error) {
    const { errcode } = error as { errcode?: unknown };
    if (typeof errcode !== 'number' || !damaged.has(errcode & 0xff)) throw error;
    const detail = `It is ${path}. An older copy would make the witness forget what it has cosigned: make a new one, with a new name and key.`;
    throw new CausewayError('store-damaged', { detail, cause: error });
  }
}

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  // EXTRA syncs the folder as well, when the journal that would undo a commit is removed.
  database.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA;');
  return database;
}
