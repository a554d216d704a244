/** Who reads the logs of groups. Nothing is locked: what is visible is whole up to the last place. */
import {
  type GroupAccess,
  type GroupEntry,
  groupEntryFrameBytes,
  type GroupRead,
  type GroupReading,
  type GroupReadLimits,
  type GroupWelcome,
} from './group-store.ts';
import { type Connections, statement } from './postgres-connections.ts';
import { logSeen } from './postgres-groups.ts';
import { bigints, byteArrays, type Row } from './postgres-values.ts';
import { bytesOf, numberOf } from './rows.ts';

const sql = {
  welcome: statement(
    'group-welcome',
    `SELECT e.epoch, e.opening_place, e.links, (
       SELECT welcome FROM group_welcomes w WHERE w.group_id = l.group_id AND w.epoch = e.epoch
     ) AS welcome FROM ${logSeen}`,
  ),
  // Sizes first, so that nothing large is read only to be left out.
  sizes: statement(
    'group-entry-sizes',
    `SELECT g.nth, l.last_place, e.epoch, e.closing_place, s.place, s.size
     FROM unnest($1::bytea[], $2::bytea[], $3::bigint[]) WITH ORDINALITY AS g (group_id, access_hash, after, nth)
     LEFT JOIN group_logs l ON l.group_id = g.group_id
     LEFT JOIN group_epochs e ON e.group_id = g.group_id AND e.access_hash = g.access_hash
     LEFT JOIN LATERAL (
       SELECT place, octet_length(entry) AS size FROM group_entries n
       WHERE n.group_id = g.group_id AND e.epoch IS NOT NULL
         AND n.place > greatest(g.after, e.opening_place) AND n.place <= coalesce(e.closing_place, l.last_place)
       ORDER BY n.place LIMIT $4
     ) AS s ON true
     ORDER BY g.nth, s.place`,
  ),
  entries: statement(
    'group-entries',
    `SELECT g.nth, n.place, n.id, n.epoch, n.is_link, n.entry
     FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS g (group_id, first, last, nth)
     JOIN group_entries n ON n.group_id = g.group_id AND n.place BETWEEN g.first AND g.last
     ORDER BY g.nth, n.place`,
  ),
};

export async function groupWelcome(
  connections: Connections,
  { groupId, accessHash }: GroupAccess,
): Promise<GroupWelcome | 'unknown' | 'denied'> {
  const [seen] = await connections.query(sql.welcome, groupId, accessHash);
  if (seen === undefined) return 'unknown';
  if (seen['epoch'] === null) return 'denied';
  return {
    epoch: numberOf(seen, 'epoch'),
    place: numberOf(seen, 'opening_place'),
    links: numberOf(seen, 'links'),
    welcome: seen['welcome'] === null ? null : bytesOf(seen, 'welcome'),
  };
}

/** A reading that is to be filled with the entries of these places. */
interface Choice {
  readonly groupId: Uint8Array;
  /** Of the link that closed the epoch of the reader; null for the current one. */
  readonly closingPlace: unknown;
  readonly first: number;
  readonly last: number;
  readonly entries: GroupEntry[];
}

/** Places are visible in their order, and none comes later before one that was chosen: the second look finds them all. */
export async function readGroups(
  connections: Connections,
  reads: readonly GroupRead[],
  limits: GroupReadLimits,
): Promise<GroupReading[]> {
  const found = await connections.query(
    sql.sizes,
    byteArrays(reads.map(({ groupId }) => groupId)),
    byteArrays(reads.map(({ accessHash }) => accessHash)),
    bigints(reads.map(({ after }) => after)),
    limits.maxEntries + 1,
  );
  const choices: Choice[] = [];
  const readings = choose(reads, found, limits, choices);
  if (choices.length === 0) return readings;
  const rows = await connections.query(
    sql.entries,
    byteArrays(choices.map(({ groupId }) => groupId)),
    bigints(choices.map(({ first }) => first)),
    bigints(choices.map(({ last }) => last)),
  );
  for (const row of rows) {
    const { entries, closingPlace } = choices[numberOf(row, 'nth') - 1]!;
    entries.push(entryOf(row, closingPlace));
  }
  return readings;
}

/** Fills `choices` with what there is room for. */
function choose(
  reads: readonly GroupRead[],
  found: readonly Row[],
  { maxEntries, maxBytes }: GroupReadLimits,
  choices: Choice[],
): GroupReading[] {
  const ofRead = reads.map((): Row[] => []);
  for (const row of found) ofRead[numberOf(row, 'nth') - 1]!.push(row);
  let room = maxBytes;
  let isFirst = true;
  return reads.map(({ groupId }, i) => {
    const rows = ofRead[i]!;
    const [log] = rows;
    if (log?.['last_place'] === null || log === undefined) return 'unknown';
    if (log['epoch'] === null) return 'denied';
    const sizes = rows.filter((row) => row['place'] !== null);
    let isFull = false;
    let last: number | undefined;
    for (const row of sizes.slice(0, maxEntries)) {
      const size = numberOf(row, 'size') + groupEntryFrameBytes;
      isFull = size > room && !isFirst;
      if (isFull) break;
      room -= size;
      isFirst = false;
      last = numberOf(row, 'place');
    }
    const entries: GroupEntry[] = [];
    if (last !== undefined) {
      const first = numberOf(sizes[0]!, 'place');
      choices.push({ groupId, closingPlace: log['closing_place'], first, last, entries });
    }
    return { entries, more: isFull || sizes.length > maxEntries };
  });
}

function entryOf(row: Row, closingPlace: unknown): GroupEntry {
  const place = numberOf(row, 'place');
  return {
    place,
    id: bytesOf(row, 'id'),
    epoch: numberOf(row, 'epoch'),
    isLink: row['is_link'] === true,
    opens: place === closingPlace,
    entry: bytesOf(row, 'entry'),
  };
}
