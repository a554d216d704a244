/** How messages stand in the list: days, runs of one author, the “new” line, and the one “read” that is written out. */
import type { ViewMessage, ViewPlace } from '../../ipc/index.ts';
import { comparePlaces } from './order.ts';
import { dayOf } from './times.ts';
import type { Window } from './window.ts';

export interface Row {
  readonly message: ViewMessage;
  /** The first of its day. */
  readonly newDay: boolean;
  /** The first of its run: shows who and when. */
  readonly head: boolean;
  /** The “new” line stands in front of it. */
  readonly unreadLine: boolean;
  /** The newest of our messages that was read. */
  readonly lastRead: boolean;
}

/** Messages of one author belong together when no more than this lies between them. */
const runMs = 5 * 60 * 1000;

/** The newest own message that was read, searched no further back than this. */
const lastReadReach = 1000;

export function rowsOf(
  messages: readonly ViewMessage[],
  { start, end }: Window,
  firstUnread: ViewPlace | undefined,
): Row[] {
  const lastRead = newestRead(messages);
  return messages.slice(start, end).map((message, offset) => {
    const previous = messages[start + offset - 1];
    const newDay = previous === undefined || dayOf(previous.sentAt) !== dayOf(message.sentAt);
    const unreadLine =
      firstUnread !== undefined &&
      comparePlaces(message, firstUnread) >= 0 &&
      (previous === undefined || comparePlaces(previous, firstUnread) < 0);
    return {
      message,
      newDay,
      unreadLine,
      head: newDay || unreadLine || !isRun(previous, message),
      lastRead: message.key === lastRead,
    };
  });
}

function isRun(previous: ViewMessage, message: ViewMessage): boolean {
  return (
    previous.own === message.own &&
    previous.author === message.author &&
    previous.sharedBy === message.sharedBy &&
    message.mentionsUs !== true &&
    standsInRun(previous) &&
    standsInRun(message) &&
    Math.abs(message.sentAt - previous.sentAt) <= runMs
  );
}

function standsInRun({ body }: ViewMessage): boolean {
  return body.kind === 'text' || body.kind === 'code';
}

function newestRead(messages: readonly ViewMessage[]): string | undefined {
  const from = Math.max(0, messages.length - lastReadReach);
  for (let i = messages.length - 1; i >= from; i--) {
    const message = messages[i]!;
    if (message.own && message.state === 'read') return message.key;
  }
  return undefined;
}

export function sameRow(a: Row, b: Row): boolean {
  return (
    a.message === b.message &&
    a.newDay === b.newDay &&
    a.head === b.head &&
    a.unreadLine === b.unreadLine &&
    a.lastRead === b.lastRead
  );
}
