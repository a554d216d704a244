/** What the list of conversations shows, as plain values: names made safe, words and icons chosen, nothing of VS Code. */
import type { ConversationKey, ConversationSummary } from '@crypt2chat/shared/engine';
import { sentenceOfStanding } from '../../ipc/index.ts';
import { isIn, plainTitle } from './group-rows.ts';
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
  /**
   * `person.` or `group.` and the status, for the `when` clauses of the manifest; then what holds of it: `.quiet`, and of
   * a group that we are in `.in`, `.admin`, `.adds`.
   */
  readonly context: string;
  readonly badge: RowBadge | undefined;
  /** For a screen reader, in place of what the other fields look like. */
  readonly spoken: string;
}

export interface RowBadge {
  /** At most two characters. */
  readonly text: string;
  readonly tooltip: string;
  /** It is for us: it stands out from the list. */
  readonly loud: boolean;
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

/** @param quiet those that are not announced */
export function conversationRows(
  conversations: readonly ConversationSummary[],
  time: TimeStyle,
  quiet: { has(key: ConversationKey): boolean },
): ConversationRows {
  const rows = { main: [] as ConversationRow[], muted: [] as ConversationRow[] };
  for (const conversation of conversations) {
    const row = rowOf(conversation, time, quiet.has(conversation.key));
    rows[isPutAside(conversation) ? 'muted' : 'main'].push(row);
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

function isPutAside({ status }: ConversationSummary): boolean {
  return status === 'ignored' || status === 'blocked';
}

function rowOf(conversation: ConversationSummary, time: TimeStyle, isQuiet: boolean): ConversationRow {
  const { key, unread, lastActivityAt, group } = conversation;
  const name = plainTitle(conversation);
  const when = lastActivityAt === undefined ? '' : whenOf(lastActivityAt, time);
  const said = saidOf(conversation) ?? when;
  const mentions = group?.mentions ?? 0;
  const counts = [
    mentions === 0 ? '' : `${mentions} ${mentions === 1 ? 'mentions' : 'mention'} you`,
    unread === 0 ? '' : `${unread} unread`,
    isQuiet ? 'muted' : '',
  ];
  return {
    key,
    label: name,
    description: joined(' · ', said, isQuiet ? 'muted' : ''),
    tooltip: joined(' · ', name, standingOf(conversation), ...counts, when),
    icon: iconOf(conversation),
    context: contextOf(conversation, isQuiet),
    badge: badgeOf(conversation, isQuiet),
    spoken: joined(', ', name, group === undefined ? '' : 'group', ...counts, said),
  };
}

function joined(between: string, ...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(between);
}

/** What matters more than when something happened. */
function saidOf({ status, trouble, group }: ConversationSummary): string | undefined {
  switch (status) {
    case 'request':
      if (group === undefined) return 'wants to write to you';
      return group.invitedBy === undefined ? 'you were added' : `${plainName(group.invitedBy)} added you`;
    case 'ignored':
    case 'blocked':
      return status;
    case 'active':
      break;
  }
  const standing = group === undefined ? undefined : sentenceOfStanding(group.standing);
  return standing?.brief ?? (trouble === undefined ? undefined : 'needs a look');
}

function standingOf({ verified, group }: ConversationSummary): string {
  if (group === undefined) {
    return verified ? 'the account you were given the address of' : 'the relay’s word for who this is';
  }
  const { people, verifiedPeople } = group;
  return `${people} ${people === 1 ? 'person' : 'people'}, ${verifiedPeople} verified`;
}

function iconOf(conversation: ConversationSummary): string {
  const { status, verified, trouble, group } = conversation;
  if (status === 'blocked') return 'circle-slash';
  if (status === 'ignored') return 'bell-slash';
  if (status === 'request') return 'person-add';
  const isStuck = group?.standing === 'keys-missing' || group?.standing === 'stuck';
  if (trouble !== undefined || isStuck) return 'warning';
  if (group !== undefined) return 'symbol-numeric';
  return verified ? 'verified' : 'account';
}

/** What the row's menu depends on; see ConversationRow.context. */
export function contextOf({ status, group }: ConversationSummary, isQuiet: boolean): string {
  const parts = [group === undefined ? 'person' : 'group', status];
  if (isQuiet) parts.push('quiet');
  if (group !== undefined && isIn(group)) {
    parts.push('in');
    if (group.admin) parts.push('admin');
    if (group.mayAdd) parts.push('adds');
  }
  return parts.join('.');
}

/** In a group it is loud only when somebody means us. */
function badgeOf({ status, unread, group }: ConversationSummary, isQuiet: boolean): RowBadge | undefined {
  if (status !== 'active') return undefined;
  const mentions = group?.mentions ?? 0;
  if (mentions > 0) {
    const tooltip = `${mentions} unread ${mentions === 1 ? 'mention' : 'mentions'} of you`;
    return { text: `@${mentions > 9 ? '+' : mentions}`, tooltip, loud: !isQuiet };
  }
  if (unread === 0) return undefined;
  const text = unread > 9 ? '9+' : String(unread);
  return { text, tooltip: `${unread} unread`, loud: group === undefined && !isQuiet };
}
