/** What the operator sees and does, as rows. Every function runs inside the caller's transaction. */
import type { Database, Row } from '@crypt2chat/shared/database';
import type { Randomness } from '@crypt2chat/shared/primitives';
import { auditedRow, auditQuery, tablesToAudit } from './audit.ts';
import {
  type AccountSummary,
  type AuditedTable,
  type DeviceSummary,
  maxLostEntries,
  type StoreStats,
  type Waiting,
} from './operator-store.ts';
import { bytesOf, numberOf, textOf } from './rows.ts';
import { accountNumber, revokeDevice } from './sqlite-accounts.ts';
import { isGood } from './sqlite-invites.ts';

const secretBytes = 32;
const incarnationBytes = 16;

export function accounts(db: Database, after: string, limit: number): AccountSummary[] {
  const rows = db.all(
    `SELECT a.account_id, a.username, a.blocked, count(m.device) AS devices,
       coalesce(sum(m.waiting), 0) AS envelopes, coalesce(sum(m.waiting_bytes), 0) AS bytes
     FROM (SELECT * FROM accounts WHERE username > ? ORDER BY username LIMIT ?) a
       LEFT JOIN devices d ON d.account = a.number LEFT JOIN mailboxes m ON m.device = d.number
     GROUP BY a.number ORDER BY a.username`,
    [after, limit],
  );
  return rows.map((row) => ({
    accountId: bytesOf(row, 'account_id'),
    username: textOf(row, 'username'),
    blocked: numberOf(row, 'blocked') === 1,
    devices: numberOf(row, 'devices'),
    waiting: waitingOf(row),
  }));
}

export function devicesOf(db: Database, accountId: Uint8Array, now: number): DeviceSummary[] {
  const rows = db.all(
    `SELECT d.device_id, d.revoked, coalesce(m.waiting, 0) AS envelopes, coalesce(m.waiting_bytes, 0) AS bytes,
       (SELECT count(*) FROM sessions s WHERE s.device = d.number AND s.expires_at > ?) AS sessions,
       (SELECT count(*) FROM prekey_sets p WHERE p.device = d.number) AS prekey_sets,
       (SELECT count(*) FROM one_time_prekeys p WHERE p.device = d.number) AS prekeys,
       (SELECT count(*) FROM one_time_kems k WHERE k.device = d.number) AS kems
     FROM devices d LEFT JOIN mailboxes m ON m.device = d.number WHERE d.account = ? ORDER BY d.number`,
    [now, accountNumber(db, accountId) ?? null],
  );
  return rows.map((row) => ({
    deviceId: bytesOf(row, 'device_id'),
    revoked: numberOf(row, 'revoked') === 1,
    sessions: numberOf(row, 'sessions'),
    hasPrekeys: numberOf(row, 'prekey_sets') > 0,
    oneTimePrekeys: numberOf(row, 'prekeys'),
    oneTimeKemKeys: numberOf(row, 'kems'),
    waiting: waitingOf(row),
  }));
}

function waitingOf(row: Row): Waiting {
  return { envelopes: numberOf(row, 'envelopes'), bytes: numberOf(row, 'bytes') };
}

/** @returns the account's active devices, or undefined where there is no such account. */
export function setBlocked(db: Database, accountId: Uint8Array, blocked: boolean): Uint8Array[] | undefined {
  const account = accountNumber(db, accountId);
  if (account === undefined) return undefined;
  db.run('UPDATE accounts SET blocked = ? WHERE number = ?', [blocked ? 1 : 0, account]);
  if (blocked)
    db.run('DELETE FROM sessions WHERE device IN (SELECT number FROM devices WHERE account = ?)', [account]);
  return activeDevices(db, account).map(({ deviceId }) => deviceId);
}

export function emptyMailboxes(db: Database, accountId: Uint8Array): Waiting {
  const account = accountNumber(db, accountId);
  const waiting = { envelopes: 0, bytes: 0 };
  for (const { number } of account === undefined ? [] : activeDevices(db, account)) {
    const row = db.get(
      'SELECT waiting AS envelopes, waiting_bytes AS bytes FROM mailboxes WHERE device = ?',
      [number],
    );
    const { envelopes, bytes } = waitingOf(row!);
    db.run('DELETE FROM envelopes WHERE device = ?', [number]);
    db.run('UPDATE mailboxes SET waiting = 0, waiting_bytes = 0 WHERE device = ?', [number]);
    waiting.envelopes += envelopes;
    waiting.bytes += bytes;
  }
  return waiting;
}

