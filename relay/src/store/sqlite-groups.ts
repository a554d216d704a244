/** The logs of groups as rows. Every function runs inside the caller's transaction. */
import { toHex } from '@crypt2chat/shared/bytes';
import type { Database, Row } from '@crypt2chat/shared/database';
import {
  type GroupAccess,
  type GroupEntry,
  groupEntryFrameBytes,
  type GroupRead,
  type GroupReading,
  type GroupReadLimits,
  type GroupWelcome,
  type NewGroup,
  type NewGroupLink,
  type NewGroupMessages,
} from './group-store.ts';
import { bytesOf, numberOf } from './rows.ts';

/** A welcome is as large as so many messages, and the sweep has as much to do with it. */
const messagesPerWelcome = 40;

/** A log as it stands, seen from one of its epochs. */
interface Log {
  readonly number: number;
  readonly lastPlace: number;
  readonly links: number;
  readonly messages: number;
  readonly messageBytes: number;
  /** Of links and welcomes. */
  readonly linkBytes: number;
  readonly epoch: number;
  /** Of the link that opened the epoch; 0 for epoch 0. */
  readonly openingPlace: number;
  /** Of the link that closed the epoch; null for the current one. */
  readonly closingPlace: number | null;
  /** Links when the epoch began. */
  readonly linksThen: number;
}

function openLog(db: Database, { groupId, accessHash }: GroupAccess): Log | 'unknown' | 'denied' {
  const row = db.get(
    `SELECT g.number, g.last_place, g.links, g.messages, g.message_bytes, g.link_bytes,
       e.epoch, e.opening_place, e.closing_place, e.links AS links_then
     FROM group_logs g LEFT JOIN group_epochs e ON e.log = g.number AND e.access_hash = ?
     WHERE g.group_id = ?`,
    [accessHash, groupId],
  );
  if (row === undefined) return 'unknown';
  if (row['epoch'] === null) return 'denied';
  return {
    number: numberOf(row, 'number'),
    lastPlace: numberOf(row, 'last_place'),
    links: numberOf(row, 'links'),
    messages: numberOf(row, 'messages'),
    messageBytes: numberOf(row, 'message_bytes'),
    linkBytes: numberOf(row, 'link_bytes'),
    epoch: numberOf(row, 'epoch'),
    openingPlace: numberOf(row, 'opening_place'),
    closingPlace: row['closing_place'] === null ? null : numberOf(row, 'closing_place'),
    linksThen: numberOf(row, 'links_then'),
  };
}

export function createGroup(db: Database, group: NewGroup): 'created' | 'exists' | 'taken' {
  const log = openLog(db, group);
  if (log !== 'unknown') return log !== 'denied' && log.epoch === 0 ? 'exists' : 'taken';
  db.run('INSERT INTO group_logs (group_id, link_bytes) VALUES (?, ?)', [
    group.groupId,
    group.welcome.length,
  ]);
  const number = numberOf(
    db.get('SELECT number FROM group_logs WHERE group_id = ?', [group.groupId])!,
    'number',
  );
  openEpoch(db, number, { epoch: 0, openingPlace: 0, links: 0, ...group });
  return 'created';
}

function openEpoch(
  db: Database,
  log: number,
  epoch: {
    readonly epoch: number;
    readonly openingPlace: number;
    readonly links: number;
    readonly accessHash: Uint8Array;
    readonly welcome?: Uint8Array;
    readonly at: number;
  },
): void {
  db.run('INSERT INTO group_epochs (log, access_hash, epoch, opening_place, links) VALUES (?, ?, ?, ?, ?)', [
    log,
    epoch.accessHash,
    epoch.epoch,
    epoch.openingPlace,
    epoch.links,
  ]);
  if (epoch.welcome === undefined) return;
  db.run('INSERT INTO group_welcomes (log, epoch, came_at, welcome) VALUES (?, ?, ?, ?)', [
    log,
    epoch.epoch,
    epoch.at,
    epoch.welcome,
  ]);
}

