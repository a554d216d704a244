/** Accounts, their logs and devices, and sessions, as rows. Every function runs inside the caller's transaction. */
import { equalBytes } from '@crypt2chat/shared/bytes';
import type { Database, Row } from '@crypt2chat/shared/database';
import { bytesOf, numberOf, textOf } from './rows.ts';
import type { InviteUse } from './operator-store.ts';
import { isInvited, useInvite } from './sqlite-invites.ts';
import type { Account, Device, DeviceKeys, NewAccount, NewLink, NewSession } from './store.ts';

export function register(
  db: Database,
  account: NewAccount,
  invite: InviteUse | undefined,
): 'created' | 'exists' | 'name-taken' | 'device-taken' | 'invite-invalid' {
  if (accountNumber(db, account.accountId) !== undefined) return 'exists';
  if (invite !== undefined && !isInvited(db, invite)) return 'invite-invalid';
  if (db.get('SELECT 1 AS found FROM accounts WHERE username = ?', [account.username]) !== undefined) {
    return 'name-taken';
  }
  if (account.devices.some(({ deviceId }) => deviceNumber(db, deviceId) !== undefined)) return 'device-taken';
  db.run('INSERT INTO accounts (account_id, username) VALUES (?, ?)', [account.accountId, account.username]);
  const number = accountNumber(db, account.accountId)!;
  db.run('INSERT INTO links (account, seq, link) VALUES (?, 0, ?)', [number, account.link]);
  for (const device of account.devices) addDevice(db, number, device);
  if (invite !== undefined) useInvite(db, invite);
  return 'created';
}

export function accountByName(db: Database, username: string): Account | undefined {
  return accountOf(db, db.get('SELECT * FROM accounts WHERE username = ?', [username]));
}

export function accountById(db: Database, accountId: Uint8Array): Account | undefined {
  return accountOf(db, db.get('SELECT * FROM accounts WHERE account_id = ?', [accountId]));
}

function accountOf(db: Database, row: Row | undefined): Account | undefined {
  if (row === undefined) return undefined;
  const links = db.all('SELECT link FROM links WHERE account = ? ORDER BY seq', [numberOf(row, 'number')]);
  return {
    accountId: bytesOf(row, 'account_id'),
    username: textOf(row, 'username'),
    blocked: numberOf(row, 'blocked') === 1,
    links: links.map((link) => bytesOf(link, 'link')),
  };
}

export interface Appended {
  readonly kind: 'appended' | 'exists' | 'conflict' | 'device-taken' | 'unknown';
  readonly revoked: readonly Uint8Array[];
}

export function appendLink(db: Database, link: NewLink): Appended {
  const account = accountNumber(db, link.accountId);
  if (account === undefined) return { kind: 'unknown', revoked: [] };
  const there = db.get('SELECT link FROM links WHERE account = ? AND seq = ?', [account, link.seq]);
  if (there !== undefined) {
    return { kind: equalBytes(bytesOf(there, 'link'), link.link) ? 'exists' : 'conflict', revoked: [] };
  }
  const { next } = db.get('SELECT count(*) AS next FROM links WHERE account = ?', [account])!;
  if (next !== link.seq) return { kind: 'conflict', revoked: [] };

  const known = db.all('SELECT number, device_id FROM devices WHERE account = ? AND revoked = 0', [account]);
  const isIn = (id: Uint8Array, ids: readonly Uint8Array[]): boolean =>
    ids.some((other) => equalBytes(id, other));
  const knownIds = known.map((row) => bytesOf(row, 'device_id'));
  const added = link.devices.filter(({ deviceId }) => !isIn(deviceId, knownIds));
  if (added.some(({ deviceId }) => deviceNumber(db, deviceId) !== undefined)) {
    return { kind: 'device-taken', revoked: [] };
  }
  db.run('INSERT INTO links (account, seq, link) VALUES (?, ?, ?)', [account, link.seq, link.link]);
  for (const device of added) addDevice(db, account, device);
  const activeIds = link.devices.map(({ deviceId }) => deviceId);
  const gone = known.filter((row) => !isIn(bytesOf(row, 'device_id'), activeIds));
  for (const row of gone) revokeDevice(db, numberOf(row, 'number'));
  return { kind: 'appended', revoked: gone.map((row) => bytesOf(row, 'device_id')) };
}

