/**
 * Accounts, sessions, prekeys, mailboxes. `number` columns stand in for the 32-byte ids inside the file. What is
 * read or written for each message (mailboxes, envelopes, envelope_ids) is kept apart from what is large and still.
 */
export const begin = `
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
  number INTEGER PRIMARY KEY,
  account_id BLOB NOT NULL UNIQUE,
  username TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE links (
  account INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  link BLOB NOT NULL,
  PRIMARY KEY (account, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
  number INTEGER PRIMARY KEY,
  device_id BLOB NOT NULL UNIQUE,
  account INTEGER NOT NULL,
  sign_key BLOB NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX devices_by_account ON devices (account);

CREATE TABLE sessions (
  bearer_hash BLOB PRIMARY KEY,
  device INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_device ON sessions (device);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE spent_challenges (
  challenge BLOB PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_challenges_by_expiry ON spent_challenges (expires_at);

CREATE TABLE prekey_sets (
  device INTEGER PRIMARY KEY,
  last_id INTEGER NOT NULL,
  request_hash BLOB NOT NULL,
  signed BLOB NOT NULL,
  signature BLOB NOT NULL
) STRICT;

CREATE TABLE signed_keys (
  device INTEGER NOT NULL,
  id INTEGER NOT NULL,
  key BLOB NOT NULL,
  PRIMARY KEY (device, id)
) STRICT;

CREATE TABLE one_time_prekeys (
  device INTEGER NOT NULL,
  id INTEGER NOT NULL,
  key BLOB NOT NULL,
  PRIMARY KEY (device, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE one_time_kems (
  device INTEGER NOT NULL,
  id INTEGER NOT NULL,
  hash BLOB NOT NULL,
  key BLOB NOT NULL,
  PRIMARY KEY (device, id)
) STRICT;

CREATE TABLE mailboxes (
  device INTEGER PRIMARY KEY,
  capability_hash BLOB,
  last_seq INTEGER NOT NULL DEFAULT 0,
  waiting INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE envelopes (
  number INTEGER PRIMARY KEY,
  device INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  id BLOB NOT NULL,
  envelope BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX envelopes_by_place ON envelopes (device, seq);

CREATE TABLE envelope_ids (
  device INTEGER NOT NULL,
  id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (device, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX envelope_ids_by_age ON envelope_ids (seen_at);
`;