export function groupAccess(db: Database, access: GroupAccess): 'current' | 'former' | 'unknown' | 'denied' {
  const log = openLog(db, access);
  if (typeof log === 'string') return log;
  return log.closingPlace === null ? 'current' : 'former';
}

/** What came of an append, and whether the log has grown by it. */
export interface Appended<Outcome> {
  readonly outcome: Outcome;
  readonly grew: boolean;
}

export function appendGroupMessages(
  db: Database,
  messages: NewGroupMessages,
): Appended<readonly number[] | 'unknown' | 'denied' | 'stale' | 'full'> {
  const log = openLog(db, messages);
  if (typeof log === 'string') return unchanged(log);
  const fresh = new Map<string, { place: number; id: Uint8Array; entry: Uint8Array }>();
  const places = messages.entries.map(({ id, entry }) => {
    // The same id twice in one request is one entry, too.
    const there = placeOf(db, log, id) ?? fresh.get(toHex(id))?.place;
    if (there !== undefined) return there;
    const place = log.lastPlace + 1 + fresh.size;
    fresh.set(toHex(id), { place, id, entry });
    return place;
  });
  if (fresh.size === 0) return unchanged(places);
  if (log.closingPlace !== null || log.epoch !== messages.epoch) return unchanged('stale');
  const bytes = sizeOf([...fresh.values()].map(({ entry }) => entry));
  if (log.messages + fresh.size > messages.maxMessages) return unchanged('full');
  if (log.messageBytes + bytes > messages.maxBytes) return unchanged('full');
  for (const message of fresh.values()) insert(db, log, { ...message, isLink: false, at: messages.at });
  db.run('UPDATE group_logs SET last_place = ?, messages = ?, message_bytes = ? WHERE number = ?', [
    log.lastPlace + fresh.size,
    log.messages + fresh.size,
    log.messageBytes + bytes,
    log.number,
  ]);
  return { outcome: places, grew: true };
}

export function appendGroupLink(
  db: Database,
  link: NewGroupLink,
): Appended<number | 'unknown' | 'denied' | 'stale' | 'full' | 'spent'> {
  const log = openLog(db, link);
  if (typeof log === 'string') return unchanged(log);
  const there = placeOf(db, log, link.id);
  if (there !== undefined) return unchanged(there);
  if (log.closingPlace !== null || log.epoch !== link.epoch || log.links !== link.links)
    return unchanged('stale');
  const { opens, at } = link;
  const linkBytes = log.linkBytes + sizeOf([link.entry, ...(opens?.welcome ? [opens.welcome] : [])]);
  if (log.links >= link.maxLinks || linkBytes > link.maxBytes) return unchanged('full');
  if (opens !== undefined && typeof openLog(db, { ...link, ...opens }) !== 'string')
    return unchanged('spent');

  const place = log.lastPlace + 1;
  const links = log.links + 1;
  insert(db, log, { place, id: link.id, entry: link.entry, isLink: true, at });
  db.run('UPDATE group_logs SET last_place = ?, links = ?, link_bytes = ? WHERE number = ?', [
    place,
    links,
    linkBytes,
    log.number,
  ]);
  if (opens !== undefined) {
    db.run('UPDATE group_epochs SET closing_place = ? WHERE log = ? AND access_hash = ?', [
      place,
      log.number,
      link.accessHash,
    ]);
    openEpoch(db, log.number, { epoch: log.epoch + 1, openingPlace: place, links, at, ...opens });
  }
  return { outcome: place, grew: true };
}

function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

function unchanged<Outcome>(outcome: Outcome): Appended<Outcome> {
  return { outcome, grew: false };
}

function placeOf(db: Database, log: Log, id: Uint8Array): number | undefined {
  const row = db.get('SELECT place FROM group_entries WHERE log = ? AND id = ?', [log.number, id]);
  return row === undefined ? undefined : numberOf(row, 'place');
}

