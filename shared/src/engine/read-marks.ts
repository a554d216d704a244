/** What of a conversation is looked at, how far it has been read, and who is told of that. */
import { toBase64url } from '../bytes/index.ts';
import { messageIdBytes } from '../wire/index.ts';
import { comparePlaces, ensureConversation, parseKey, saveConversation, show } from './conversations.ts';
import type { Core } from './core.ts';
import { owe } from './owed.ts';
import { contacts, type ConversationRecord, type MessageRecord, messages } from './records.ts';
import type { MessagePage, Place } from './types.ts';

/** Own messages between unread ones are few: whoever writes has read. */
const unreadPage = 50;
/** More than this is marked as read without telling the author of each. */
const maxMarked = 20_000;

export function page(
  core: Core,
  conversation: ConversationRecord,
  before: Place | undefined,
  limit: number,
): MessagePage {
  const found = core.vault.list(messages, {
    scope: conversation.id,
    descending: true,
    limit: limit + 1,
    ...(before && { before: { rank: before.counter, tie: parseKey(before.key, messageIdBytes) } }),
  });
  const firstUnread = conversation.unread > 0 ? firstUnreadOf(core, conversation) : undefined;
  return {
    messages: found
      .slice(0, limit)
      .reverse()
      .map((message) => show(core, message)),
    hasOlder: found.length > limit,
    ...(firstUnread && { firstUnread: { counter: firstUnread.counter, key: toBase64url(firstUnread.id) } }),
  };
}

function firstUnreadOf(core: Core, conversation: ConversationRecord): MessageRecord | undefined {
  return unreadMessages(core, conversation, unreadPage).find(
    ({ own, body }) => !own && body.kind !== 'event',
  );
}

function unreadMessages(core: Core, conversation: ConversationRecord, limit: number): MessageRecord[] {
  const { readUpTo } = conversation;
  return core.vault.list(messages, {
    scope: conversation.id,
    limit,
    ...(readUpTo && { after: { rank: readUpTo.counter, tie: readUpTo.id } }),
  });
}

/** Everything of the peer's up to `place` has been seen. Going back changes nothing. */
export function markRead(core: Core, conversation: ConversationRecord, place: Place): void {
  const upTo = { counter: place.counter, id: parseKey(place.key, messageIdBytes) };
  const passed: MessageRecord[] = [];
  let unread = 0;
  let mentions = 0;
  for (const message of unreadMessages(core, conversation, maxMarked)) {
    if (message.own || message.body.kind === 'event') continue;
    if (comparePlaces(message, upTo) <= 0) passed.push(message);
    else {
      unread++;
      if (message.mention) mentions++;
    }
  }
  const last = passed[passed.length - 1];
  if (!last) return;
  if (conversation.status === 'active') oweReceipts(core, conversation, 'read', passed);
  saveConversation(core, {
    ...conversation,
    unread,
    mentions,
    readUpTo: { counter: last.counter, id: last.id },
  });
}

/** Whether its author is to be told what became of it: what nobody sent us, or we could not read, is not. */
function isAcknowledged({ own, body, sharedBy }: MessageRecord): boolean {
  return !own && body.kind !== 'unreadable' && body.kind !== 'event' && sharedBy === undefined;
}

/** Tells the authors of these messages how far they have come. In a group, each author is told in private. */
export function oweReceipts(
  core: Core,
  conversation: ConversationRecord,
  state: 'delivered' | 'read',
  of: readonly MessageRecord[],
): void {
  const byAuthor = new Map<string, MessageRecord[]>();
  for (const message of of.filter(isAcknowledged)) {
    const author = toBase64url(message.author);
    byAuthor.set(author, [...(byAuthor.get(author) ?? []), message]);
  }
  for (const theirs of byAuthor.values()) {
    const author = core.vault.get(contacts, theirs[0]!.author);
    if (!author) continue;
    const through = conversation.group ? ensureConversation(core, author, 'silent').id : conversation.id;
    owe(
      core,
      through,
      conversation.id,
      state,
      theirs.map(({ id }) => id),
    );
  }
}
