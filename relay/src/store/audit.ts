/**
 * What each table of the store has to do with accounts, in words. `relay audit` prints it, and refuses to go over a
 * table or a column that is not here: what is kept about people cannot grow unseen.
 */

/**
 * How a column is to be read. In SQLite accounts and devices go by numbers of its own, in PostgreSQL by their ids, under
 * the same names. `sealed` and `large` values are shown by their size.
 */
export type ColumnKind = 'number' | 'id' | 'text' | 'time' | 'flag' | 'hash' | 'key' | 'sealed' | 'large';

export interface AuditedColumn {
  readonly kind: ColumnKind;
  readonly words: string;
}

export interface TableAbout {
  /** By which column its rows belong to an account's number, or to the number of one of its devices. */
  readonly account?: string;
  readonly device?: string;
  readonly words: string;
  readonly columns: Readonly<Record<string, AuditedColumn>>;
}

const accountNumber: AuditedColumn = { kind: 'number', words: 'the account, as this database calls it' };
const deviceNumber: AuditedColumn = { kind: 'number', words: 'the device, as this database calls it' };
const keyId: AuditedColumn = { kind: 'number', words: 'number of the key' };

/** Tables with rows about accounts. */
export const auditedTables: Readonly<Record<string, TableAbout>> = {
  accounts: {
    account: 'number',
    words: 'The account itself.',
    columns: {
      number: accountNumber,
      account_id: { kind: 'id', words: 'its id: the hash of its first link' },
      username: { kind: 'text', words: 'its name on this relay' },
      blocked: { kind: 'flag', words: 'whether the operator has blocked it' },
    },
  },
  links: {
    account: 'account',
    words: 'Its identity log: signed by its own devices, given to whoever asks for the name or the id.',
    columns: {
      account: accountNumber,
      seq: { kind: 'number', words: 'place in the log' },
      link: { kind: 'large', words: 'the link: name, origin, public keys of a device, a date' },
    },
  },
  devices: {
    account: 'account',
    words: 'Its devices.',
    columns: {
      number: deviceNumber,
      device_id: { kind: 'id', words: 'its id: the hash of its public keys' },
      account: accountNumber,
      sign_key: { kind: 'key', words: 'the public key that it signs with' },
      revoked: { kind: 'flag', words: 'whether the account has revoked it' },
    },
  },
  sessions: {
    device: 'device',
    words: 'Sessions of its devices, for an hour each.',
    columns: {
      bearer_hash: { kind: 'hash', words: 'hash of the secret that the device shows' },
      device: deviceNumber,
      expires_at: { kind: 'time', words: 'end' },
    },
  },
  prekey_sets: {
    device: 'device',
    words: 'The signed part of the public keys with which others begin to write to a device.',
    columns: {
      device: deviceNumber,
      last_id: { kind: 'number', words: 'highest number of a key so far' },
      request_hash: { kind: 'hash', words: 'hash of the request that brought them' },
      signed: { kind: 'large', words: 'the keys, and until when they are good' },
      signature: { kind: 'large', words: 'the device’s signature' },
    },
  },
  signed_keys: {
    device: 'device',
    words: 'The public keys in the signed part, one by one.',
    columns: { device: deviceNumber, id: keyId, key: { kind: 'large', words: 'public key' } },
  },
  one_time_prekeys: {
    device: 'device',
    words: 'Public keys that are given out once each.',
    columns: { device: deviceNumber, id: keyId, key: { kind: 'key', words: 'public key' } },
  },
  one_time_kems: {
    device: 'device',
    words: 'Post-quantum public keys that are given out once each.',
    columns: {
      device: deviceNumber,
      id: keyId,
      hash: { kind: 'hash', words: 'its hash' },
      key: { kind: 'large', words: 'public key' },
    },
  },
  mailboxes: {
    device: 'device',
    words: 'The mailboxes of its devices.',
    columns: {
      device: deviceNumber,
      account: accountNumber,
      capability_hash: { kind: 'hash', words: 'hash of the secret that contacts show to put something in' },
      last_seq: { kind: 'number', words: 'last place given' },
      waiting: { kind: 'number', words: 'envelopes that wait' },
      waiting_bytes: { kind: 'number', words: 'bytes that wait' },
    },
  },
  envelopes: {
    device: 'device',
    words: 'Sealed envelopes that wait to be fetched. From whom they are is not kept.',
    columns: {
      number: { kind: 'number', words: 'number of the envelope in this database' },
      device: deviceNumber,
      seq: { kind: 'number', words: 'place in the mailbox: the time of arrival' },
      id: { kind: 'hash', words: 'a random number that the sender’s client chose' },
      envelope: { kind: 'sealed', words: 'sealed' },
    },
  },
  envelope_ids: {
    device: 'device',
    words: 'Which envelopes came before, so that none is taken twice.',
    columns: {
      device: deviceNumber,
      id: { kind: 'hash', words: 'a random number that the sender’s client chose' },
      seq: { kind: 'number', words: 'place that it had' },
      seen_at: { kind: 'time', words: 'arrival' },
    },
  },
};

/** Tables without rows about accounts, and why. */
export const tablesAboutNobody: Readonly<Record<string, string>> = {
  schema_version: 'the version of these tables',
  meta: 'the relay’s own secrets',
  spent_challenges: 'random numbers that somebody answered, for a minute; not who',
  invites: 'hashes of invite codes, and how often each was used; not by whom',
  group_logs: 'sealed logs of groups; whose they are is not kept',
  group_epochs: 'hashes of the secrets by which a group’s members read and write, not who they are',
  group_welcomes: 'sealed, for the members of a group',
  group_entries: 'sealed, for the members of a group',
};

/** The part of a table's rows that is about the account with a number, the statement's one parameter. */
export function auditQuery(table: string, { account, device, columns }: TableAbout): string {
  const select = Object.entries(columns).map(([name, { kind }]) =>
    kind === 'sealed' || kind === 'large' ? `length(${name}) AS ${name}` : name,
  );
  const condition =
    account === undefined
      ? `${device ?? ''} IN (SELECT number FROM devices WHERE account = ?)`
      : `${account} = ?`;
  return `SELECT ${select.join(', ')} FROM ${table} WHERE ${condition} ORDER BY 1, 2`;
}

/**
 * @param found the columns of every table in the database
 * @returns the tables that have rows about accounts, with the columns that they have here
 * @throws TypeError for a table or column of which the two lists above do not speak
 */
export function tablesToAudit(found: ReadonlyMap<string, readonly string[]>): [string, TableAbout][] {
  for (const [table, columns] of found) {
    if (Object.hasOwn(tablesAboutNobody, table)) continue;
    const known = auditedTables[table]?.columns;
    const missing = columns.filter((column) => known === undefined || !Object.hasOwn(known, column));
    if (missing.length > 0) throw new TypeError(`${table} (${missing.join(', ')}) has no words in audit.ts`);
  }
  return Object.entries(auditedTables).map(([table, about]) => {
    const columns = Object.entries(about.columns).filter(([name]) => found.get(table)?.includes(name));
    return [table, { ...about, columns: Object.fromEntries(columns) }];
  });
}

/** One row as the contract gives it, from what {@link auditQuery} found. */
export function auditedRow<Value>(
  { columns }: TableAbout,
  row: Readonly<Record<string, Value>>,
): Record<string, Value | { bytes: number }> {
  return Object.fromEntries(
    Object.entries(columns).map(([name, { kind }]) => {
      const value = row[name] as Value;
      return [name, kind === 'sealed' || kind === 'large' ? { bytes: Number(value) } : value];
    }),
  );
}