function insert(
  db: Database,
  log: Log,
  entry: Omit<GroupEntry, 'epoch' | 'opens'> & { readonly at: number },
): void {
  db.run(
    `INSERT INTO group_entries (log, place, id, epoch, is_link, came_at, entry) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [log.number, entry.place, entry.id, log.epoch, entry.isLink, entry.at, entry.entry],
  );
}

export function groupWelcome(db: Database, access: GroupAccess): GroupWelcome | 'unknown' | 'denied' {
  const log = openLog(db, access);
  if (typeof log === 'string') return log;
  const row = db.get('SELECT welcome FROM group_welcomes WHERE log = ? AND epoch = ?', [
    log.number,
    log.epoch,
  ]);
  return {
    epoch: log.epoch,
    place: log.openingPlace,
    links: log.linksThen,
    welcome: row === undefined ? null : bytesOf(row, 'welcome'),
  };
}

export function readGroups(
  db: Database,
  reads: readonly GroupRead[],
  { maxEntries, maxBytes }: GroupReadLimits,
): GroupReading[] {
  let room = maxBytes;
  let isFirst = true;
  return reads.map((read) => {
    const log = openLog(db, read);
    if (typeof log === 'string') return log;
    const after = Math.max(read.after, log.openingPlace);
    const last = log.closingPlace ?? log.lastPlace;
    if (after >= last) return { entries: [], more: false };
    // Sizes first, so that nothing large is read only to be left out.
    const sizes = db.all(
      `SELECT place, length(entry) AS size FROM group_entries
       WHERE log = ? AND place > ? AND place <= ? ORDER BY place LIMIT ?`,
      [log.number, after, last, maxEntries + 1],
    );
    let upTo = after;
    let isFull = false;
    for (const row of sizes.slice(0, maxEntries)) {
      const size = numberOf(row, 'size') + groupEntryFrameBytes;
      isFull = size > room && !isFirst;
      if (isFull) break;
      room -= size;
      isFirst = false;
      upTo = numberOf(row, 'place');
    }
    const rows = db.all(
      `SELECT place, id, epoch, is_link, entry FROM group_entries
       WHERE log = ? AND place > ? AND place <= ? ORDER BY place`,
      [log.number, after, upTo],
    );
    return { entries: rows.map((row) => entryOf(row, log)), more: isFull || sizes.length > maxEntries };
  });
}

function entryOf(row: Row, { closingPlace }: Log): GroupEntry {
  const place = numberOf(row, 'place');
  return {
    place,
    id: bytesOf(row, 'id'),
    epoch: numberOf(row, 'epoch'),
    isLink: numberOf(row, 'is_link') === 1,
    opens: place === closingPlace,
    entry: bytesOf(row, 'entry'),
  };
}

/** Forgets messages and welcomes that came before `keepFrom`. @returns whether there may be more. */
export function sweepGroups(
  db: Database,
  { keepFrom, limit }: { readonly keepFrom: number; readonly limit: number },
): boolean {
  const old = db.all(
    `SELECT number, log, length(entry) AS size FROM group_entries
     WHERE is_link = 0 AND came_at < ? ORDER BY came_at LIMIT ?`,
    [keepFrom, limit],
  );
  for (const row of old) {
    db.run('DELETE FROM group_entries WHERE number = ?', [numberOf(row, 'number')]);
    db.run(
      'UPDATE group_logs SET messages = messages - 1, message_bytes = message_bytes - ? WHERE number = ?',
      [numberOf(row, 'size'), numberOf(row, 'log')],
    );
  }
  const maxWelcomes = Math.ceil(limit / messagesPerWelcome);
  const welcomes = db.all(
    `SELECT number, log, length(welcome) AS size FROM group_welcomes
     WHERE came_at < ? ORDER BY came_at LIMIT ?`,
    [keepFrom, maxWelcomes],
  );
  for (const row of welcomes) {
    db.run('DELETE FROM group_welcomes WHERE number = ?', [numberOf(row, 'number')]);
    db.run('UPDATE group_logs SET link_bytes = link_bytes - ? WHERE number = ?', [
      numberOf(row, 'size'),
      numberOf(row, 'log'),
    ]);
  }
  return old.length >= limit || welcomes.length >= maxWelcomes;
}
