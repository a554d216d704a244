/**
 * Mailboxes: what happens for each message. A mailbox's row is the lock for its places, so that they become visible
 * in their order: no reader finds one and later another before it. Locks are taken in the order of the ids.
 */
import { toHex } from '@crypt2chat/shared/bytes';
import { type Connections, type Run, statement, type Step } from './postgres-connections.ts';
import { bigints, byteArrays } from './postgres-values.ts';
import { bytesOf, numberOf } from './rows.ts';
import { type Delivery, type DeliveryResult, firstPlaceAt, type StoredEnvelope } from './store.ts';

/** After `gone`, the envelopes that were deleted. */
const countDown = `
  UPDATE mailboxes m SET waiting = m.waiting - c.count, waiting_bytes = m.waiting_bytes - c.bytes
  FROM (SELECT device, count(*), sum(bytes) AS bytes FROM gone GROUP BY device) AS c WHERE m.device = c.device`;

const sql = {
  mailboxes: statement(
    'mailboxes',
    `SELECT g.nth, m.capability_hash FROM unnest($1::bytea[]) WITH ORDINALITY AS g (device, nth)
     JOIN mailboxes m ON m.device = g.device`,
  ),
  setCapability: statement('set-capability', 'UPDATE mailboxes SET capability_hash = $2 WHERE device = $1'),
  lock: statement(
    'lock-mailboxes',
    `SELECT count(*) FROM (
       SELECT FROM mailboxes WHERE device = ANY ($1::bytea[]) ORDER BY device FOR NO KEY UPDATE
     ) AS locked`,
  ),
  // Of what is new to a mailbox and finds room, the n-th stands n after the last that was there, or later where the
  // clock says so. Bytes count within a delivery, whatever comes at the same time.
  deliver: statement(
    'deliver',
    `WITH given AS MATERIALIZED (
       SELECT g.*, m.device IS NOT NULL AS is_known, s.id IS NOT NULL AS is_seen, m.last_seq,
         g.max_waiting - m.waiting AS room,
         sum(octet_length(g.envelope)) FILTER (WHERE s.id IS NULL) OVER (PARTITION BY g.delivery ORDER BY g.nth)
           <= g.max_bytes - (SELECT sum(o.waiting_bytes) FROM mailboxes o WHERE o.account = m.account) AS has_room
       FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
         WITH ORDINALITY AS g (device, id, envelope, delivery, at, first_place, max_waiting, max_bytes, nth)
       LEFT JOIN mailboxes m ON m.device = g.device
       LEFT JOIN envelope_ids s ON s.device = g.device AND s.id = g.id
     ), numbered AS MATERIALIZED (
       SELECT *, count(*) FILTER (WHERE NOT is_seen AND has_room) OVER (PARTITION BY device ORDER BY nth) AS number
       FROM given
     ), judged AS MATERIALIZED (
       SELECT *, CASE
         WHEN NOT is_known THEN 'unknown'
         WHEN is_seen THEN 'duplicate'
         WHEN has_room AND number <= room THEN 'stored'
         ELSE 'mailbox-full'
       END AS result FROM numbered
     ), placed AS MATERIALIZED (
       SELECT device, id, envelope, at, number + greatest(
         last_seq,
         max(first_place - number) OVER (PARTITION BY device ORDER BY number)
       ) AS seq
       FROM judged WHERE result = 'stored'
     ), ids AS (
       INSERT INTO envelope_ids (device, id, seq, seen_at) SELECT device, id, seq, at FROM placed
     ), bodies AS (
       INSERT INTO envelopes (device, seq, id, envelope) SELECT device, seq, id, envelope FROM placed
     ), counts AS (
       UPDATE mailboxes m SET last_seq = p.last_seq, waiting = m.waiting + p.count,
         waiting_bytes = m.waiting_bytes + p.bytes
       FROM (
         SELECT device, max(seq) AS last_seq, count(*), sum(octet_length(envelope)) AS bytes
         FROM placed GROUP BY device
       ) AS p WHERE m.device = p.device
     )
     SELECT result FROM judged ORDER BY nth`,
  ),
  // An acknowledgement that has nothing to delete locks nothing, and a transaction that changed nothing costs no fsync.
  lockFilled: statement(
    'lock-filled-mailboxes',
    `SELECT count(*) FROM (
       SELECT FROM unnest($1::bytea[], $2::bigint[]) AS g (device, seq)
       JOIN mailboxes m ON m.device = g.device
       WHERE EXISTS (SELECT FROM envelopes e WHERE e.device = g.device AND e.seq <= g.seq)
       ORDER BY m.device FOR NO KEY UPDATE OF m
     ) AS locked`,
  ),
  acknowledge: statement(
    'acknowledge',
    `WITH gone AS (
       DELETE FROM envelopes e USING unnest($1::bytea[], $2::bigint[]) AS g (device, seq)
       WHERE e.device = g.device AND e.seq <= g.seq RETURNING e.device, octet_length(e.envelope) AS bytes
     ) ${countDown}`,
  ),
  envelopes: statement(
    'envelopes',
    `SELECT seq, id, envelope FROM envelopes
     WHERE device = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
  ),
  oldIds: statement(
    'old-ids',
    `SELECT device, id, seq FROM envelope_ids WHERE seen_at < $1 ORDER BY seen_at LIMIT $2`,
  ),
  sweepEnvelopes: statement(
    'sweep-envelopes',
    `WITH gone AS (
       DELETE FROM envelopes e USING unnest($1::bytea[], $2::bigint[]) AS g (device, seq)
       WHERE e.device = g.device AND e.seq = g.seq RETURNING e.device, octet_length(e.envelope) AS bytes
     ) ${countDown}`,
  ),
  sweepIds: statement(
    'sweep-ids',
    `DELETE FROM envelope_ids e USING unnest($1::bytea[], $2::bytea[]) AS g (device, id)
     WHERE e.device = g.device AND e.id = g.id`,
  ),
};

type Mailbox = { readonly capabilityHash: Uint8Array | null } | undefined;

/** One answer for each id. */
export async function mailboxes(
  connections: Connections,
  deviceIds: readonly Uint8Array[],
): Promise<Mailbox[]> {
  const found = new Array<Mailbox>(deviceIds.length).fill(undefined);
  for (const row of await connections.query(sql.mailboxes, byteArrays(deviceIds))) {
    const isSet = row['capability_hash'] !== null;
    found[numberOf(row, 'nth') - 1] = { capabilityHash: isSet ? bytesOf(row, 'capability_hash') : null };
  }
  return found;
}

export async function setCapability(
  connections: Connections,
  deviceId: Uint8Array,
  capabilityHash: Uint8Array,
): Promise<void> {
  await connections.query(sql.setCapability, deviceId, capabilityHash);
}

type Results = DeliveryResult[] | undefined;

/**
 * Deliveries that came together, in one transaction.
 * @param noticesOf what follows it, for the mailboxes that something is for
 * @returns the results of each
 */
export async function deliver(
  connections: Connections,
  deliveries: readonly Delivery[],
  noticesOf: (deviceIds: readonly Uint8Array[]) => readonly Step[],
): Promise<Results[]> {
  const deviceIds = new Map<string, Uint8Array>();
  // An id that stands twice goes once; the second is a duplicate of the first, or found no room like it.
  const given = new Map<string, { of: Delivery; nth: number; id: Uint8Array; envelope: Uint8Array }>();
  const keys = deliveries.map((delivery, nth) => {
    const mailbox = toHex(delivery.deviceId);
    deviceIds.set(mailbox, delivery.deviceId);
    return delivery.envelopes.map(({ id, envelope }) => {
      const key = mailbox + toHex(id);
      if (!given.has(key)) given.set(key, { of: delivery, nth, id, envelope });
      return key;
    });
  });
  const rows = [...given.values()];
  const ids = byteArrays([...deviceIds.values()]);
  const [, results] = await connections.together(
    [
      [sql.lock, ids],
      [
        sql.deliver,
        byteArrays(rows.map(({ of }) => of.deviceId)),
        byteArrays(rows.map(({ id }) => id)),
        byteArrays(rows.map(({ envelope }) => envelope)),
        bigints(rows.map(({ nth }) => nth)),
        bigints(rows.map(({ of }) => of.at)),
        bigints(rows.map(({ of }) => firstPlaceAt(of.at))),
        bigints(rows.map(({ of }) => of.maxWaiting)),
        bigints(rows.map(({ of }) => of.maxAccountBytes)),
      ],
    ],
    noticesOf([...deviceIds.values()]),
  );
  const outcomes = new Map(
    [...given.keys()].map((key, i) => [key, results![i]!['result'] as DeliveryResult | 'unknown']),
  );
  return keys.map((ofDelivery) => takeResults(ofDelivery, outcomes));
}

/** The first who asks for a key takes its result; who comes after has a duplicate of what was stored. */
function takeResults(keys: readonly string[], outcomes: Map<string, DeliveryResult | 'unknown'>): Results {
  const results: DeliveryResult[] = [];
  for (const key of keys) {
    const outcome = outcomes.get(key)!;
    if (outcome === 'unknown') return undefined;
    results.push(outcome);
    if (outcome === 'stored') outcomes.set(key, 'duplicate');
  }
  return results;
}

export interface Acknowledgement {
  readonly deviceId: Uint8Array;
  readonly seq: number;
}

export async function acknowledge(
  connections: Connections,
  acknowledgements: readonly Acknowledgement[],
): Promise<undefined[]> {
  const ids = byteArrays(acknowledgements.map(({ deviceId }) => deviceId));
  const places = bigints(acknowledgements.map(({ seq }) => seq));
  await connections.together([
    [sql.lockFilled, ids, places],
    [sql.acknowledge, ids, places],
  ]);
  return acknowledgements.map(() => undefined);
}

export async function envelopes(
  connections: Connections,
  deviceId: Uint8Array,
  seq: number,
  limit: number,
): Promise<StoredEnvelope[]> {
  const rows = await connections.query(sql.envelopes, deviceId, seq, limit);
  return rows.map((row) => ({
    seq: numberOf(row, 'seq'),
    id: bytesOf(row, 'id'),
    envelope: bytesOf(row, 'envelope'),
  }));
}

/** Forgets ids that were first seen before `keepFrom`, and their envelopes. @returns whether there may be more. */
export async function sweepMailboxes(run: Run, keepFrom: number, limit: number): Promise<boolean> {
  const old = await run(sql.oldIds, keepFrom, limit);
  const deviceIds = byteArrays(old.map((row) => bytesOf(row, 'device')));
  await run(sql.lock, deviceIds);
  await run(sql.sweepEnvelopes, deviceIds, bigints(old.map((row) => numberOf(row, 'seq'))));
  await run(sql.sweepIds, deviceIds, byteArrays(old.map((row) => bytesOf(row, 'id'))));
  return old.length >= limit;
}
