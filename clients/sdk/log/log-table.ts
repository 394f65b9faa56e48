/** What this endpoint knows of the gateway's audit log, in `state.db`. */
import type { SQLOutputValue } from 'node:sqlite';
import type { Digest, EndpointAddress } from '../../../protocol/ids.ts';
import type { PlacedEntry } from '../../../protocol/wire/directory-digest.ts';
import { directoryEntryDigest } from '../../../protocol/wire/directory-entry-digest.ts';
import type { DirectoryEntry, DirectoryResponse } from '../../../protocol/wire/directory.ts';
import type { Statements } from '../state-database.ts';

/** A change of this endpoint's own entry in the directory, as the log has it. */
export type OwnChange = {
  /** Index of the leaf. */
  readonly leaf: number;
  /** `endpoint.enrolled`, `endpoint.renewed`, `endpoint.revoked` … */
  readonly kind: string;
  /** ms since 1970, by the gateway's clock. */
  readonly at: number;
  /** Digest of what the entry became. */
  readonly entry: Digest;
  /** True when this home did not make the change itself, as far as its state and its keys tell. */
  readonly foreign: boolean;
  /** ms since 1970, by this computer's clock; of one found before this was noted there is none. */
  readonly foundAt?: number;
  /** When a person said that it was looked at, ms since 1970. */
  readonly acknowledgedAt?: number;
};

/**
 * `fork`, `rollback`: the log contradicts what was seen of it, and nothing is sent until a person decides ·
 * `checkpoint`: not signed by the log · `contents`: tiles or entries do not fit the checkpoint · `entry`: a
 * directory entry is not what the log says · `acceptance`: a message that was accepted is not in the log · `stale`:
 * for a long time no checkpoint, or nothing behind it, could be verified, or witnesses were missing, or the checkpoint was
 * still the one from before the gateway took a receipt · `receipt`: the gateway gave a receipt that is not signed by its
 * issuer, or says what its issuer cannot state.
 */
export type LogFaultKind =
  'fork' | 'rollback' | 'checkpoint' | 'contents' | 'entry' | 'acceptance' | 'stale' | 'receipt';

/** Something that is wrong with the log, or with what it is to prove: the receipts. */
export type LogFault = {
  readonly kind: LogFaultKind;
  /** What it is about: an endpoint, a message, a checkpoint. */
  readonly subject: string;
  /** ms since 1970, by this computer's clock. */
  readonly foundAt: number;
  readonly detail: string;
  /** The file with the evidence; of one that is not written down any more, the folder with that of those before it. */
  readonly evidence: string;
  /** When a person said that it was looked at, ms since 1970. */
  readonly acknowledgedAt?: number;
};

/** What a person has looked at. */
export type LookedAt = {
  readonly faults?: readonly Pick<LogFault, 'kind' | 'subject'>[];
  readonly changes?: readonly Pick<OwnChange, 'leaf'>[];
};

/** A directory entry that is yet to be found in the log. */
export type UnprovenEntry = {
  readonly endpoint: EndpointAddress;
  readonly leaf: number;
  readonly text: string;
  /** Digest of the entry as the gateway gave it. */
  readonly entry: Digest;
};

type MetaName =
  | 'logCheckpoint'
  | 'logFollowed'
  | 'logProvenThrough'
  | 'logProveAgain'
  | 'logHalt'
  | 'logAbsentSince'
  | 'logStaleSince'
  | 'logUnfollowedSince'
  | 'logFrozenSince'
  | 'logLeastSize'
  | 'logLookedAt'
  | 'logDoubted';

/** Reading at any time; every change inside a transaction. */
export class LogTable {
  readonly #database: Statements;

  constructor(database: Statements) {
    this.#database = database;
  }

  readMeta(name: MetaName): string | undefined {
    const row = this.#database.prepare('SELECT value FROM meta WHERE name = ?').get(name);
    return row === undefined ? undefined : String(row.value);
  }

