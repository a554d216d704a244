/** What the operator sees and does. What takes a {@link Run} is one transaction. */
import type { Randomness } from '@crypt2chat/shared/primitives';
import { auditedRow, type TableAbout, tablesToAudit } from './audit.ts';
import {
  type AccountSummary,
  type AuditedTable,
  type AuditedValue,
  type DeviceSummary,
  maxLostEntries,
  type StoreStats,
  type Waiting,
} from './operator-store.ts';
import { revokeDevice } from './postgres-accounts.ts';
import { type Connections, type Run, schemaOid, statement } from './postgres-connections.ts';
import { isGood } from './postgres-invites.ts';
import { makeSecrets } from './postgres-schema.ts';
import type { Row } from './postgres-values.ts';
import { bytesOf, numberOf, textOf } from './rows.ts';

const sql = {
  accounts: statement(
    'accounts',
    `SELECT a.account_id, a.username, a.blocked, count(m.device) AS devices,
       coalesce(sum(m.waiting), 0)::bigint AS envelopes, coalesce(sum(m.waiting_bytes), 0)::bigint AS bytes
     FROM (SELECT * FROM accounts WHERE username > $1 ORDER BY username LIMIT $2) a
       LEFT JOIN mailboxes m ON m.account = a.account_id
     GROUP BY a.account_id, a.username, a.blocked ORDER BY a.username`,
  ),
  devicesOf: statement(
    'devices-of',
    `SELECT d.device_id, d.revoked, coalesce(m.waiting, 0) AS envelopes, coalesce(m.waiting_bytes, 0) AS bytes,
       (SELECT count(*) FROM sessions s WHERE s.device = d.device_id AND s.expires_at > $2) AS sessions,
       EXISTS (SELECT FROM prekey_sets p WHERE p.device = d.device_id) AS has_prekeys,
       (SELECT count(*) FROM one_time_prekeys p WHERE p.device = d.device_id) AS prekeys,
       (SELECT count(*) FROM one_time_kems k WHERE k.device = d.device_id) AS kems
     FROM devices d LEFT JOIN mailboxes m ON m.device = d.device_id WHERE d.account = $1 ORDER BY d.number`,
  ),
  setBlocked: statement(
    'set-blocked',
    'UPDATE accounts SET blocked = $2::bigint = 1 WHERE account_id = $1 RETURNING 1',
  ),
  endSessions: statement(
    'end-sessions',
    'DELETE FROM sessions USING devices d WHERE d.account = $1 AND sessions.device = d.device_id',
  ),
  lockAccount: statement('lock-account', 'SELECT 1 FROM accounts WHERE account_id = $1 FOR NO KEY UPDATE'),
  lockMailboxes: statement(
    'lock-mailboxes-of-account',
    'SELECT waiting AS envelopes, waiting_bytes AS bytes FROM mailboxes WHERE account = $1 ORDER BY device FOR NO KEY UPDATE',
  ),
  emptyMailboxes: statement(
    'empty-mailboxes',
    'DELETE FROM envelopes USING mailboxes m WHERE m.account = $1 AND envelopes.device = m.device',
  ),
  countNothing: statement(
    'count-nothing',
    'UPDATE mailboxes SET waiting = 0, waiting_bytes = 0 WHERE account = $1',
  ),
  allDevices: statement(
    'all-devices',
    'SELECT device_id, revoked FROM devices WHERE account = $1 ORDER BY device_id',
  ),
  deleteIds: statement('delete-envelope-ids', 'DELETE FROM envelope_ids WHERE device = $1'),
  deleteDevices: statement('delete-devices', 'DELETE FROM devices WHERE account = $1'),
  deleteLinks: statement('delete-links', 'DELETE FROM links WHERE account = $1'),
  deleteAccount: statement('delete-account', 'DELETE FROM accounts WHERE account_id = $1'),
  stats: statement(
    'stats',
    `SELECT (SELECT version FROM schema_version) AS version,
       (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
        WHERE c.relnamespace = ${schemaOid} AND c.relkind = 'r')::bigint AS size,
       (SELECT count(*) FROM accounts) AS accounts,
       (SELECT count(*) FROM accounts WHERE blocked) AS blocked,
       (SELECT count(*) FROM mailboxes) AS devices,
       (SELECT count(*) FROM sessions WHERE expires_at > $1) AS sessions,
       (SELECT coalesce(sum(waiting), 0) FROM mailboxes)::bigint AS envelopes,
       (SELECT coalesce(sum(waiting_bytes), 0) FROM mailboxes)::bigint AS bytes,
       (SELECT count(*) FROM group_logs) AS groups,
       (SELECT coalesce(sum(messages), 0) FROM group_logs)::bigint AS group_messages,
       (SELECT count(*) FROM invites WHERE ${isGood} $1) AS invites`,
  ),
  accountExists: statement('account-exists', 'SELECT 1 FROM accounts WHERE account_id = $1'),
  columns: statement(
    'columns',
    `SELECT table_name::text AS "table", column_name::text AS "column" FROM information_schema.columns
     WHERE table_schema = current_schema()`,
  ),
  /** At once, however many rows there are: nobody else uses the data. */
  forget: statement('forget', 'TRUNCATE sessions, spent_challenges, one_time_prekeys, one_time_kems'),
  forgetSecrets: statement('forget-secrets', 'DELETE FROM meta'),
  skipPlaces: statement('skip-places', 'UPDATE group_logs SET last_place = last_place + $1'),
};

