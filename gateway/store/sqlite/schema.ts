/**
 * Tables and indexes that came later without another form: a store from before gets them when it is opened, the tables
 * empty. The indexes find the endpoint that has a public key.
 */
export const laterTables = `
CREATE TABLE IF NOT EXISTS case_erasure (
  id BLOB NOT NULL,
  record INTEGER NOT NULL,
  PRIMARY KEY (id, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entry_by_signing_key ON directory_entry (entry ->> 'signingKey');
CREATE INDEX IF NOT EXISTS entry_by_fingerprint ON directory_entry (entry ->> 'openpgpFingerprint');
CREATE INDEX IF NOT EXISTS entry_by_encryption_key ON directory_entry (entry ->> 'encryptionKey');
CREATE INDEX IF NOT EXISTS entry_by_previous_key ON directory_entry (entry ->> 'previousEncryptionKey');
`;

const expirySpanTable = `
CREATE TABLE expiry_span (
  soonest INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (soonest, first)
) STRICT, WITHOUT ROWID;
`;

/** Those of forms before: a store has them until it is brought up. */
export const retiredIndexes = `
CREATE INDEX delivery_expiry ON delivery (expires_at) WHERE settled_at IS NULL;
`;

/** From form 5, which had an index of each delivery's time; and from 6 and 7, which kept words of a refusal beside its leaf. */
export const upgrades: ReadonlyMap<number, string> = new Map([
  [
    5,
    `${expirySpanTable}
    INSERT INTO expiry_span SELECT min(expires_at), min(id), max(id) FROM delivery WHERE settled_at IS NULL GROUP BY id / 256;
    DROP INDEX delivery_expiry;`,
  ],
  [6, ''],
  [7, `UPDATE message SET refusal = json_object('code', refusal ->> 'code') WHERE json_valid(refusal);`],
]);

/**
 * The tables. Keys are integers, ids blobs of 16 bytes, times milliseconds since 1970.
 *
 * - `message` holds the first outcome of every id a sender has used: an acceptance, or a final refusal
 *   (`refusal` is then its code; see `kept-refusal.ts`). Its deliveries have consecutive ids from
 *   `first_delivery`, in the order of the recipients; bit n of `listening` stands for the nth. The bytes come last:
 *   what only needs the other columns does not read them. Every table that a commit changes costs it a page, so they
 *   have none of their own, and neither has the secret of a case that begins with this message.
 * - `delivery`: `delivered_at` is set once it left the queue, `settled_at` once it is final. The partial
 *   index covers what is not final, so that marking a delivery as delivered does not touch it.
 * - `expiry_span`: when deliveries expire; see `expiry-spans.ts`.
 * - `receipt_stream` and `receipt_group`: what an endpoint has yet to be told as a sender. `last` never falls; see
 *   `later-number.ts`.
 *   `writer` and `record` tell other processes who let the stream grow, and since when.
 * - `audit_block`: one row for each commit, see `leaf-block.ts`; leaf n of a row has index first + n. `record` in the
 *   other tables is the index of a leaf.
 * - `directory_change`: the leaves of all entries that an endpoint ever had.
 * - `settled_group`: what recipients signed, for good, by the first of the leaves that it settled.
 * - `case_secret`: secrets of cases that no message began. Destroying the secret of a case, here or in `message`,
 *   destroys what its bodies say; `ledger.ts` sees to it that the bytes go.
 * - `case_erasure`: the leaves by which a case was erased.
 * - `mark`: how far those who read in order have come.
 *
 * New ids follow the highest one in the table, so the newest rows of `message` and `delivery` must never be deleted.
 */
export const schema = `
CREATE TABLE endpoint (id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE message (
  seq INTEGER PRIMARY KEY,
  id BLOB NOT NULL,
  source INTEGER NOT NULL,
  digest BLOB NOT NULL,
  at INTEGER NOT NULL,
  record INTEGER NOT NULL,
  refusal TEXT,
  expires_at INTEGER,
  lane INTEGER,
  category TEXT,
  severity TEXT,
  thread BLOB,
  first_delivery INTEGER,
  recipients INTEGER,
  listening INTEGER,
  secret BLOB,
  unit BLOB
) STRICT;
CREATE UNIQUE INDEX message_by_id ON message (id, source);
CREATE INDEX message_by_case ON message (thread) WHERE thread <> id;

CREATE TABLE delivery (
  id INTEGER PRIMARY KEY,
  message INTEGER NOT NULL,
  recipient INTEGER NOT NULL,
  lane INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  state INTEGER NOT NULL,
  delivered_at INTEGER,
  settled_at INTEGER,
  delivered_record INTEGER,
  settled_record INTEGER
) STRICT;
CREATE INDEX delivery_queue ON delivery (recipient, lane, id) WHERE settled_at IS NULL;

${expirySpanTable}
CREATE TABLE receipt_stream (
  endpoint INTEGER PRIMARY KEY,
  last INTEGER NOT NULL,
  forgotten INTEGER NOT NULL,
  writer INTEGER NOT NULL,
  record INTEGER NOT NULL
) STRICT;
CREATE TABLE receipt_group (
  endpoint INTEGER NOT NULL,
  position INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (endpoint, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_block (
  first INTEGER PRIMARY KEY,
  count INTEGER NOT NULL,
  at INTEGER NOT NULL,
  leaves BLOB NOT NULL,
  bodies BLOB NOT NULL
) STRICT;
CREATE TABLE settled_group (record INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE case_secret (id BLOB PRIMARY KEY, secret BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE permit (
  secret BLOB PRIMARY KEY,
  endpoint INTEGER NOT NULL,
  roles TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX permit_by_endpoint ON permit (endpoint);
CREATE TABLE directory_entry (
  endpoint INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,
  entry TEXT NOT NULL,
  record INTEGER NOT NULL
) STRICT;

CREATE TABLE directory_change (
  endpoint INTEGER NOT NULL,
  record INTEGER NOT NULL,
  PRIMARY KEY (endpoint, record)
) STRICT, WITHOUT ROWID;

${laterTables}
CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('directory', 0), ('policy', 0), ('probe', 0);
`;

/** State → its number in the table. */
export const deliveryStates = ['queued', 'delivered', 'stored', 'refused', 'expired'] as const;
export const stateNumbers = { queued: 0, delivered: 1, stored: 2, refused: 3, expired: 4 } as const;
