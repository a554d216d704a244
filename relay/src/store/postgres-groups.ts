/**
 * The logs of groups. A log's row is its lock: who appends holds it, so that places become visible in their order.
 * What takes a {@link Run} is one transaction.
 */
import { toHex } from '@crypt2chat/shared/bytes';
import type { GroupAccess, GroupStore, NewGroup, NewGroupLink, NewGroupMessages } from './group-store.ts';
import { type Connections, type Run, statement, type Step } from './postgres-connections.ts';
import { bigints, byteArrays, type Row } from './postgres-values.ts';
import { bytesOf, numberOf, textOf } from './rows.ts';

/** A log ($1) as it is seen with an access secret ($2): no row for `unknown`, no epoch for `denied`. */
export const logSeen = `group_logs l LEFT JOIN group_epochs e ON e.group_id = l.group_id AND e.access_hash = $2
  WHERE l.group_id = $1`;

const sql = {
  access: statement('group-access', `SELECT e.epoch FROM ${logSeen}`),
  accesses: statement(
    'group-accesses',
    `SELECT l.group_id IS NOT NULL AS is_known, e.epoch, e.closing_place
     FROM unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY AS g (group_id, access_hash, nth)
     LEFT JOIN group_logs l ON l.group_id = g.group_id
     LEFT JOIN group_epochs e ON e.group_id = g.group_id AND e.access_hash = g.access_hash
     ORDER BY g.nth`,
  ),
  insertLog: statement('insert-group-log', 'INSERT INTO group_logs (group_id, link_bytes) VALUES ($1, $2)'),
  insertEpoch: statement(
    'insert-first-group-epoch',
    `INSERT INTO group_epochs (group_id, access_hash, epoch, opening_place, links) VALUES ($1, $2, 0, 0, 0)`,
  ),
  insertWelcome: statement(
    'insert-first-group-welcome',
    'INSERT INTO group_welcomes (group_id, epoch, came_at, welcome) VALUES ($1, 0, $2, $3)',
  ),
  lock: statement(
    'lock-group-logs',
    `SELECT count(*) FROM (
       SELECT FROM group_logs WHERE group_id = ANY ($1::bytea[]) ORDER BY group_id FOR NO KEY UPDATE
     ) AS locked`,
  ),
  // One row for each entry, all with the same outcome. The n-th that is new stands n after the last.
  appendMessages: statement(
    'append-group-messages',
    `WITH log AS MATERIALIZED (
       SELECT l.last_place, l.messages, l.message_bytes, e.epoch, e.closing_place FROM ${logSeen}
     ), given AS MATERIALIZED (
       SELECT g.*, there.place AS there,
         count(*) FILTER (WHERE there.place IS NULL) OVER (ORDER BY g.nth) AS number,
         count(*) FILTER (WHERE there.place IS NULL) OVER () AS total,
         coalesce(sum(length(g.entry)) FILTER (WHERE there.place IS NULL) OVER (), 0)::bigint AS bytes
       FROM unnest($6::bytea[], $7::bytea[]) WITH ORDINALITY AS g (id, entry, nth)
       LEFT JOIN group_entries there ON there.group_id = $1 AND there.id = g.id
     ), judged AS MATERIALIZED (
       SELECT g.*, l.epoch, l.last_place, CASE
         WHEN l.last_place IS NULL THEN 'unknown'
         WHEN l.epoch IS NULL THEN 'denied'
         WHEN g.total = 0 THEN 'there'
         WHEN l.closing_place IS NOT NULL OR l.epoch <> $3::bigint THEN 'stale'
         WHEN l.messages + g.total > $5::bigint OR l.message_bytes + g.bytes > $8::bigint THEN 'full'
         ELSE 'appended'
       END AS outcome
       FROM given g LEFT JOIN log l ON true
     ), entries AS (
       INSERT INTO group_entries (group_id, place, id, epoch, is_link, came_at, entry)
       SELECT $1, last_place + number, id, epoch, false, $4, entry FROM judged
       WHERE outcome = 'appended' AND there IS NULL
     ), counts AS (
       UPDATE group_logs SET last_place = group_logs.last_place + total, messages = messages + total,
         message_bytes = message_bytes + bytes
       FROM judged WHERE group_id = $1 AND outcome = 'appended' AND nth = 1
     )
     SELECT outcome, coalesce(there, last_place + number) AS place FROM judged ORDER BY nth`,
  ),
  // $9 is empty for a link that opens no epoch, and $10 where no welcome comes with it.
  appendLink: statement(
    'append-group-link',
    `WITH judged AS MATERIALIZED (
       SELECT there.place AS there, l.last_place + 1 AS place, l.links + 1 AS links, e.epoch,
         l.link_bytes + length($6::bytea) + length($10::bytea) AS link_bytes, CASE
         WHEN e.epoch IS NULL THEN 'denied'
         WHEN there.place IS NOT NULL THEN 'there'
         WHEN e.closing_place IS NOT NULL OR e.epoch <> $3::bigint OR l.links <> $4::bigint THEN 'stale'
         WHEN l.links >= $8::bigint
           OR l.link_bytes + length($6::bytea) + length($10::bytea) > $11::bigint THEN 'full'
         WHEN EXISTS (SELECT FROM group_epochs s WHERE s.group_id = $1 AND s.access_hash = $9) THEN 'spent'
         ELSE 'appended'
       END AS outcome
       FROM group_logs l
       LEFT JOIN group_epochs e ON e.group_id = l.group_id AND e.access_hash = $2
       LEFT JOIN group_entries there ON there.group_id = l.group_id AND there.id = $5
       WHERE l.group_id = $1
     ), appended AS MATERIALIZED (
       SELECT * FROM judged WHERE outcome = 'appended'
     ), entries AS (
       INSERT INTO group_entries (group_id, place, id, epoch, is_link, came_at, entry)
       SELECT $1, place, $5, epoch, true, $7::bigint, $6::bytea FROM appended
     ), counts AS (
       UPDATE group_logs SET last_place = a.place, links = a.links, link_bytes = a.link_bytes
       FROM appended a WHERE group_id = $1
     ), closed AS (
       UPDATE group_epochs SET closing_place = a.place FROM appended a
       WHERE group_id = $1 AND access_hash = $2 AND $9 <> ''::bytea
     ), opened AS (
       INSERT INTO group_epochs (group_id, access_hash, epoch, opening_place, links)
       SELECT $1, $9, epoch + 1, place, links FROM appended WHERE $9 <> ''::bytea
     ), welcomes AS (
       INSERT INTO group_welcomes (group_id, epoch, came_at, welcome)
       SELECT $1, epoch + 1, $7, $10::bytea FROM appended WHERE $10 <> ''::bytea
     )
     SELECT outcome, coalesce(there, place) AS place FROM judged`,
  ),
  oldMessages: statement(
    'old-group-messages',
    'SELECT group_id, place FROM group_entries WHERE NOT is_link AND came_at < $1 ORDER BY came_at LIMIT $2',
  ),
  sweepMessages: statement(
    'sweep-group-messages',
    `WITH gone AS (
       DELETE FROM group_entries n USING unnest($1::bytea[], $2::bigint[]) AS g (group_id, place)
       WHERE n.group_id = g.group_id AND n.place = g.place RETURNING n.group_id, length(n.entry) AS size
     )
     UPDATE group_logs l SET messages = l.messages - c.count, message_bytes = l.message_bytes - c.bytes
     FROM (SELECT group_id, count(*), sum(size)::bigint AS bytes FROM gone GROUP BY group_id) AS c
     WHERE l.group_id = c.group_id`,
  ),
  oldWelcomes: statement(
    'old-group-welcomes',
    'SELECT group_id, epoch FROM group_welcomes WHERE came_at < $1 ORDER BY came_at LIMIT $2',
  ),
  sweepWelcomes: statement(
    'sweep-group-welcomes',
    `WITH gone AS (
       DELETE FROM group_welcomes w USING unnest($1::bytea[], $2::bigint[]) AS g (group_id, epoch)
       WHERE w.group_id = g.group_id AND w.epoch = g.epoch RETURNING w.group_id, length(w.welcome) AS size
     )
     UPDATE group_logs l SET link_bytes = l.link_bytes - c.bytes
     FROM (SELECT group_id, sum(size)::bigint AS bytes FROM gone GROUP BY group_id) AS c
     WHERE l.group_id = c.group_id`,
  ),
};

