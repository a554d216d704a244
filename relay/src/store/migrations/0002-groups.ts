/**
 * Logs of groups. No column names an account or a device: who may read or write is told by the hash of an epoch's
 * secret alone. Epochs and links are kept for good, messages and welcomes until the sweep.
 */
export const groups = `
CREATE TABLE group_logs (
  number INTEGER PRIMARY KEY,
  group_id BLOB NOT NULL UNIQUE,
  last_place INTEGER NOT NULL DEFAULT 0,
  links INTEGER NOT NULL DEFAULT 0,
  messages INTEGER NOT NULL DEFAULT 0,
  message_bytes INTEGER NOT NULL DEFAULT 0,
  link_bytes INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE group_epochs (
  log INTEGER NOT NULL,
  access_hash BLOB NOT NULL,
  epoch INTEGER NOT NULL,
  opening_place INTEGER NOT NULL,
  closing_place INTEGER,
  links INTEGER NOT NULL,
  PRIMARY KEY (log, access_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_welcomes (
  number INTEGER PRIMARY KEY,
  log INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  came_at INTEGER NOT NULL,
  welcome BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX group_welcomes_by_epoch ON group_welcomes (log, epoch);
CREATE INDEX group_welcomes_by_age ON group_welcomes (came_at);

CREATE TABLE group_entries (
  number INTEGER PRIMARY KEY,
  log INTEGER NOT NULL,
  place INTEGER NOT NULL,
  id BLOB NOT NULL,
  epoch INTEGER NOT NULL,
  is_link INTEGER NOT NULL,
  came_at INTEGER NOT NULL,
  entry BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX group_entries_by_place ON group_entries (log, place);
CREATE UNIQUE INDEX group_entries_by_id ON group_entries (log, id);
CREATE INDEX group_messages_by_age ON group_entries (came_at) WHERE is_link = 0;
`;
