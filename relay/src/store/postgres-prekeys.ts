/**
 * Prekeys. The row in prekey_sets is the lock for all keys of its device; who publishes holds the device's own row
 * before it, which keeps it from being revoked meanwhile.
 */
import { equalBytes } from '@crypt2chat/shared/bytes';
import { type Connections, type Run, statement } from './postgres-connections.ts';
import { bigints, byteArrays, type Row } from './postgres-values.ts';
import { bytesOf, numberOf } from './rows.ts';
import type { Bundle, NewPrekeys, Prekey, PrekeyCount } from './store.ts';

const countColumns = `(SELECT count(*) FROM one_time_prekeys WHERE device = $1) AS prekeys,
  (SELECT count(*) FROM one_time_kems WHERE device = $1) AS kems`;

const sql = {
  lockDevice: statement(
    'lock-device',
    'SELECT 1 FROM devices WHERE device_id = $1 AND NOT revoked FOR NO KEY UPDATE',
  ),
  lockSet: statement(
    'lock-prekey-set',
    'SELECT last_id, request_hash FROM prekey_sets WHERE device = $1 FOR NO KEY UPDATE',
  ),
  signedKeys: statement('signed-keys', 'SELECT id, key FROM signed_keys WHERE device = $1'),
  kemHashes: statement('kem-hashes', 'SELECT id, hash FROM one_time_kems WHERE device = $1'),
  count: statement('count-prekeys', `SELECT ${countColumns}`),
  countOfActive: statement(
    'count-prekeys-of-active',
    `SELECT ${countColumns} FROM devices WHERE device_id = $1 AND NOT revoked`,
  ),
  deleteKems: statement(
    'delete-kems',
    'DELETE FROM one_time_kems WHERE device = $1 AND id = ANY ($2::bigint[])',
  ),
  putSet: statement(
    'put-prekey-set',
    `INSERT INTO prekey_sets (device, last_id, request_hash, signed, signature) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (device) DO UPDATE SET last_id = excluded.last_id, request_hash = excluded.request_hash,
       signed = excluded.signed, signature = excluded.signature`,
  ),
  deleteSignedKeys: statement('delete-signed-keys', 'DELETE FROM signed_keys WHERE device = $1'),
  insertSignedKeys: statement(
    'insert-signed-keys',
    'INSERT INTO signed_keys (device, id, key) SELECT $1, * FROM unnest($2::bigint[], $3::bytea[])',
  ),
  insertPrekeys: statement(
    'insert-one-time-prekeys',
    'INSERT INTO one_time_prekeys (device, id, key) SELECT $1, * FROM unnest($2::bigint[], $3::bytea[])',
  ),
  insertKems: statement(
    'insert-one-time-kems',
    `INSERT INTO one_time_kems (device, id, key, hash)
     SELECT $1, * FROM unnest($2::bigint[], $3::bytea[], $4::bytea[])`,
  ),
  accountExists: statement('account-exists', 'SELECT 1 FROM accounts WHERE account_id = $1'),
  lockSetsOfAccount: statement(
    'lock-prekey-sets-of-account',
    `SELECT count(*) FROM (
       SELECT p.device FROM prekey_sets p JOIN devices d ON d.device_id = p.device
       WHERE d.account = $1 ORDER BY p.device FOR NO KEY UPDATE OF p
     ) AS locked`,
  ),
  claim: statement(
    'claim-bundles',
    `WITH sets AS MATERIALIZED (
       SELECT d.number, p.device, p.signed, p.signature,
         (SELECT min(id) FROM one_time_prekeys k WHERE k.device = p.device) AS prekey_id,
         (SELECT min(id) FROM one_time_kems k WHERE k.device = p.device) AS kem_id
       FROM devices d JOIN prekey_sets p ON p.device = d.device_id
       WHERE d.account = $1 AND NOT d.revoked
     ), prekeys AS (
       DELETE FROM one_time_prekeys k USING sets s WHERE k.device = s.device AND k.id = s.prekey_id
       RETURNING k.device, k.key
     ), kems AS (
       DELETE FROM one_time_kems k USING sets s WHERE k.device = s.device AND k.id = s.kem_id
       RETURNING k.device, k.key
     )
     SELECT s.device, s.signed, s.signature, s.prekey_id, prekeys.key AS prekey, s.kem_id, kems.key AS kem
     FROM sets s LEFT JOIN prekeys ON prekeys.device = s.device
       LEFT JOIN kems ON kems.device = s.device
     ORDER BY s.number`,
  ),
};

