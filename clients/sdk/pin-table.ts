/** The directory as last read, and the keys that this endpoint was told to trust. */
import type { EndpointAddress, Fingerprint } from '../../protocol/ids.ts';
import type { DirectoryEntry, DirectoryResponse } from '../../protocol/wire/directory.ts';
import type { Statements } from './state-database.ts';

/** A trusted pair of keys of an endpoint. */
export type Pin = {
  readonly endpoint: EndpointAddress;
  readonly openpgpFingerprint: Fingerprint;
  /** Raw Ed25519 key, base64url. */
  readonly signingKey: string;
  /** ms since 1970. */
  readonly trustedAt: number;
};

export class PinTable {
  readonly #database: Statements;

  constructor(database: Statements) {
    this.#database = database;
  }

  /** Version of the directory as last read; `undefined` when it never was. */
  readVersion(): number | undefined {
    const row = this.#database.prepare("SELECT value FROM meta WHERE name = 'directoryVersion'").get();
    return row === undefined ? undefined : Number(row.value);
  }

  /** Entries were checked against their schema before they were written. */
  readEntries(): DirectoryEntry[] {
    const rows = this.#database.prepare('SELECT entry FROM directory ORDER BY endpoint').all();
    return rows.map((row) => JSON.parse(String(row.entry)) as DirectoryEntry);
  }

  /** All pins, the oldest first. */
  readPins(): Pin[] {
    const rows = this.#database.prepare('SELECT * FROM pins ORDER BY pin').all();
    return rows.map((row) => ({
      endpoint: String(row.endpoint) as EndpointAddress,
      openpgpFingerprint: String(row.openpgp_fingerprint) as Fingerprint,
      signingKey: String(row.signing_key),
      trustedAt: Number(row.trusted_at),
    }));
  }

  /** Call inside a transaction. */
  replaceDirectory({ version, entries }: Pick<DirectoryResponse, 'version' | 'entries'>): void {
    this.#database.exec('DELETE FROM directory');
    this.changeDirectory({ version, entries });
  }

  /** Replaces these entries alone; call inside a transaction. */
  changeDirectory({ version, entries }: Pick<DirectoryResponse, 'version' | 'entries'>): void {
    const insert = this.#database.prepare('INSERT OR REPLACE INTO directory (endpoint, entry) VALUES (?, ?)');
    for (const entry of entries) insert.run(entry.endpoint, JSON.stringify(entry));
    this.#database
      .prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('directoryVersion', ?)")
      .run(version);
  }

  /** Call inside a transaction. */
  addPin(pin: Pin): void {
    this.#database
      .prepare(
        'INSERT INTO pins (endpoint, openpgp_fingerprint, signing_key, trusted_at) VALUES (?, ?, ?, ?)',
      )
      .run(pin.endpoint, pin.openpgpFingerprint, pin.signingKey, pin.trustedAt);
  }
}
