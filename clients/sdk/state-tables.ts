/** Tables of the client's `state.db`. Times are ms since 1970, ids 16 bytes, digests 32. */
import type { DatabaseSync } from 'node:sqlite';
import { limits } from '../../protocol/limits.ts';
import { changesFound, logAcknowledgements, logTables } from './log/log-schema.ts';

const tables = `
  -- Single values: endpoint (whose state it is), directoryVersion, policyDigest, receiptPosition, renewalLease, renewalRefusal,
  -- highestRecord, and those of log-schema.ts.
  CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

  -- The gateway's directory as last read; each entry is its JSON.
  CREATE TABLE directory (endpoint TEXT PRIMARY KEY, entry TEXT NOT NULL) WITHOUT ROWID;

  -- Keys that this endpoint was told to trust. The newest of an endpoint is in force; older ones still
  -- verify receipts that were signed before a change.
  CREATE TABLE pins (
    pin INTEGER PRIMARY KEY,
    endpoint TEXT NOT NULL,
    openpgp_fingerprint TEXT NOT NULL,
    signing_key TEXT NOT NULL,
    trusted_at INTEGER NOT NULL
  );

  CREATE TABLE datasets (dataschema TEXT PRIMARY KEY, schema TEXT NOT NULL) WITHOUT ROWID;

  -- The last sequence number given to a message for this recipient address.
  CREATE TABLE sequences (recipient TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;

  -- Messages of this endpoint, in order. See keptUnits for how long a payload is kept.
  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    digest BLOB NOT NULL,
    envelope BLOB NOT NULL,
    payload BLOB,
    state TEXT NOT NULL,
    holder TEXT NOT NULL,
    transmitted INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    answered_at INTEGER,
    answer TEXT
  );
  CREATE INDEX outbox_waiting ON outbox (seq) WHERE state = 'waiting';

  -- One row for each endpoint that a message goes to, and how far it came.
  CREATE TABLE deliveries (
    seq INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    delivered_at INTEGER,
    outcome TEXT,
    settled_at INTEGER,
    code TEXT,
    text TEXT,
    PRIMARY KEY (seq, recipient)
  ) WITHOUT ROWID;

  -- Every receipt group that was verified, as evidence: signature and bytes as they came.
  CREATE TABLE evidence (
    entry INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    receipts BLOB NOT NULL
  );

  -- Receipt groups whose issuer's key is not trusted, or perhaps not known, yet.
  CREATE TABLE held_receipts (entry INTEGER PRIMARY KEY, issuer TEXT NOT NULL, receipts BLOB NOT NULL);

  -- Messages this endpoint has dealt with for good: what makes a repeated delivery harmless.
  CREATE TABLE inbox (
    id BLOB NOT NULL,
    sender TEXT NOT NULL,
    digest BLOB NOT NULL,
    at INTEGER NOT NULL,
    detail TEXT NOT NULL,
    confirmed INTEGER NOT NULL,
    PRIMARY KEY (id, sender)
  ) WITHOUT ROWID;
  CREATE INDEX inbox_unconfirmed ON inbox (at) WHERE confirmed = 0;

  -- Messages that cannot be shown yet, by the code of what is in their way.
  CREATE TABLE held (
    id BLOB NOT NULL,
    sender TEXT NOT NULL,
    code TEXT NOT NULL,
    category TEXT NOT NULL,
    severity TEXT NOT NULL,
    held_at INTEGER NOT NULL,
    PRIMARY KEY (id, sender)
  ) WITHOUT ROWID;

`;

const additions = `
  -- Held messages go when they expire at the gateway. Of those held before this was noted, the lifetime is the longest.
  ALTER TABLE held ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
  UPDATE held SET expires_at = held_at + ${limits.maxLifetimeMs};

  CREATE INDEX pins_by_endpoint ON pins (endpoint);

  -- The last entry of an endpoint under trusted keys that others have taken the place of: it opens what was sent before
  -- ended_at, a timestamp.
  CREATE TABLE former_entries (
    endpoint TEXT NOT NULL,
    signing_key TEXT NOT NULL,
    entry TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    PRIMARY KEY (endpoint, signing_key)
  ) WITHOUT ROWID;
`;

const keptUnits = `
  -- The payload of an accepted message is kept until every delivery has come to an end, at most until this time: should the
  -- gateway lose the message, it is submitted again. Of those written down before this was noted, the lifetime is the longest.
  ALTER TABLE outbox ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
  UPDATE outbox SET expires_at = created_at + ${limits.maxLifetimeMs};
  CREATE INDEX outbox_kept ON outbox (expires_at) WHERE state = 'accepted' AND payload IS NOT NULL;

  -- The highest record that the gateway had named when the message was submitted: its own must be higher.
  ALTER TABLE outbox ADD COLUMN record_before INTEGER;

  -- Accepted messages that the gateway has lost or may have lost, as lost-table.ts says; answer is the acceptance.
  CREATE TABLE lost (
    seq INTEGER PRIMARY KEY,
    sign TEXT NOT NULL,
    found_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    answer TEXT NOT NULL,
    times INTEGER NOT NULL
  );
`;

const falseReceipts = `
  -- Whether a key of the directory had signed a held group when it came; otherwise the directory was behind. Of those held
  -- before this was noted it is not known, and they accuse nobody.
  ALTER TABLE held_receipts ADD COLUMN signed INTEGER NOT NULL DEFAULT 1;

  -- Receipt groups that are not genuine, each until the fault about it is written down; subject is what that is about, reason
  -- why it is not genuine.
  CREATE TABLE false_receipts (
    entry INTEGER PRIMARY KEY,
    subject TEXT NOT NULL UNIQUE,
    position INTEGER NOT NULL,
    reason TEXT NOT NULL,
    receipts BLOB NOT NULL
  );
`;

/** What each version added to the one before. */
const versions = [tables, logTables, additions, logAcknowledgements, keptUnits, changesFound, falseReceipts];

export const stateVersion = versions.length;

/** Makes the tables that a state of this version lacks; 0 is a new one. Call inside a transaction. */
export function createTables(database: DatabaseSync, version: number): void {
  for (const added of versions.slice(version)) database.exec(added);
  database.exec(`PRAGMA user_version = ${stateVersion}`);
}
