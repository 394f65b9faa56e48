/** Enrolment permits, directory entries, and the versions that tell every process of a change. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import { claimedKeys } from '../claimed-keys.ts';
import type { KeyTaken, PermitRefusal, Replacement, StoreVersions } from '../port.ts';
import { laterNumber } from '../later-number.ts';
import { refusePermit } from '../permit.ts';
import { allRows, firstRow, prepare } from './database.ts';
import type { EndpointNumber, EndpointTable } from './endpoint-table.ts';
import { MissingPartError } from './foreign-rules.ts';

type Enrolment = {
  readonly entry: DirectoryEntry;
  /** When it was asked for, by which the permit may be over. */
  readonly now: number;
  /** Of the commit. */
  readonly at: number;
  /** Index of the leaf that says so. */
  readonly record: number;
};

export class DirectoryTable {
  readonly #endpoints: EndpointTable;
  readonly #dropPermits: StatementSync;
  readonly #insertPermit: StatementSync;
  readonly #permit: StatementSync;
  readonly #usePermit: StatementSync;
  readonly #putEntry: StatementSync;
  readonly #replaceEntry: StatementSync;
  readonly #findKeys: StatementSync;
  readonly #version: StatementSync;
  readonly #setVersion: StatementSync;
  readonly #noteChange: StatementSync;
  readonly #probe: StatementSync;
  readonly #versions: StatementSync;
  readonly #setMark: StatementSync;

  constructor(database: DatabaseSync, endpoints: EndpointTable) {
    this.#endpoints = endpoints;
    this.#dropPermits = prepare(database, 'DELETE FROM permit WHERE endpoint = ?');
    this.#insertPermit = prepare(
      database,
      'INSERT INTO permit (secret, endpoint, roles, expires_at) VALUES (?, ?, ?, ?)',
    );
    this.#permit = prepare(database, 'SELECT endpoint, expires_at, used_at FROM permit WHERE secret = ?');
    this.#usePermit = prepare(database, 'UPDATE permit SET used_at = ? WHERE secret = ?');
    this.#putEntry = prepare(
      database,
      `INSERT INTO directory_entry (endpoint, version, entry, record) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT DO UPDATE SET version = ?2, entry = ?3, record = ?4`,
    );
    this.#replaceEntry = prepare(
      database,
      `UPDATE directory_entry SET version = ?5, entry = ?1,
       record = ?4 WHERE endpoint = ?2 AND entry = ?3 AND entry ->> 'status' = 'active'`,
    );
    this.#findKeys = prepare(
      database,
      `SELECT 1 FROM directory_entry WHERE endpoint <> ?1 AND (entry ->> 'signingKey' = ?2
       OR entry ->> 'openpgpFingerprint' = ?3 OR entry ->> 'encryptionKey' = ?4
       OR entry ->> 'previousEncryptionKey' = ?4) LIMIT 1`,
    );
    this.#noteChange = prepare(database, 'INSERT INTO directory_change (endpoint, record) VALUES (?, ?)');
    this.#version = prepare(database, 'SELECT value FROM meta WHERE name = ?');
    this.#setVersion = prepare(database, 'UPDATE meta SET value = ? WHERE name = ?');
    this.#probe = prepare(database, "UPDATE meta SET value = value + 1 WHERE name = 'probe'");
    this.#versions = prepare(database, 'SELECT name, value FROM meta');
    this.#setMark = prepare(
      database,
      'INSERT INTO mark (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2',
    );
  }

  permit(secret: Buffer, endpoint: EndpointAddress, roles: readonly string[], expiresAt: number): void {
    const number = this.#endpoints.intern(endpoint);
    this.#dropPermits.run(number);
    this.#insertPermit.run(secret, number, JSON.stringify(roles), expiresAt);
  }

  enrol(secret: Buffer, { entry, now, at, record }: Enrolment): 'enrolled' | PermitRefusal | KeyTaken {
    const permit = firstRow<[EndpointNumber, number, number | null]>(this.#permit, secret);
    if (permit === undefined) return 'token-invalid';
    const [endpoint, expiresAt, usedAt] = permit;
    if (endpoint !== this.#endpoints.find(entry.endpoint)) return 'token-invalid';
    const refusal = refusePermit(expiresAt, usedAt, now);
    if (refusal !== undefined) return refusal;
    if (this.#areKeysTaken(endpoint, undefined, entry)) return 'key-taken';
    this.#usePermit.run(at, secret);
    this.#putEntry.run(endpoint, this.raise('directory', at), JSON.stringify(entry), record);
    this.#noteChange.run(endpoint, record);
    return 'enrolled';
  }

  /** Texts are compared: an entry is read and written in the order of its members. */
  replaceEntry(
    before: DirectoryEntry,
    after: DirectoryEntry,
    { at, record }: Pick<Enrolment, 'at' | 'record'>,
  ): Replacement {
    const endpoint = this.#endpoints.find(before.endpoint);
    if (endpoint === undefined) return 'overtaken';
    if (this.#areKeysTaken(endpoint, before, after)) return 'key-taken';
    const version = this.#nextVersion('directory', at);
    const { changes } = this.#replaceEntry.run(
      JSON.stringify(after),
      endpoint,
      JSON.stringify(before),
      record,
      version,
    );
    if (changes === 0) return 'overtaken';
    this.#noteChange.run(endpoint, record);
    this.#setVersion.run(version, 'directory');
    return 'replaced';
  }

  #areKeysTaken(
    endpoint: EndpointNumber,
    before: DirectoryEntry | undefined,
    after: DirectoryEntry,
  ): boolean {
    const claimed = claimedKeys(before, after);
    if (claimed === undefined) return false;
    const { signingKey, openpgpFingerprint, encryptionKey } = claimed;
    return firstRow(this.#findKeys, endpoint, signingKey, openpgpFingerprint, encryptionKey) !== undefined;
  }

  /**
   * Raises a version.
   * @param at when the commit is made, ms since 1970
   * @returns the new one
   * @throws MissingPartError where it is gone: nobody would hear of the change
   */
  raise(name: keyof StoreVersions, at: number): number {
    const version = this.#nextVersion(name, at);
    this.#setVersion.run(version, name);
    return version;
  }

  #nextVersion(name: keyof StoreVersions, at: number): number {
    const before = firstRow<[number]>(this.#version, name)?.[0];
    if (before === undefined) throw missingRow(name);
    return laterNumber(before, at);
  }

  /** See the store port. */
  setMarks(marks: readonly (readonly [name: string, value: number])[]): void {
    for (const [name, value] of marks) this.#setMark.run(name, value);
  }

  /** Changes something that nobody reads. @throws MissingPartError */
  touch(): void {
    if (this.#probe.run().changes !== 1) throw missingRow('probe');
  }

  versions(): StoreVersions {
    return versionsOf(this.#versions);
  }
}

/**
 * Reads the versions by `SELECT name, value FROM meta`, and looks whether every row is there that the schema makes.
 * @throws MissingPartError
 */
export function versionsOf(statement: StatementSync): StoreVersions {
  const values = new Map(allRows<[string, number]>(statement));
  const valueOf = (name: string): number => {
    const value = values.get(name);
    if (value === undefined) throw missingRow(name);
    return value;
  };
  valueOf('probe');
  return { directory: valueOf('directory'), policy: valueOf('policy') };
}

function missingRow(name: string): MissingPartError {
  return new MissingPartError(`row ${name} of the table meta`);
}
