/** The directory as last read, and the keys that this endpoint was told to trust. */
import type { EndpointAddress, Fingerprint } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
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

/** An endpoint's last entry under keys that it has no more. */
export type FormerEntry = {
  readonly entry: DirectoryEntry;
  /** When it was revoked, or else when its successor was registered; at the latest when this endpoint read of that. */
  readonly endedAt: string;
};

/** So long after their end, keys may still verify: nothing that the gateway took from them comes any later. */
export const formerKeptMs = limits.maxLifetimeMs + limits.maxClockSkewMs;

export class PinTable {
  readonly #database: Statements;
  readonly #now: () => number;
  readonly #earliest: () => number;

  /** @param earliest see `GatewayClock.earliest` */
  constructor(database: Statements, now: () => number = Date.now, earliest = now) {
    this.#database = database;
    this.#now = now;
    this.#earliest = earliest;
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
    this.#keepFormer(entries);
    this.#database.exec('DELETE FROM directory');
    this.#putEntries({ version, entries });
  }

  /** Replaces these entries alone; call inside a transaction. */
  changeDirectory({ version, entries }: Pick<DirectoryResponse, 'version' | 'entries'>): void {
    this.#keepFormer(entries);
    this.#putEntries({ version, entries });
  }

  /** Entries that this endpoint had under other keys, which were trusted here. */
  readFormer(endpoint: EndpointAddress): FormerEntry[] {
    const rows = this.#database
      .prepare('SELECT entry, ended_at FROM former_entries WHERE endpoint = ?')
      .all(endpoint);
    return rows.map((row) => ({
      entry: JSON.parse(String(row.entry)) as DirectoryEntry,
      endedAt: String(row.ended_at),
    }));
  }

  /**
   * Only what a person trusts is kept, so a gateway that changes keys without end fills nothing; and as ended by now, since
   * what the gateway says of the end is not proven yet: a date years ahead would keep stolen keys good until then.
   */
  #keepFormer(successors: readonly DirectoryEntry[]): void {
    const at = (time: number): string => new Date(time).toISOString();
    const forget = this.#database.prepare('DELETE FROM former_entries WHERE ended_at <= ?');
    forget.run(at(this.#earliest() - formerKeptMs));
    const keep = this.#database.prepare(
      `INSERT OR REPLACE INTO former_entries (endpoint, signing_key, entry, ended_at)
       SELECT endpoint, entry ->> 'signingKey', entry, min(coalesce(entry ->> 'revokedAt', ?4), ?5) FROM directory
       WHERE endpoint = ?1 AND (entry ->> 'signingKey' <> ?2 OR entry ->> 'openpgpFingerprint' <> ?3)
       AND (entry ->> 'signingKey', entry ->> 'openpgpFingerprint') =
         (SELECT signing_key, openpgp_fingerprint FROM pins WHERE endpoint = ?1 ORDER BY pin DESC LIMIT 1)`,
    );
    for (const { endpoint, signingKey, openpgpFingerprint, enrolledAt } of successors)
      keep.run(endpoint, signingKey, openpgpFingerprint, enrolledAt, at(this.#now()));
  }

  #putEntries({ version, entries }: Pick<DirectoryResponse, 'version' | 'entries'>): void {
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
