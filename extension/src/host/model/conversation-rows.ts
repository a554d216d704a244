/** What the list of conversations shows, as plain values: names made safe, words and icons chosen, nothing of VS Code. */
import type { ConversationKey, ConversationSummary } from '@crypt2chat/shared/engine';
import { plainName } from './plain-text.ts';

export interface ConversationRow {
  readonly key: ConversationKey;
  readonly label: string;
  /** Behind the label, paler: when something happened last, or what is asked of the person. */
  readonly description: string;
  /** Plain text, never Markdown. */
  readonly tooltip: string;
  /** The name of a codicon. */
  readonly icon: string;
  /** `conversation.` and the status, for the `when` clauses of the manifest. */
  readonly context: string;
  readonly unread: number;
  /** For a screen reader, in place of what the other fields look like. */
  readonly spoken: string;
}

export interface ConversationRows {
  readonly main: readonly ConversationRow[];
  /** Ignored and blocked: out of the way, within reach. */
  readonly muted: readonly ConversationRow[];
}

/** How `when` is told. */
export interface TimeStyle {
  readonly now: Date;
  readonly locale?: string;
  readonly timeZone?: string;
}

export function conversationRows(
  conversations: readonly ConversationSummary[],
  time: TimeStyle,
): ConversationRows {
  const rows = { main: [] as ConversationRow[], muted: [] as ConversationRow[] };
  for (const conversation of conversations) {
    rows[isMuted(conversation) ? 'muted' : 'main'].push(rowOf(conversation, time));
  }
  return rows;
}

/** What the badge counts: unread messages of people one talks to, and each request as one. */
export function badgeCount(conversations: readonly ConversationSummary[]): number {
  let count = 0;
  for (const { status, unread } of conversations) {
    if (status === 'active') count += unread;
    else if (status === 'request') count += 1;
  }
  return count;
}

/** Today by the clock, within the week by the day, else by the date. */
export function whenOf(at: number, { now, locale, timeZone }: TimeStyle): string {
  const dayMs = 24 * 60 * 60 * 1000;
  const told = (options: Intl.DateTimeFormatOptions, date: Date | number) =>
    new Intl.DateTimeFormat(locale, { ...options, ...(timeZone === undefined ? {} : { timeZone }) }).format(
      date,
    );
  const day = (date: Date | number) => told({ year: 'numeric', month: 'numeric', day: 'numeric' }, date);
  if (day(at) === day(now)) return told({ hour: '2-digit', minute: '2-digit' }, at);
  const age = now.getTime() - at;
  if (age >= 0 && age < 6 * dayMs) return told({ weekday: 'short' }, at);
  return told({ year: 'numeric', month: 'short', day: 'numeric' }, at);
}

function isMuted({ status }: ConversationSummary): boolean {
  return status === 'ignored' || status === 'blocked';
}

function rowOf(conversation: ConversationSummary, time: TimeStyle): ConversationRow {
  const { key, status, unread, lastActivityAt, verified, trouble } = conversation;
  const name = plainName(conversation.title);
  const when = lastActivityAt === undefined ? '' : whenOf(lastActivityAt, time);
  const said = {
    active: trouble === undefined ? when : 'needs a look',
    request: 'wants to write to you',
    ignored: 'ignored',
    blocked: 'blocked',
  }[status];
  const standing = verified
    ? 'the account you were given the address of'
    : 'the relay’s word for who this is';
  const unreadWords = unread === 0 ? '' : `${unread} unread`;
  return {
    key,
    label: name,
    description: said,
    tooltip: [name, standing, unreadWords, when].filter((part) => part !== '').join(' · '),
    icon: iconOf(conversation),
    context: `conversation.${status}`,
    unread: status === 'active' ? unread : 0,
    spoken: [name, unreadWords, said].filter((part) => part !== '').join(', '),
  };
}

function iconOf({ status, verified, trouble }: ConversationSummary): string {
  if (status === 'blocked') return 'circle-slash';
  if (status === 'ignored') return 'bell-slash';
  if (status === 'request') return 'person-add';
  if (trouble !== undefined) return 'warning';
  return verified ? 'verified' : 'account';
}
