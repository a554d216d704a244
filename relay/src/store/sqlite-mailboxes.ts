/** Mailboxes as rows: what happens for each message. Every function runs inside the caller's transaction. */
import type { Database } from '@crypt2chat/shared/database';
import { bytesOf, numberOf } from './rows.ts';
import type { Mailbox } from './sqlite-mailbox-memory.ts';
import { type Delivery, type DeliveryResult, firstPlaceAt, type StoredEnvelope } from './store.ts';

export function mailbox(db: Database, deviceId: Uint8Array): Mailbox | undefined {
  const row = db.get(
    `SELECT m.device, m.capability_hash,
       (SELECT count(*) FROM devices s WHERE s.account = d.account AND s.revoked = 0) AS devices
     FROM devices d JOIN mailboxes m ON m.device = d.number WHERE d.device_id = ?`,
    [deviceId],
  );
  if (row === undefined) return undefined;
  return {
    device: numberOf(row, 'device'),
    capabilityHash: row['capability_hash'] === null ? null : bytesOf(row, 'capability_hash'),
    isOnlyOne: numberOf(row, 'devices') === 1,
  };
}

/** How full a mailbox is, and how full all of its account's are. */
const levelAlone = 'SELECT last_seq, waiting, waiting_bytes AS account_bytes FROM mailboxes WHERE device = ?';
const levelAmongOthers = `
  SELECT m.last_seq, m.waiting,
    (SELECT sum(o.waiting_bytes) FROM devices s JOIN mailboxes o ON o.device = s.number
     WHERE s.account = d.account) AS account_bytes
  FROM mailboxes m JOIN devices d ON d.number = m.device WHERE m.device = ?`;

export function setCapability(db: Database, deviceId: Uint8Array, capabilityHash: Uint8Array): void {
  db.run(
    'UPDATE mailboxes SET capability_hash = ? WHERE device = (SELECT number FROM devices WHERE device_id = ?)',
    [capabilityHash, deviceId],
  );
}

export function deliver(
  db: Database,
  delivery: Delivery,
  { device, isOnlyOne }: Mailbox,
): DeliveryResult[] | undefined {
  const row = db.get(isOnlyOne ? levelAlone : levelAmongOthers, [device]);
  if (row === undefined) return undefined;
  const firstSeq = Math.max(numberOf(row, 'last_seq') + 1, firstPlaceAt(delivery.at));
  let seq = firstSeq;
  let room = delivery.maxWaiting - numberOf(row, 'waiting');
  const roomBytes = delivery.maxAccountBytes - numberOf(row, 'account_bytes');
  let bytes = 0;
  let isFull = false;
  const results = delivery.envelopes.map(({ id, envelope }): DeliveryResult => {
    if (isFull || room <= 0 || bytes + envelope.length > roomBytes) {
      const seen = db.get('SELECT 1 AS seen FROM envelope_ids WHERE device = ? AND id = ?', [device, id]);
      if (seen !== undefined) return 'duplicate';
      isFull = true;
      return 'mailbox-full';
    }
    const { changes } = db.run(
      'INSERT INTO envelope_ids (device, id, seq, seen_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
      [device, id, seq, delivery.at],
    );
    if (changes === 0) return 'duplicate';
    db.run('INSERT INTO envelopes (device, seq, id, envelope) VALUES (?, ?, ?, ?)', [
      device,
      seq,
      id,
      envelope,
    ]);
    seq += 1;
    room -= 1;
    bytes += envelope.length;
    return 'stored';
  });
  if (seq > firstSeq) {
    db.run(
      `UPDATE mailboxes SET last_seq = ?, waiting = waiting + ?, waiting_bytes = waiting_bytes + ? WHERE device = ?`,
      [seq - 1, seq - firstSeq, bytes, device],
    );
  }
  return results;
}

/** Whether an acknowledgement of `seq` has anything to delete: reading is cheaper than a transaction. */
export function hasEnvelopesUpTo(db: Database, deviceId: Uint8Array, seq: number): boolean {
  const row = db.get(
    `SELECT 1 AS found FROM devices d JOIN envelopes e ON e.device = d.number
     WHERE d.device_id = ? AND e.seq <= ? LIMIT 1`,
    [deviceId, seq],
  );
  return row !== undefined;
}

export function acknowledge(db: Database, deviceId: Uint8Array, seq: number): void {
  const row = db.get('SELECT number FROM devices WHERE device_id = ?', [deviceId]);
  if (row === undefined) return;
  const device = numberOf(row, 'number');
  remove(db, device, 'seq <= ?', seq);
}

function remove(db: Database, device: number, condition: 'seq <= ?' | 'seq = ?', seq: number): void {
  const found = `FROM envelopes WHERE device = ? AND ${condition}`;
  const { bytes } = db.get(`SELECT sum(length(envelope)) AS bytes ${found}`, [device, seq])!;
  const { changes } = db.run(`DELETE ${found}`, [device, seq]);
  if (changes === 0) return;
  db.run('UPDATE mailboxes SET waiting = waiting - ?, waiting_bytes = waiting_bytes - ? WHERE device = ?', [
    changes,
    bytes ?? 0,
    device,
  ]);
}

export function envelopes(db: Database, deviceId: Uint8Array, seq: number, limit: number): StoredEnvelope[] {
  const rows = db.all(
    `SELECT e.seq, e.id, e.envelope FROM devices d JOIN envelopes e ON e.device = d.number
     WHERE d.device_id = ? AND e.seq > ? ORDER BY e.seq LIMIT ?`,
    [deviceId, seq, limit],
  );
  return rows.map((row) => ({
    seq: numberOf(row, 'seq'),
    id: bytesOf(row, 'id'),
    envelope: bytesOf(row, 'envelope'),
  }));
}

/** Found at the end of the indexes by age. */
export function newest(db: Database): number {
  const row = db.get(
    `SELECT max(
       coalesce((SELECT max(seen_at) FROM envelope_ids), 0),
       coalesce((SELECT max(came_at) FROM group_entries WHERE is_link = 0), 0)
     ) AS newest`,
  )!;
  return numberOf(row, 'newest');
}

export interface SweepOptions {
  readonly now: number;
  readonly keepFrom: number;
  readonly limit: number;
}

export function sweep(db: Database, { now, keepFrom, limit }: SweepOptions): boolean {
  const old = db.all('SELECT device, id, seq FROM envelope_ids WHERE seen_at < ? ORDER BY seen_at LIMIT ?', [
    keepFrom,
    limit,
  ]);
  for (const row of old) {
    const device = numberOf(row, 'device');
    remove(db, device, 'seq = ?', numberOf(row, 'seq'));
    db.run('DELETE FROM envelope_ids WHERE device = ? AND id = ?', [device, bytesOf(row, 'id')]);
  }
  const sessions = db.run(
    'DELETE FROM sessions WHERE bearer_hash IN (SELECT bearer_hash FROM sessions WHERE expires_at < ? LIMIT ?)',
    [now, limit],
  );
  const challenges = db.run(
    'DELETE FROM spent_challenges WHERE challenge IN (SELECT challenge FROM spent_challenges WHERE expires_at < ? LIMIT ?)',
    [now, limit],
  );
  return [old.length, sessions.changes, challenges.changes].some((count) => count >= limit);
}