  writeMeta(name: MetaName, value: string | number | undefined): void {
    if (value === undefined) this.#database.prepare('DELETE FROM meta WHERE name = ?').run(name);
    else
      this.#database
        .prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)')
        .run(name, String(value));
  }

  /** Keeps the leaves of a directory that was just read. */
  replaceLeaves(directory: Pick<DirectoryResponse, 'entries' | 'leaves'>): void {
    this.#database.exec('DELETE FROM directory_leaves');
    this.changeLeaves(directory);
  }

  /** Keeps the leaves of the entries of a directory that have changed. */
  changeLeaves({ entries, leaves }: Pick<DirectoryResponse, 'entries' | 'leaves'>): void {
    const insert = this.#database.prepare(
      'INSERT OR REPLACE INTO directory_leaves (endpoint, leaf, text, entry) VALUES (?, ?, ?, ?)',
    );
    entries.forEach((entry: DirectoryEntry, place) => {
      const { index = 0, leaf = '' } = leaves[place] ?? {};
      insert.run(entry.endpoint, index, leaf, directoryEntryDigest(entry));
    });
  }

  /** Every entry of the directory as last read: its digest, and the leaf that the gateway names for it. */
  readPlaced(): PlacedEntry[] {
    const rows = this.#database.prepare('SELECT endpoint, leaf, entry FROM directory_leaves').all();
    return rows.map((row) => ({
      endpoint: String(row.endpoint) as EndpointAddress,
      leaf: Number(row.leaf),
      entry: String(row.entry) as Digest,
    }));
  }

  /** Endpoints whose entry is in the log as it is in the directory, and the index of its leaf. */
  readProven(): Map<EndpointAddress, number> {
    const rows = this.#database
      .prepare(
        `SELECT endpoint, leaf FROM directory_leaves d JOIN proven_entries USING (endpoint, leaf, entry)
         WHERE NOT EXISTS (SELECT 1 FROM endpoint_leaves e WHERE e.endpoint = d.endpoint AND e.leaf > d.leaf)`,
      )
      .all();
    return new Map(rows.map((row) => [String(row.endpoint) as EndpointAddress, Number(row.leaf)]));
  }

  readUnproven(): UnprovenEntry[] {
    const rows = this.#database
      .prepare(
        `SELECT * FROM directory_leaves d WHERE NOT EXISTS (SELECT 1 FROM proven_entries p
         WHERE p.endpoint = d.endpoint AND p.leaf = d.leaf AND p.entry = d.entry)`,
      )
      .all();
    return rows.map((row) => ({
      endpoint: String(row.endpoint) as EndpointAddress,
      leaf: Number(row.leaf),
      text: String(row.text),
      entry: String(row.entry) as Digest,
    }));
  }

  noteProven({ endpoint, leaf, entry }: UnprovenEntry): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO proven_entries (endpoint, leaf, entry) VALUES (?, ?, ?)')
      .run(endpoint, leaf, entry);
    this.passLeaf(endpoint, leaf);
  }

  /** Every entry must be proven once more. */
  forgetProven(): void {
    this.#database.exec('DELETE FROM proven_entries; DELETE FROM endpoint_leaves;');
  }

  /** The log has a leaf about this endpoint. */
  passLeaf(endpoint: EndpointAddress, leaf: number): void {
    this.#database
      .prepare(
        `INSERT INTO endpoint_leaves (endpoint, leaf) VALUES (?, ?)
         ON CONFLICT (endpoint) DO UPDATE SET leaf = max(leaf, excluded.leaf)`,
      )
      .run(endpoint, leaf);
  }

  newestLeaf(endpoint: EndpointAddress): number {
    const row = this.#database.prepare('SELECT leaf FROM endpoint_leaves WHERE endpoint = ?').get(endpoint);
    return Number(row?.leaf ?? -1);
  }

  /** Also as it becomes when the gateway has seen the new certificate and ends the one before. */
  noteOwnEntry(entry: DirectoryEntry): void {
    const note = this.#database.prepare('INSERT OR IGNORE INTO own_entries (entry) VALUES (?)');
    note.run(directoryEntryDigest(entry));
    note.run(directoryEntryDigest({ ...entry, previousTlsThumbprint: null }));
  }

  isOwnEntry(entry: Digest): boolean {
    return this.#database.prepare('SELECT 1 FROM own_entries WHERE entry = ?').get(entry) !== undefined;
  }

  /** @returns false when it is known already */
  noteChange({ leaf, kind, at, entry, foreign, foundAt }: OwnChange): boolean {
    const { changes } = this.#database
      .prepare(
        'INSERT OR IGNORE INTO own_changes (leaf, kind, at, entry, is_foreign, found_at) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .run(leaf, kind, at, entry, foreign ? 1 : 0, foundAt ?? null);
    return changes !== 0;
  }

  /** In the order of the log. */
  readChanges(): OwnChange[] {
    const rows = this.#database.prepare('SELECT * FROM own_changes ORDER BY leaf').all();
    return rows.map((row) => ({
      leaf: Number(row.leaf),
      kind: String(row.kind),
      at: Number(row.at),
      entry: String(row.entry) as Digest,
      foreign: row.is_foreign === 1,
      ...(row.found_at === null ? {} : { foundAt: Number(row.found_at) }),
      ...acknowledgement(row),
    }));
  }

  findFault(kind: LogFaultKind, subject: string): LogFault | undefined {
    const row = this.#database
      .prepare('SELECT * FROM log_faults WHERE kind = ? AND subject = ?')
      .get(kind, subject);
    return row === undefined ? undefined : asFault(row);
  }

  /** Those that nobody has acknowledged. */
  countOpenFaults(kind: LogFaultKind): number {
    const row = this.#database
      .prepare('SELECT count(*) AS n FROM log_faults WHERE kind = ? AND acknowledged_at IS NULL')
      .get(kind);
    return Number(row?.n ?? 0);
  }

  /** @returns false when it is known already */
  noteFault({ kind, subject, foundAt, detail, evidence }: LogFault): boolean {
    const { changes } = this.#database
      .prepare(
        'INSERT OR IGNORE INTO log_faults (kind, subject, found_at, detail, evidence) VALUES (?, ?, ?, ?, ?)',
      )
      .run(kind, subject, foundAt, detail, evidence);
    return changes !== 0;
  }

  /** The oldest first. */
  readFaults(): LogFault[] {
    return this.#database.prepare('SELECT * FROM log_faults ORDER BY fault').all().map(asFault);
  }

  /** Each once: the first time stays. @param at ms since 1970 */
  acknowledge({ faults = [], changes = [] }: LookedAt, at: number): void {
    const noteFault = this.#database.prepare(
      'UPDATE log_faults SET acknowledged_at = ? WHERE kind = ? AND subject = ? AND acknowledged_at IS NULL',
    );
    for (const { kind, subject } of faults) noteFault.run(at, kind, subject);
    const noteChange = this.#database.prepare(
      'UPDATE own_changes SET acknowledged_at = ? WHERE leaf = ? AND acknowledged_at IS NULL',
    );
    for (const { leaf } of changes) noteChange.run(at, leaf);
  }
}

function asFault(row: Record<string, SQLOutputValue>): LogFault {
  return {
    kind: String(row.kind) as LogFaultKind,
    subject: String(row.subject),
    foundAt: Number(row.found_at),
    detail: String(row.detail),
    evidence: String(row.evidence),
    ...acknowledgement(row),
  };
}

function acknowledgement(row: Record<string, SQLOutputValue>): { acknowledgedAt?: number } {
  return row.acknowledged_at === null ? {} : { acknowledgedAt: Number(row.acknowledged_at) };
}
