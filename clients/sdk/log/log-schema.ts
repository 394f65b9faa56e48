/** Tables of `state.db` about the gateway's audit log. Times are ms since 1970. */

/**
 * In `meta`: logCheckpoint, logFollowed, logProvenThrough, logProveAgain, logHalt, logAbsentSince, logStaleSince,
 * logUnfollowedSince, logLookedAt, logDoubted.
 */
export const logTables = `
  -- The leaf that the gateway names for each entry of the directory, and the digest of the entry.
  CREATE TABLE directory_leaves (
    endpoint TEXT PRIMARY KEY,
    leaf INTEGER NOT NULL,
    text TEXT NOT NULL,
    entry TEXT NOT NULL
  ) WITHOUT ROWID;

  -- Entries whose leaf was found in the log under a verified checkpoint.
  CREATE TABLE proven_entries (endpoint TEXT PRIMARY KEY, leaf INTEGER NOT NULL, entry TEXT NOT NULL) WITHOUT ROWID;

  -- The newest leaf about each endpoint that was passed in following the log: an entry with an older one is outdated.
  CREATE TABLE endpoint_leaves (endpoint TEXT PRIMARY KEY, leaf INTEGER NOT NULL) WITHOUT ROWID;

  -- Digests of entries of this endpoint that it knows as its own doing.
  CREATE TABLE own_entries (entry TEXT PRIMARY KEY) WITHOUT ROWID;

  -- What the log says of this endpoint's own entry.
  CREATE TABLE own_changes (
    leaf INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    entry TEXT NOT NULL,
    is_foreign INTEGER NOT NULL
  );

  -- What was wrong with the log, once each, and the file with the evidence.
  CREATE TABLE log_faults (
    fault INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    found_at INTEGER NOT NULL,
    detail TEXT NOT NULL,
    evidence TEXT NOT NULL,
    UNIQUE (kind, subject)
  );
`;

export const logAcknowledgements = `
  -- When a person said that it was looked at.
  ALTER TABLE log_faults ADD COLUMN acknowledged_at INTEGER;
  ALTER TABLE own_changes ADD COLUMN acknowledged_at INTEGER;
`;

export const changesFound = `
  -- When this home came to know of it, by its own clock.
  ALTER TABLE own_changes ADD COLUMN found_at INTEGER;
`;