export async function publishPrekeys(
  run: Run,
  prekeys: NewPrekeys,
): Promise<PrekeyCount | 'invalid' | 'unknown'> {
  const { deviceId } = prekeys;
  if ((await run(sql.lockDevice, deviceId)).length === 0) return 'unknown';
  const [before] = await run(sql.lockSet, deviceId);
  const count = countOf(await run(sql.count, deviceId));
  if (before !== undefined && equalBytes(bytesOf(before, 'request_hash'), prekeys.requestHash)) return count;

  const lastId = before === undefined ? -1 : numberOf(before, 'last_id');
  const newIds = newIdsOf(prekeys, await run(sql.signedKeys, deviceId));
  if (newIds.some((id) => id <= lastId)) return 'invalid';
  const unlisted = unlistedKems(await run(sql.kemHashes, deviceId), prekeys.kemHashes);
  const after = {
    oneTimePrekeys: count.oneTimePrekeys + prekeys.oneTimePrekeys.length,
    oneTimeKemKeys: count.oneTimeKemKeys - unlisted.length + prekeys.oneTimeKemKeys.length,
  };
  if (after.oneTimePrekeys > prekeys.maxOneTimePrekeys || after.oneTimeKemKeys > prekeys.maxOneTimeKemKeys) {
    return 'invalid';
  }

  await run(sql.deleteKems, deviceId, bigints(unlisted));
  await run(
    sql.putSet,
    ...[deviceId, Math.max(lastId, ...newIds), prekeys.requestHash, prekeys.signed, prekeys.signature],
  );
  await run(sql.deleteSignedKeys, deviceId);
  await run(sql.insertSignedKeys, deviceId, ...columnsOf(prekeys.signedKeys));
  await run(sql.insertPrekeys, deviceId, ...columnsOf(prekeys.oneTimePrekeys));
  const hashes = byteArrays(prekeys.oneTimeKemKeys.map(({ hash }) => hash));
  await run(sql.insertKems, deviceId, ...columnsOf(prekeys.oneTimeKemKeys), hashes);
  return after;
}

/** Ids and keys as the parameters of an `unnest`. */
function columnsOf(keys: readonly Prekey[]): [Uint8Array, Uint8Array] {
  return [bigints(keys.map(({ id }) => id)), byteArrays(keys.map(({ key }) => key))];
}

/** Ids of stored one-time KEM keys that the new signed part does not list: nobody would accept them with it. */
function unlistedKems(stored: readonly Row[], listed: readonly Uint8Array[]): number[] {
  return stored
    .filter((row) => !listed.some((hash) => equalBytes(hash, bytesOf(row, 'hash'))))
    .map((row) => numberOf(row, 'id'));
}

/** The ids that have to be above the earlier ones: all but those of signed keys that stay as they are. */
function newIdsOf(prekeys: NewPrekeys, signedBefore: readonly Row[]): number[] {
  const stays = ({ id, key }: Prekey): boolean =>
    signedBefore.some((row) => row['id'] === id && equalBytes(bytesOf(row, 'key'), key));
  const replaced = prekeys.signedKeys.filter((key) => !stays(key));
  return [...prekeys.oneTimePrekeys, ...prekeys.oneTimeKemKeys, ...replaced].map(({ id }) => id);
}

export async function countPrekeys(connections: Connections, deviceId: Uint8Array): Promise<PrekeyCount> {
  return countOf(await connections.query(sql.countOfActive, deviceId));
}

function countOf([row]: readonly Row[]): PrekeyCount {
  if (row === undefined) return { oneTimePrekeys: 0, oneTimeKemKeys: 0 };
  return { oneTimePrekeys: numberOf(row, 'prekeys'), oneTimeKemKeys: numberOf(row, 'kems') };
}

/** Those who claim from one account do so one after the other: the second sees what the first has left. */
export async function claimBundles(
  connections: Connections,
  accountId: Uint8Array,
): Promise<Bundle[] | undefined> {
  const [account, , rows] = await connections.together([
    [sql.accountExists, accountId],
    [sql.lockSetsOfAccount, accountId],
    [sql.claim, accountId],
  ]);
  return account!.length === 0 ? undefined : rows!.map(bundleOf);
}

function bundleOf(row: Row): Bundle {
  const oneTimePrekey = prekeyOf(row, 'prekey_id', 'prekey');
  const oneTimeKem = prekeyOf(row, 'kem_id', 'kem');
  return {
    deviceId: bytesOf(row, 'device'),
    signed: bytesOf(row, 'signed'),
    signature: bytesOf(row, 'signature'),
    ...(oneTimePrekey && { oneTimePrekey }),
    ...(oneTimeKem && { oneTimeKem }),
  };
}

function prekeyOf(row: Row, id: string, key: string): Prekey | undefined {
  return row[id] === null ? undefined : { id: numberOf(row, id), key: bytesOf(row, key) };
}
