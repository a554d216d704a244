/** Accounts, their logs and devices, and sessions. What takes a {@link Run} is one transaction, and locks what it judges by. */
import { compareBytes, equalBytes } from '@crypt2chat/shared/bytes';
import type { InviteUse } from './operator-store.ts';
import { type Connections, type Run, statement } from './postgres-connections.ts';
import { isInvited, useInvite } from './postgres-invites.ts';
import { bigints, byteArrays, type Row } from './postgres-values.ts';
import { bytesOf, numberOf, textOf } from './rows.ts';
import type { Account, Device, DeviceKeys, NewAccount, NewLink, NewSession } from './store.ts';

const deviceColumns = 'd.account, a.blocked, d.device_id, d.sign_key, d.revoked';

const sql = {
  accountExists: statement('account-exists', 'SELECT 1 FROM accounts WHERE account_id = $1'),
  nameExists: statement('name-exists', 'SELECT 1 FROM accounts WHERE username = $1'),
  devicesExist: statement('devices-exist', 'SELECT 1 FROM devices WHERE device_id = ANY ($1::bytea[])'),
  insertAccount: statement('insert-account', 'INSERT INTO accounts (account_id, username) VALUES ($1, $2)'),
  insertLink: statement('insert-link', 'INSERT INTO links (account, seq, link) VALUES ($1, $2, $3)'),
  insertDevice: statement(
    'insert-device',
    'INSERT INTO devices (device_id, account, sign_key) VALUES ($1, $2, $3)',
  ),
  insertMailbox: statement('insert-mailbox', 'INSERT INTO mailboxes (device, account) VALUES ($1, $2)'),
  accountByName: statement(
    'account-by-name',
    `SELECT a.account_id, a.username, a.blocked, l.link FROM accounts a JOIN links l ON l.account = a.account_id
     WHERE a.username = $1 ORDER BY l.seq`,
  ),
  accountById: statement(
    'account-by-id',
    `SELECT a.account_id, a.username, a.blocked, l.link FROM accounts a JOIN links l ON l.account = a.account_id
     WHERE a.account_id = $1 ORDER BY l.seq`,
  ),
  lockAccount: statement('lock-account', 'SELECT 1 FROM accounts WHERE account_id = $1 FOR NO KEY UPDATE'),
  linkAt: statement('link-at', 'SELECT link FROM links WHERE account = $1 AND seq = $2'),
  countLinks: statement('count-links', 'SELECT count(*) AS count FROM links WHERE account = $1'),
  activeDevices: statement(
    'active-devices',
    'SELECT device_id FROM devices WHERE account = $1 AND NOT revoked ORDER BY device_id',
  ),
  devices: statement(
    'devices',
    `SELECT g.nth, ${deviceColumns} FROM unnest($1::bytea[]) WITH ORDINALITY AS g (device_id, nth)
     JOIN devices d ON d.device_id = g.device_id JOIN accounts a ON a.account_id = d.account`,
  ),
  createSession: statement(
    'create-session',
    `WITH active AS (
       SELECT device_id FROM devices WHERE device_id = $2 AND NOT revoked FOR SHARE
     ), spent AS (
       INSERT INTO spent_challenges (challenge, expires_at) SELECT $4::bytea, $5::bigint FROM active
       ON CONFLICT DO NOTHING RETURNING challenge
     ), created AS (
       INSERT INTO sessions (bearer_hash, device, expires_at)
       SELECT $1::bytea, device_id, $3::bigint FROM active, spent
     )
     SELECT EXISTS (SELECT FROM active) AS is_active, EXISTS (SELECT FROM spent) AS is_created`,
  ),
  sessions: statement(
    'sessions',
    `SELECT g.nth, ${deviceColumns}
     FROM unnest($1::bytea[], $2::bigint[]) WITH ORDINALITY AS g (bearer_hash, now, nth)
     JOIN sessions s ON s.bearer_hash = g.bearer_hash AND s.expires_at > g.now
     JOIN devices d ON d.device_id = s.device JOIN accounts a ON a.account_id = d.account`,
  ),
};

/** Each first locks the row that all who hold its lock must have; what hangs on it is then found by a fresh look. */
const revocation = [
  statement('revoke-device', 'UPDATE devices SET revoked = true WHERE device_id = $1'),
  statement('revoke-sessions', 'DELETE FROM sessions WHERE device = $1'),
  statement('revoke-prekey-set', 'DELETE FROM prekey_sets WHERE device = $1'),
  statement('revoke-signed-keys', 'DELETE FROM signed_keys WHERE device = $1'),
  statement('revoke-one-time-prekeys', 'DELETE FROM one_time_prekeys WHERE device = $1'),
  statement('revoke-one-time-kems', 'DELETE FROM one_time_kems WHERE device = $1'),
  statement('revoke-mailbox', 'DELETE FROM mailboxes WHERE device = $1'),
  statement('revoke-envelopes', 'DELETE FROM envelopes WHERE device = $1'),
];

/** Two who want the same id or name both find it free; the one who inserts later then begins again. */
export async function register(
  run: Run,
  account: NewAccount,
  invite: InviteUse | undefined,
): Promise<'created' | 'exists' | 'name-taken' | 'device-taken' | 'invite-invalid'> {
  if ((await run(sql.accountExists, account.accountId)).length > 0) return 'exists';
  if (invite !== undefined && !(await isInvited(run, invite))) return 'invite-invalid';
  if ((await run(sql.nameExists, account.username)).length > 0) return 'name-taken';
  if (await areThere(run, account.devices)) return 'device-taken';
  await run(sql.insertAccount, account.accountId, account.username);
  await run(sql.insertLink, account.accountId, 0, account.link);
  await addDevices(run, account.accountId, account.devices);
  if (invite !== undefined) await useInvite(run, invite);
  return 'created';
}