export async function accounts(
  connections: Connections,
  after: string,
  limit: number,
): Promise<AccountSummary[]> {
  const rows = await connections.query(sql.accounts, after, limit);
  return rows.map((row) => ({
    accountId: bytesOf(row, 'account_id'),
    username: textOf(row, 'username'),
    blocked: row['blocked'] === true,
    devices: numberOf(row, 'devices'),
    waiting: waitingOf(row),
  }));
}

export async function devicesOf(
  connections: Connections,
  accountId: Uint8Array,
  now: number,
): Promise<DeviceSummary[]> {
  const rows = await connections.query(sql.devicesOf, accountId, now);
  return rows.map((row) => ({
    deviceId: bytesOf(row, 'device_id'),
    revoked: row['revoked'] === true,
    sessions: numberOf(row, 'sessions'),
    hasPrekeys: row['has_prekeys'] === true,
    oneTimePrekeys: numberOf(row, 'prekeys'),
    oneTimeKemKeys: numberOf(row, 'kems'),
    waiting: waitingOf(row),
  }));
}

function waitingOf(row: Row): Waiting {
  return { envelopes: numberOf(row, 'envelopes'), bytes: numberOf(row, 'bytes') };
}

/** @returns the account's active devices, or undefined where there is no such account. */
export async function setBlocked(
  run: Run,
  accountId: Uint8Array,
  blocked: boolean,
): Promise<Uint8Array[] | undefined> {
  if ((await run(sql.setBlocked, accountId, blocked ? 1 : 0)).length === 0) return undefined;
  if (blocked) await run(sql.endSessions, accountId);
  return activeIn(await run(sql.allDevices, accountId));
}

function activeIn(devices: readonly Row[]): Uint8Array[] {
  return devices.filter((row) => row['revoked'] === false).map((row) => bytesOf(row, 'device_id'));
}

export async function emptyMailboxes(run: Run, accountId: Uint8Array): Promise<Waiting> {
  const before = (await run(sql.lockMailboxes, accountId)).map(waitingOf);
  await run(sql.emptyMailboxes, accountId);
  await run(sql.countNothing, accountId);
  return {
    envelopes: before.reduce((sum, { envelopes }) => sum + envelopes, 0),
    bytes: before.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** @returns the devices that were active, or undefined where there is no such account. */
export async function deleteAccount(run: Run, accountId: Uint8Array): Promise<Uint8Array[] | undefined> {
  if ((await run(sql.lockAccount, accountId)).length === 0) return undefined;
  const devices = await run(sql.allDevices, accountId);
  for (const row of devices) {
    const deviceId = bytesOf(row, 'device_id');
    await revokeDevice(run, deviceId);
    await run(sql.deleteIds, deviceId);
  }
  for (const remove of [sql.deleteDevices, sql.deleteLinks, sql.deleteAccount]) await run(remove, accountId);
  return activeIn(devices);
}

export async function stats(run: Run, now: number): Promise<StoreStats> {
  const [row] = await run(sql.stats, now);
  if (row === undefined) throw new TypeError('no row');
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

export async function audit(run: Run, accountId: Uint8Array): Promise<AuditedTable[] | undefined> {
  const found = new Map<string, string[]>();
  for (const row of await run(sql.columns)) {
    const table = textOf(row, 'table');
    found.set(table, [...(found.get(table) ?? []), textOf(row, 'column')]);
  }
  const toAudit = tablesToAudit(found);
  if ((await run(sql.accountExists, accountId)).length === 0) return undefined;
  const tables: AuditedTable[] = [];
  for (const [table, about] of toAudit) {
    const rows = await run(statement('', auditQuery(table, about)), accountId);
    tables.push({ table, rows: rows.map((row) => auditedRow(about, valuesOf(row))) });
  }
  return tables;
}

function auditQuery(table: string, { account, device, columns }: TableAbout): string {
  const select = Object.entries(columns).map(([name, { kind }]) =>
    kind === 'sealed' || kind === 'large' ? `octet_length(${name}) AS ${name}` : name,
  );
  const belongs =
    device === undefined
      ? `${account === 'number' ? 'account_id' : (account ?? '')} = $1`
      : `${device} IN (SELECT device_id FROM devices WHERE account = $1)`;
  return `SELECT ${select.join(', ')} FROM ${table} WHERE ${belongs} ORDER BY 1, 2`;
}

function valuesOf(row: Row): Record<string, AuditedValue> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'boolean' ? Number(value) : (value as AuditedValue),
    ]),
  );
}

export async function beginAnew(run: Run, randomness: Randomness): Promise<void> {
  await run(sql.forget);
  await run(sql.forgetSecrets);
  await run(sql.skipPlaces, maxLostEntries);
  await makeSecrets(run, randomness);
}