function addDevice(db: Database, account: number, { deviceId, signKey }: DeviceKeys): void {
  db.run('INSERT INTO devices (device_id, account, sign_key) VALUES (?, ?, ?)', [deviceId, account, signKey]);
  db.run('INSERT INTO mailboxes (device) VALUES (?)', [deviceNumber(db, deviceId)!]);
}

/** Which envelope ids the mailbox has had is left to the sweep: nobody can ask any more. */
export function revokeDevice(db: Database, device: number): void {
  db.run('UPDATE devices SET revoked = 1 WHERE number = ?', [device]);
  db.run('DELETE FROM sessions WHERE device = ?', [device]);
  db.run('DELETE FROM prekey_sets WHERE device = ?', [device]);
  db.run('DELETE FROM signed_keys WHERE device = ?', [device]);
  db.run('DELETE FROM one_time_prekeys WHERE device = ?', [device]);
  db.run('DELETE FROM one_time_kems WHERE device = ?', [device]);
  db.run('DELETE FROM mailboxes WHERE device = ?', [device]);
  db.run('DELETE FROM envelopes WHERE device = ?', [device]);
}

export function accountNumber(db: Database, accountId: Uint8Array): number | undefined {
  const row = db.get('SELECT number FROM accounts WHERE account_id = ?', [accountId]);
  return row === undefined ? undefined : numberOf(row, 'number');
}

/** The number of a device, whether it is active or not. */
function deviceNumber(db: Database, deviceId: Uint8Array): number | undefined {
  const row = db.get('SELECT number FROM devices WHERE device_id = ?', [deviceId]);
  return row === undefined ? undefined : numberOf(row, 'number');
}

export function activeDeviceNumber(db: Database, deviceId: Uint8Array): number | undefined {
  const row = db.get('SELECT number FROM devices WHERE device_id = ? AND revoked = 0', [deviceId]);
  return row === undefined ? undefined : numberOf(row, 'number');
}

const deviceColumns = `a.account_id, a.blocked, d.device_id, d.sign_key, d.revoked`;

export function device(db: Database, deviceId: Uint8Array): Device | undefined {
  const sql = `SELECT ${deviceColumns} FROM devices d JOIN accounts a ON a.number = d.account WHERE d.device_id = ?`;
  return deviceOf(db.get(sql, [deviceId]));
}

export function session(db: Database, bearerHash: Uint8Array, now: number): Device | undefined {
  const sql = `SELECT ${deviceColumns} FROM sessions s
    JOIN devices d ON d.number = s.device JOIN accounts a ON a.number = d.account
    WHERE s.bearer_hash = ? AND s.expires_at > ?`;
  return deviceOf(db.get(sql, [bearerHash, now]));
}

function deviceOf(row: Row | undefined): Device | undefined {
  if (row === undefined) return undefined;
  return {
    accountId: bytesOf(row, 'account_id'),
    deviceId: bytesOf(row, 'device_id'),
    signKey: bytesOf(row, 'sign_key'),
    revoked: numberOf(row, 'revoked') === 1,
    blocked: numberOf(row, 'blocked') === 1,
  };
}

export function createSession(db: Database, session: NewSession): 'created' | 'challenge-spent' | 'unknown' {
  const number = activeDeviceNumber(db, session.deviceId);
  if (number === undefined) return 'unknown';
  const spent = db.run(
    'INSERT INTO spent_challenges (challenge, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING',
    [session.challenge, session.challengeExpiresAt],
  );
  if (spent.changes === 0) return 'challenge-spent';
  db.run('INSERT INTO sessions (bearer_hash, device, expires_at) VALUES (?, ?, ?)', [
    session.bearerHash,
    number,
    session.expiresAt,
  ]);
  return 'created';
}
