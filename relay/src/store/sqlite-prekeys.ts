/** Prekeys as rows. Every function runs inside the caller's transaction. */
import { equalBytes } from '@crypt2chat/shared/bytes';
import type { Database, Row } from '@crypt2chat/shared/database';
import { bytesOf, numberOf } from './rows.ts';
import { accountNumber, activeDeviceNumber } from './sqlite-accounts.ts';
import type { Bundle, NewPrekeys, Prekey, PrekeyCount } from './store.ts';

export function publishPrekeys(db: Database, prekeys: NewPrekeys): PrekeyCount | 'invalid' | 'unknown' {
  const device = activeDeviceNumber(db, prekeys.deviceId);
  if (device === undefined) return 'unknown';
  const before = db.get('SELECT last_id, request_hash FROM prekey_sets WHERE device = ?', [device]);
  if (before !== undefined && equalBytes(bytesOf(before, 'request_hash'), prekeys.requestHash)) {
    return countOf(db, device);
  }
  const lastId = before === undefined ? -1 : numberOf(before, 'last_id');
  const newIds = newIdsOf(db, device, prekeys);
  if (newIds.some((id) => id <= lastId)) return 'invalid';

  const unlisted = unlistedKems(db, device, prekeys.kemHashes);
  const count = countOf(db, device);
  const after = {
    oneTimePrekeys: count.oneTimePrekeys + prekeys.oneTimePrekeys.length,
    oneTimeKemKeys: count.oneTimeKemKeys - unlisted.length + prekeys.oneTimeKemKeys.length,
  };
  if (after.oneTimePrekeys > prekeys.maxOneTimePrekeys || after.oneTimeKemKeys > prekeys.maxOneTimeKemKeys) {
    return 'invalid';
  }

  for (const id of unlisted) db.run('DELETE FROM one_time_kems WHERE device = ? AND id = ?', [device, id]);
  db.run(
    `INSERT INTO prekey_sets (device, last_id, request_hash, signed, signature) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (device) DO UPDATE SET last_id = excluded.last_id, request_hash = excluded.request_hash,
       signed = excluded.signed, signature = excluded.signature`,
    [device, Math.max(lastId, ...newIds), prekeys.requestHash, prekeys.signed, prekeys.signature],
  );
  db.run('DELETE FROM signed_keys WHERE device = ?', [device]);
  for (const { id, key } of prekeys.signedKeys) {
    db.run('INSERT INTO signed_keys (device, id, key) VALUES (?, ?, ?)', [device, id, key]);
  }
  for (const { id, key } of prekeys.oneTimePrekeys) {
    db.run('INSERT INTO one_time_prekeys (device, id, key) VALUES (?, ?, ?)', [device, id, key]);
  }
  for (const { id, key, hash } of prekeys.oneTimeKemKeys) {
    db.run('INSERT INTO one_time_kems (device, id, hash, key) VALUES (?, ?, ?, ?)', [device, id, hash, key]);
  }
  return after;
}

/** Ids of stored one-time KEM keys that the new signed part does not list: nobody would accept them with it. */
function unlistedKems(db: Database, device: number, listed: readonly Uint8Array[]): number[] {
  const rows = db.all('SELECT id, hash FROM one_time_kems WHERE device = ?', [device]);
  return rows
    .filter((row) => !listed.some((hash) => equalBytes(hash, bytesOf(row, 'hash'))))
    .map((row) => numberOf(row, 'id'));
}

/** The ids that have to be above the earlier ones: all but those of signed keys that stay as they are. */
function newIdsOf(db: Database, device: number, prekeys: NewPrekeys): number[] {
  const ids = [...prekeys.oneTimePrekeys, ...prekeys.oneTimeKemKeys].map(({ id }) => id);
  for (const { id, key } of prekeys.signedKeys) {
    const row = db.get('SELECT key FROM signed_keys WHERE device = ? AND id = ?', [device, id]);
    if (row === undefined || !equalBytes(bytesOf(row, 'key'), key)) ids.push(id);
  }
  return ids;
}

export function countPrekeys(db: Database, deviceId: Uint8Array): PrekeyCount {
  const device = activeDeviceNumber(db, deviceId);
  return device === undefined ? { oneTimePrekeys: 0, oneTimeKemKeys: 0 } : countOf(db, device);
}

function countOf(db: Database, device: number): PrekeyCount {
  const row = db.get(
    `SELECT (SELECT count(*) FROM one_time_prekeys WHERE device = ?) AS prekeys,
            (SELECT count(*) FROM one_time_kems WHERE device = ?) AS kems`,
    [device, device],
  )!;
  return { oneTimePrekeys: numberOf(row, 'prekeys'), oneTimeKemKeys: numberOf(row, 'kems') };
}

export function claimBundles(db: Database, accountId: Uint8Array): Bundle[] | undefined {
  const account = accountNumber(db, accountId);
  if (account === undefined) return undefined;
  const rows = db.all(
    `SELECT d.number, d.device_id, p.signed, p.signature FROM devices d JOIN prekey_sets p ON p.device = d.number
     WHERE d.account = ? AND d.revoked = 0 ORDER BY d.number`,
    [account],
  );
  return rows.map((row) => {
    const device = numberOf(row, 'number');
    const oneTimePrekey = take(db, device, 'one_time_prekeys');
    const oneTimeKem = take(db, device, 'one_time_kems');
    return {
      deviceId: bytesOf(row, 'device_id'),
      signed: bytesOf(row, 'signed'),
      signature: bytesOf(row, 'signature'),
      ...(oneTimePrekey && { oneTimePrekey }),
      ...(oneTimeKem && { oneTimeKem }),
    };
  });
}

/** The one-time key with the lowest id, which is thereby gone. */
function take(db: Database, device: number, table: 'one_time_prekeys' | 'one_time_kems'): Prekey | undefined {
  const row: Row | undefined = db.get(`SELECT id, key FROM ${table} WHERE device = ? ORDER BY id LIMIT 1`, [
    device,
  ]);
  if (row === undefined) return undefined;
  const id = numberOf(row, 'id');
  db.run(`DELETE FROM ${table} WHERE device = ? AND id = ?`, [device, id]);
  return { id, key: bytesOf(row, 'key') };
}