/** @returns the devices that were active, or undefined where there is no such account. */
export function deleteAccount(db: Database, accountId: Uint8Array): Uint8Array[] | undefined {
  const account = accountNumber(db, accountId);
  if (account === undefined) return undefined;
  const active = activeDevices(db, account);
  for (const row of db.all('SELECT number FROM devices WHERE account = ?', [account])) {
    const number = numberOf(row, 'number');
    revokeDevice(db, number);
    db.run('DELETE FROM envelope_ids WHERE device = ?', [number]);
  }
  db.run('DELETE FROM devices WHERE account = ?', [account]);
  db.run('DELETE FROM links WHERE account = ?', [account]);
  db.run('DELETE FROM accounts WHERE number = ?', [account]);
  return active.map(({ deviceId }) => deviceId);
}

function activeDevices(db: Database, account: number): { number: number; deviceId: Uint8Array }[] {
  const rows = db.all('SELECT number, device_id FROM devices WHERE account = ? AND revoked = 0', [account]);
  return rows.map((row) => ({ number: numberOf(row, 'number'), deviceId: bytesOf(row, 'device_id') }));
}

export function stats(db: Database, now: number): StoreStats {
  const row = db.get(
    `SELECT (SELECT user_version FROM pragma_user_version) AS version,
       (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size) AS size,
       (SELECT count(*) FROM accounts) AS accounts,
       (SELECT count(*) FROM accounts WHERE blocked = 1) AS blocked,
       (SELECT count(*) FROM mailboxes) AS devices,
       (SELECT count(*) FROM sessions WHERE expires_at > ?) AS sessions,
       (SELECT coalesce(sum(waiting), 0) FROM mailboxes) AS envelopes,
       (SELECT coalesce(sum(waiting_bytes), 0) FROM mailboxes) AS bytes,
       (SELECT count(*) FROM group_logs) AS groups,
       (SELECT coalesce(sum(messages), 0) FROM group_logs) AS group_messages,
       (SELECT count(*) FROM invites WHERE ${isGood}) AS invites`,
    [now, now],
  )!;
  return {
    schemaVersion: numberOf(row, 'version'),
    databaseBytes: numberOf(row, 'size'),
    accounts: numberOf(row, 'accounts'),
    blockedAccounts: numberOf(row, 'blocked'),
    devices: numberOf(row, 'devices'),
    sessions: numberOf(row, 'sessions'),
    waiting: waitingOf(row),
    groups: numberOf(row, 'groups'),
    groupMessages: numberOf(row, 'group_messages'),
    invites: numberOf(row, 'invites'),
  };
}

export function audit(db: Database, accountId: Uint8Array): AuditedTable[] | undefined {
  const tables = tablesToAudit(columnsOf(db));
  const account = accountNumber(db, accountId);
  if (account === undefined) return undefined;
  return tables.map(([table, about]) => ({
    table,
    rows: db.all(auditQuery(table, about), [account]).map((row) => auditedRow(about, row)),
  }));
}

function columnsOf(db: Database): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const rows = db.all(
    `SELECT t.name AS "table", c.name AS "column" FROM sqlite_schema t JOIN pragma_table_info(t.name) c
     WHERE t.type = 'table' AND substr(t.name, 1, 7) <> 'sqlite_'`,
  );
  for (const row of rows) {
    const table = textOf(row, 'table');
    found.set(table, [...(found.get(table) ?? []), textOf(row, 'column')]);
  }
  return found;
}

export function makeSecrets(db: Database, randomness: Randomness): void {
  for (const [key, size] of [
    ['secret', secretBytes],
    ['incarnation', incarnationBytes],
  ] as const) {
    db.run('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING', [
      key,
      randomness.bytes(size),
    ]);
  }
}

export function beginAnew(db: Database, randomness: Randomness): void {
  for (const table of ['sessions', 'spent_challenges', 'one_time_prekeys', 'one_time_kems']) {
    db.run(`DELETE FROM ${table}`);
  }
  db.run('UPDATE group_logs SET last_place = last_place + ?', [maxLostEntries]);
  db.run("DELETE FROM meta WHERE key IN ('secret', 'incarnation')");
  makeSecrets(db, randomness);
}