const nothing = new Uint8Array();

export async function createGroup(run: Run, group: NewGroup): Promise<'created' | 'exists' | 'taken'> {
  const [seen] = await run(sql.access, group.groupId, group.accessHash);
  if (seen !== undefined) return seen['epoch'] === 0 ? 'exists' : 'taken';
  await run(sql.insertLog, group.groupId, group.welcome.length);
  await run(sql.insertEpoch, group.groupId, group.accessHash);
  await run(sql.insertWelcome, group.groupId, group.at, group.welcome);
  return 'created';
}

type Right = Awaited<ReturnType<GroupStore['groupAccess']>>;

/** One answer for each. */
export async function groupAccesses(
  connections: Connections,
  accesses: readonly GroupAccess[],
): Promise<Right[]> {
  const rows = await connections.query(
    sql.accesses,
    byteArrays(accesses.map(({ groupId }) => groupId)),
    byteArrays(accesses.map(({ accessHash }) => accessHash)),
  );
  return rows.map((row) => {
    if (row['is_known'] !== true) return 'unknown';
    if (row['epoch'] === null) return 'denied';
    return row['closing_place'] === null ? 'current' : 'former';
  });
}

/** Something to append, as the statement that does it. */
export interface GroupAppend {
  readonly access: GroupAccess;
  readonly step: Step;
  /** Of what is appended. */
  readonly bytes: number;
}

