/** Conversations and their messages as they are kept, and as they are shown. */
import { compareBytes, fromBase64url, toBase64url } from '../bytes/index.ts';
import { encodeCbor } from '../cbor/index.ts';
import { CodedError } from '../errors/index.ts';
import { accountId, formatAddress } from '../identity/index.ts';
import { hash32 } from '../primitives/index.ts';
import { limits, messageIdBytes } from '../wire/index.ts';
import { mustGet, setTrouble } from './contacts.ts';
import type { Core } from './core.ts';
import {
  contacts,
  conversations,
  maxOwed,
  messageKey,
  messages,
  outbox,
  outgoing,
  type ContactRecord,
  type ConversationRecord,
  type MessageRecord,
} from './records.ts';
import type { ConversationSummary, Draft, MessagePage, MessageState, MessageView, Place } from './types.ts';

/** Requests that wait for an answer at the most. Those that were answered, however, leave room for others. */
const maxRequests = 200;
/** Conversations that are listed, opened and cached. */
export const maxConversations = 2_000;
const stateRank: Readonly<Record<MessageState, number>> = {
  failed: 0,
  pending: 1,
  sent: 2,
  delivered: 3,
  read: 4,
};

/** The protocol's name for the conversation of two accounts (§8). */
export function directConversationId(a: Uint8Array, b: Uint8Array): Uint8Array {
  const pair = compareBytes(a, b) < 0 ? [a, b] : [b, a];
  return hash32('crypt2chat/v1/conversation/direct', encodeCbor(pair));
}

/** @throws CodedError `ERR_CONVERSATION_UNKNOWN`. */
export function findConversation(core: Core, key: string): ConversationRecord {
  const conversation = core.vault.get(conversations, parseKey(key, 32));
  if (!conversation) throw new CodedError('ERR_CONVERSATION_UNKNOWN', 'there is no such conversation');
  return conversation;
}

/** @throws CodedError `ERR_MESSAGE_UNKNOWN`. */
export function findMessage(core: Core, conversation: ConversationRecord, key: string): MessageRecord {
  const message = core.vault.get(messages, messageKey(conversation.id, parseKey(key, messageIdBytes)));
  if (!message) throw new CodedError('ERR_MESSAGE_UNKNOWN', 'there is no such message');
  return message;
}

function parseKey(key: string, size: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = fromBase64url(key);
  } catch {
    bytes = new Uint8Array(0);
  }
  if (bytes.length !== size) throw new CodedError('ERR_CONVERSATION_UNKNOWN', 'not a key');
  return bytes;
}

/** The conversation with `contact`; made with `status` where there is none. */
export function ensureConversation(
  core: Core,
  contact: ContactRecord,
  status: ConversationRecord['status'],
): ConversationRecord {
  const id = directConversationId(core.identityOf(core.requireAccount()).accountId, contact.account);
  const known = core.vault.get(conversations, id);
  if (known) return known;
  const made: ConversationRecord = {
    id,
    peer: contact.account,
    status,
    draft: '',
    counter: 0,
    unread: 0,
    owedDelivered: [],
    owedRead: [],
    owesHello: false,
    awaited: [],
  };
  saveConversation(core, made);
  return made;
}

/** Whether one more stranger is heard. */
export function mayRequest(core: Core): boolean {
  const all = core.vault.list(conversations, { limit: maxConversations });
  return all.filter(({ status }) => status === 'request').length < maxRequests;
}

export function saveConversation(core: Core, conversation: ConversationRecord): void {
  core.vault.put(conversations, conversation);
  announceConversation(core, conversation.id);
}

/** Tells the outside how the conversation looks after the present transaction. */
export function announceConversation(core: Core, id: Uint8Array): void {
  core.afterCommit(() => {
    const conversation = core.vault.get(conversations, id);
    if (conversation) core.announce({ kind: 'conversation', conversation: summarise(core, conversation) });
  });
}

export function summarise(core: Core, conversation: ConversationRecord): ConversationSummary {
  const contact = mustGet(core, conversation.peer);
  return {
    key: toBase64url(conversation.id),
    title: contact.username,
    address: formatAddress(contact.username, accountId(contact.account)),
    status: conversation.status,
    verified: contact.verified,
    unread: conversation.unread,
    draft: conversation.draft,
    ...(conversation.lastActivityAt === undefined ? {} : { lastActivityAt: conversation.lastActivityAt }),
    ...(contact.trouble === undefined ? {} : { trouble: contact.trouble }),
  };
}

/** Two logs of one account have been seen: nothing is sent there any more, and it is shown. */
export function markFork(core: Core, account: Uint8Array): void {
  core.transaction(() => {
    setTrouble(core, account, 'ERR_LOG_FORK');
    announceConversation(
      core,
      directConversationId(core.identityOf(core.requireAccount()).accountId, account),
    );
  });
}

