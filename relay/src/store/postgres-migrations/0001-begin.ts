/**
 * Accounts, sessions, prekeys, mailboxes, groups, invites. Ids are keys as they are: the tables about a mailbox, and
 * those about a group, share the key by which they can be spread over partitions or servers, and the path of a message
 * looks up nothing else.
 */
export const begin = `
CREATE TABLE meta (
  key text PRIMARY KEY,
  value bytea NOT NULL
);

CREATE TABLE accounts (
  account_id bytea PRIMARY KEY,
  username text COLLATE "C" NOT NULL UNIQUE,
  blocked boolean NOT NULL DEFAULT false
);

CREATE TABLE links (
  account bytea NOT NULL,
  seq integer NOT NULL,
  link bytea NOT NULL,
  PRIMARY KEY (account, seq)
);

-- The number gives an account's devices their order.
CREATE TABLE devices (
  device_id bytea PRIMARY KEY,
  account bytea NOT NULL,
  number bigint GENERATED ALWAYS AS IDENTITY,
  sign_key bytea NOT NULL,
  revoked boolean NOT NULL DEFAULT false
);
CREATE INDEX devices_by_account ON devices (account);

CREATE TABLE sessions (
  bearer_hash bytea PRIMARY KEY,
  device bytea NOT NULL,
  expires_at bigint NOT NULL
);
CREATE INDEX sessions_by_device ON sessions (device);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE spent_challenges (
  challenge bytea PRIMARY KEY,
  expires_at bigint NOT NULL
);
CREATE INDEX spent_challenges_by_expiry ON spent_challenges (expires_at);

CREATE TABLE prekey_sets (
  device bytea PRIMARY KEY,
  last_id bigint NOT NULL,
  request_hash bytea NOT NULL,
  signed bytea NOT NULL,
  signature bytea NOT NULL
);

CREATE TABLE signed_keys (
  device bytea NOT NULL,
  id bigint NOT NULL,
  key bytea NOT NULL,
  PRIMARY KEY (device, id)
);

CREATE TABLE one_time_prekeys (
  device bytea NOT NULL,
  id bigint NOT NULL,
  key bytea NOT NULL,
  PRIMARY KEY (device, id)
);

CREATE TABLE one_time_kems (
  device bytea NOT NULL,
  id bigint NOT NULL,
  hash bytea NOT NULL,
  key bytea NOT NULL,
  PRIMARY KEY (device, id)
);

-- Its rows change with each message: with room in the page, a new version needs no new index entry.
CREATE TABLE mailboxes (
  device bytea PRIMARY KEY,
  account bytea NOT NULL,
  capability_hash bytea,
  last_seq bigint NOT NULL DEFAULT 0,
  waiting bigint NOT NULL DEFAULT 0,
  waiting_bytes bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE INDEX mailboxes_by_account ON mailboxes (account);

CREATE TABLE envelopes (
  device bytea NOT NULL,
  seq bigint NOT NULL,
  id bytea NOT NULL,
  envelope bytea NOT NULL,
  PRIMARY KEY (device, seq)
);
-- What is sealed does not compress.
ALTER TABLE envelopes ALTER COLUMN envelope SET STORAGE EXTERNAL;

CREATE TABLE envelope_ids (
  device bytea NOT NULL,
  id bytea NOT NULL,
  seq bigint NOT NULL,
  seen_at bigint NOT NULL,
  PRIMARY KEY (device, id)
);
CREATE INDEX envelope_ids_by_age ON envelope_ids (seen_at);

-- No column names an account or a device: who may read or write is told by the hash of an epoch's secret alone.
CREATE TABLE group_logs (
  group_id bytea PRIMARY KEY,
  last_place bigint NOT NULL DEFAULT 0,
  links bigint NOT NULL DEFAULT 0,
  messages bigint NOT NULL DEFAULT 0,
  message_bytes bigint NOT NULL DEFAULT 0,
  link_bytes bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE group_epochs (
  group_id bytea NOT NULL,
  access_hash bytea NOT NULL,
  epoch bigint NOT NULL,
  opening_place bigint NOT NULL,
  closing_place bigint,
  links bigint NOT NULL,
  PRIMARY KEY (group_id, access_hash)
);

CREATE TABLE group_welcomes (
  group_id bytea NOT NULL,
  epoch bigint NOT NULL,
  came_at bigint NOT NULL,
  welcome bytea NOT NULL,
  PRIMARY KEY (group_id, epoch)
);
CREATE INDEX group_welcomes_by_age ON group_welcomes (came_at);
ALTER TABLE group_welcomes ALTER COLUMN welcome SET STORAGE EXTERNAL;

CREATE TABLE group_entries (
  group_id bytea NOT NULL,
  place bigint NOT NULL,
  id bytea NOT NULL,
  epoch bigint NOT NULL,
  is_link boolean NOT NULL,
  came_at bigint NOT NULL,
  entry bytea NOT NULL,
  PRIMARY KEY (group_id, place),
  UNIQUE (group_id, id)
);
CREATE INDEX group_messages_by_age ON group_entries (came_at) WHERE NOT is_link;
ALTER TABLE group_entries ALTER COLUMN entry SET STORAGE EXTERNAL;

-- Which account came by which invite is not kept.
CREATE TABLE invites (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code_hash bytea NOT NULL UNIQUE,
  note text NOT NULL,
  made_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  max_uses bigint NOT NULL,
  uses bigint NOT NULL DEFAULT 0,
  revoked boolean NOT NULL DEFAULT false
);
CREATE INDEX invites_by_expiry ON invites (expires_at);
`;