export function messagesToAppend(messages: NewGroupMessages): GroupAppend {
  // The same id twice in one request is one entry.
  const entries = [...new Map(messages.entries.map((entry) => [toHex(entry.id), entry])).values()];
  const { groupId, accessHash, epoch, at, maxMessages, maxBytes } = messages;
  return {
    access: { groupId, accessHash },
    step: [
      sql.appendMessages,
      ...[groupId, accessHash, epoch, at, maxMessages],
      byteArrays(entries.map(({ id }) => id)),
      byteArrays(entries.map(({ entry }) => entry)),
      maxBytes,
    ],
    bytes: entries.reduce((sum, { entry }) => sum + entry.length, 0),
  };
}

export function linkToAppend(link: NewGroupLink): GroupAppend {
  const { groupId, accessHash, epoch, links, id, entry, at, maxLinks, maxBytes, opens } = link;
  return {
    access: { groupId, accessHash },
    step: [
      sql.appendLink,
      ...[groupId, accessHash, epoch, links, id, entry, at, maxLinks],
      ...[opens?.accessHash ?? nothing, opens?.welcome ?? nothing, maxBytes],
    ],
    bytes: entry.length + (opens?.welcome?.length ?? 0),
  };
}

/**
 * Appends that came together, in one transaction, one after the other.
 * @param noticesOf what follows it
 * @returns the rows of each
 */
export async function append(
  connections: Connections,
  appends: readonly GroupAppend[],
  noticesOf: (accesses: readonly GroupAccess[]) => readonly Step[],
): Promise<Row[][]> {
  const accesses = new Map(
    appends.map(({ access }) => [toHex(access.groupId) + toHex(access.accessHash), access]),
  );
  const lock: Step = [sql.lock, byteArrays(appends.map(({ access }) => access.groupId))];
  const [, ...rows] = await connections.together(
    [lock, ...appends.map(({ step }) => step)],
    noticesOf([...accesses.values()]),
  );
  return rows;
}

/** Of an append: what came of it, and whether the log has grown by it. */
export interface Appended<Outcome> {
  readonly outcome: Outcome;
  readonly grew: boolean;
}

export function messagesAppended(
  messages: NewGroupMessages,
  rows: readonly Row[],
): Appended<readonly number[] | 'unknown' | 'denied' | 'stale' | 'full'> {
  const outcome = textOf(rows[0]!, 'outcome');
  switch (outcome) {
    case 'unknown':
    case 'denied':
    case 'stale':
    case 'full':
      return { outcome, grew: false };
    default:
      return { outcome: placesOf(messages, rows), grew: outcome === 'appended' };
  }
}

function placesOf(messages: NewGroupMessages, rows: readonly Row[]): number[] {
  const places = new Map<string, number>();
  for (const { id } of messages.entries) {
    if (!places.has(toHex(id))) places.set(toHex(id), numberOf(rows[places.size]!, 'place'));
  }
  return messages.entries.map(({ id }) => places.get(toHex(id))!);
}

export function linkAppended([row]: readonly Row[]): Appended<
  number | 'unknown' | 'denied' | 'stale' | 'full' | 'spent'
> {
  if (row === undefined) return { outcome: 'unknown', grew: false };
  const outcome = textOf(row, 'outcome');
  switch (outcome) {
    case 'denied':
    case 'stale':
    case 'full':
    case 'spent':
      return { outcome, grew: false };
    default:
      return { outcome: numberOf(row, 'place'), grew: outcome === 'appended' };
  }
}

/** A welcome is as large as so many messages, and the sweep has as much to do with it. */
const messagesPerWelcome = 40;

/** Forgets messages and welcomes that came before `keepFrom`. @returns whether there may be more. */
export async function sweepGroups(run: Run, keepFrom: number, limit: number): Promise<boolean> {
  const maxWelcomes = Math.ceil(limit / messagesPerWelcome);
  const old = await run(sql.oldMessages, keepFrom, limit);
  const welcomes = await run(sql.oldWelcomes, keepFrom, maxWelcomes);
  const groupsOf = (rows: readonly Row[]) => byteArrays(rows.map((row) => bytesOf(row, 'group_id')));
  const numbersOf = (rows: readonly Row[], name: string) => bigints(rows.map((row) => numberOf(row, name)));
  // All at once and in their order, as whoever appends locks them.
  await run(sql.lock, groupsOf([...old, ...welcomes]));
  await run(sql.sweepMessages, groupsOf(old), numbersOf(old, 'place'));
  await run(sql.sweepWelcomes, groupsOf(welcomes), numbersOf(welcomes, 'epoch'));
  return old.length >= limit || welcomes.length >= maxWelcomes;
}