/** By latest activity, newest first. */
export function listConversations(core: Core): ConversationSummary[] {
  return core.vault
    .list(conversations, { limit: maxConversations })
    .map((conversation) => summarise(core, conversation))
    .sort((a, b) => (b.lastActivityAt ?? 0) - (a.lastActivityAt ?? 0));
}

export function contactOf(core: Core, conversation: ConversationRecord): ContactRecord {
  return mustGet(core, conversation.peer);
}

export function show(core: Core, message: MessageRecord): MessageView {
  const author = message.own
    ? core.requireAccount().username
    : core.vault.get(contacts, message.author)?.username;
  return {
    key: toBase64url(message.id),
    conversation: toBase64url(message.conversation),
    counter: message.counter,
    author: author ?? '',
    own: message.own,
    sentAt: message.sentAt,
    body: message.body,
    ...(message.state === undefined ? {} : { state: message.state }),
    ...(message.failure === undefined ? {} : { failure: message.failure }),
  };
}

export function saveMessage(core: Core, message: MessageRecord, arrived = false): void {
  core.vault.put(messages, message);
  core.announce({ kind: 'message', message: show(core, message), arrived });
}

/** Removes a message of ours or the view of another's, with whatever was still to be sent of it. */
export function removeMessage(core: Core, { conversation, id }: MessageRecord): void {
  const key = messageKey(conversation, id);
  core.vault.delete(messages, key);
  core.vault.delete(outgoing, key);
  for (const envelope of core.vault.list(outbox, { scope: key, limit: limits.devicesPerAccount * 4 })) {
    core.vault.delete(outbox, envelope.id);
  }
  core.announce({ kind: 'message-removed', conversation: toBase64url(conversation), key: toBase64url(id) });
}

/** How many of `removed` count among what has not been seen. */
export function countUnread({ readUpTo }: ConversationRecord, removed: readonly MessageRecord[]): number {
  return removed.filter((message) => !message.own && (!readUpTo || comparePlaces(message, readUpTo) > 0))
    .length;
}

/** A message of ours gets further on its way; it never goes back. */
export function advanceMessage(
  core: Core,
  conversation: Uint8Array,
  id: Uint8Array,
  state: MessageState,
): void {
  const message = core.vault.get(messages, messageKey(conversation, id));
  if (!message?.own || message.state === undefined || stateRank[message.state] >= stateRank[state]) return;
  const { failure: _, ...rest } = message;
  saveMessage(core, { ...rest, state });
}

export function failMessage(core: Core, conversation: Uint8Array, id: Uint8Array, failure: string): void {
  const message = core.vault.get(messages, messageKey(conversation, id));
  if (message?.own && message.state === 'pending')
    saveMessage(core, { ...message, state: 'failed', failure });
}

/** Adds a message of this account's to the conversation, to be sealed and sent. */
export function addOwnMessage(core: Core, conversation: ConversationRecord, draft: Draft): MessageRecord {
  const now = core.clock.now();
  const counter = Math.min(conversation.counter + 1, limits.counter);
  const message: MessageRecord = {
    id: core.randomness.bytes(messageIdBytes),
    conversation: conversation.id,
    counter,
    author: core.identityOf(core.requireAccount()).accountId,
    own: true,
    sentAt: now,
    body: draft,
    state: 'pending',
  };
  saveMessage(core, message);
  core.vault.put(outgoing, {
    conversation: conversation.id,
    id: message.id,
    counter,
    waiting: true,
    sealedIn: [],
  });
  saveConversation(core, { ...conversation, counter, lastActivityAt: now, draft: '' });
  return message;
}

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
  return unreadMessages(core, conversation, unreadPage).find(({ own }) => !own);
}

/** Own messages between unread ones are few: whoever writes has read. */
const unreadPage = 50;
/** More than this is marked as read without telling the author of each. */
const maxMarked = 20_000;

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
  for (const message of unreadMessages(core, conversation, maxMarked)) {
    if (message.own) continue;
    if (comparePlaces(message, upTo) <= 0) passed.push(message);
    else unread++;
  }
  const last = passed[passed.length - 1];
  if (!last) return;
  const readable =
    conversation.status === 'active' ? passed.filter(({ body }) => body.kind !== 'unreadable') : [];
  // Of very many the last ones are told.
  const room = maxOwed - conversation.owedRead.length;
  const read = room === 0 ? [] : readable.slice(-room).map(({ id }) => id);
  const told = new Set(read.map(toBase64url));
  saveConversation(core, {
    ...conversation,
    unread,
    readUpTo: { counter: last.counter, id: last.id },
    owedRead: [...conversation.owedRead, ...read],
    owedDelivered: conversation.owedDelivered.filter((id) => !told.has(toBase64url(id))),
  });
}

export function comparePlaces(
  a: { readonly counter: number; readonly id: Uint8Array },
  b: { readonly counter: number; readonly id: Uint8Array },
): number {
  return a.counter - b.counter || compareBytes(a.id, b.id);
}