export async function accountByName(
  connections: Connections,
  username: string,
): Promise<Account | undefined> {
  return accountOf(await connections.query(sql.accountByName, username));
}

export async function accountById(
  connections: Connections,
  accountId: Uint8Array,
): Promise<Account | undefined> {
  return accountOf(await connections.query(sql.accountById, accountId));
}

/** One row for each link, of which every account has one. */
function accountOf(rows: readonly Row[]): Account | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  return {
    accountId: bytesOf(first, 'account_id'),
    username: textOf(first, 'username'),
    blocked: first['blocked'] === true,
    links: rows.map((row) => bytesOf(row, 'link')),
  };
}

export interface Appended {
  readonly kind: 'appended' | 'exists' | 'conflict' | 'device-taken' | 'unknown';
  readonly revoked: readonly Uint8Array[];
}

export async function appendLink(run: Run, link: NewLink): Promise<Appended> {
  const { accountId, seq } = link;
  if ((await run(sql.lockAccount, accountId)).length === 0) return { kind: 'unknown', revoked: [] };
  const [there] = await run(sql.linkAt, accountId, seq);
  if (there !== undefined) {
    return { kind: equalBytes(bytesOf(there, 'link'), link.link) ? 'exists' : 'conflict', revoked: [] };
  }
  const [{ count } = {}] = await run(sql.countLinks, accountId);
  if (count !== seq) return { kind: 'conflict', revoked: [] };

  const known = (await run(sql.activeDevices, accountId)).map((row) => bytesOf(row, 'device_id'));
  const isIn = (id: Uint8Array, ids: readonly Uint8Array[]): boolean =>
    ids.some((other) => equalBytes(id, other));
  const added = link.devices.filter(({ deviceId }) => !isIn(deviceId, known));
  if (await areThere(run, added)) return { kind: 'device-taken', revoked: [] };
  await run(sql.insertLink, accountId, seq, link.link);
  await addDevices(run, accountId, added);
  const activeIds = link.devices.map(({ deviceId }) => deviceId);
  const gone = known.filter((id) => !isIn(id, activeIds));
  for (const id of gone) await revokeDevice(run, id);
  return { kind: 'appended', revoked: gone };
}

/** Which envelope ids the mailbox has had is left to the sweep: nobody can ask any more. */
export async function revokeDevice(run: Run, deviceId: Uint8Array): Promise<void> {
  for (const revoke of revocation) await run(revoke, deviceId);
}

async function areThere(run: Run, devices: readonly DeviceKeys[]): Promise<boolean> {
  const ids = devices.map(({ deviceId }) => deviceId);
  return (await run(sql.devicesExist, byteArrays(ids))).length > 0;
}

async function addDevices(run: Run, accountId: Uint8Array, devices: readonly DeviceKeys[]): Promise<void> {
  const inOrder = [...devices].sort((a, b) => compareBytes(a.deviceId, b.deviceId));
  for (const { deviceId, signKey } of inOrder) {
    await run(sql.insertDevice, deviceId, accountId, signKey);
    await run(sql.insertMailbox, deviceId, accountId);
  }
}

/** One answer for each id. */
export async function devices(
  connections: Connections,
  deviceIds: readonly Uint8Array[],
): Promise<(Device | undefined)[]> {
  const found = new Array<Device | undefined>(deviceIds.length).fill(undefined);
  for (const row of await connections.query(sql.devices, byteArrays(deviceIds))) {
    found[numberOf(row, 'nth') - 1] = deviceOf(row);
  }
  return found;
}

function deviceOf(row: Row): Device {
  return {
    accountId: bytesOf(row, 'account'),
    deviceId: bytesOf(row, 'device_id'),
    signKey: bytesOf(row, 'sign_key'),
    revoked: row['revoked'] === true,
    blocked: row['blocked'] === true,
  };
}

export async function createSession(
  connections: Connections,
  session: NewSession,
): Promise<'created' | 'challenge-spent' | 'unknown'> {
  const { bearerHash, deviceId, expiresAt, challenge, challengeExpiresAt } = session;
  const [row] = await connections.query(
    sql.createSession,
    ...[bearerHash, deviceId, expiresAt, challenge, challengeExpiresAt],
  );
  if (row?.['is_active'] !== true) return 'unknown';
  return row['is_created'] === true ? 'created' : 'challenge-spent';
}

export interface SessionQuery {
  readonly bearerHash: Uint8Array;
  readonly now: number;
}

/** One answer for each query. */
export async function sessions(
  connections: Connections,
  queries: readonly SessionQuery[],
): Promise<(Device | undefined)[]> {
  const found = new Array<Device | undefined>(queries.length).fill(undefined);
  const hashes = byteArrays(queries.map(({ bearerHash }) => bearerHash));
  const times = bigints(queries.map(({ now }) => now));
  for (const row of await connections.query(sql.sessions, hashes, times)) {
    found[numberOf(row, 'nth') - 1] = deviceOf(row);
  }
  return found;
}
