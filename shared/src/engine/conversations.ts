/** Conversations and their messages as they are kept, and as they are shown. */
import { compareBytes, fromBase64url, toBase64url } from '../bytes/index.ts';
import { encodeCbor } from '../cbor/index.ts';
import { CodedError } from '../errors/index.ts';
import { accountId, formatAddress } from '../identity/index.ts';
import { hash32 } from '../primitives/index.ts';
import { type CodeBody, type Content, limits, messageIdBytes } from '../wire/index.ts';
import { mustGet, setTrouble } from './contacts.ts';
import type { Core } from './core.ts';
import { summariseGroup } from './group-summary.ts';
import { dropEnvelopes, queue } from './outgoing.ts';
import {
  contacts,
  conversations,
  messageKey,
  messages,
  originals,
  outgoing,
  type ContactRecord,
  type ConversationRecord,
  type MessageRecord,
} from './records.ts';
import type { ConversationStatus, ConversationSummary, Draft, MessageState, MessageView } from './types.ts';

/** Requests that wait for an answer at the most. Those that were answered, however, leave room for others. */
const maxRequests = 200;
/** What a stranger may leave before they are accepted. */
const maxRequestMessages = 20;
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

export function parseKey(key: string, size: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = fromBase64url(key);
  } catch {
    bytes = new Uint8Array(0);
  }
  if (bytes.length !== size) throw new CodedError('ERR_CONVERSATION_UNKNOWN', 'not a key');
  return bytes;
}

export function conversationWith(core: Core, { account }: ContactRecord): ConversationRecord | undefined {
  const ours = core.identityOf(core.requireAccount()).accountId;
  return core.vault.get(conversations, directConversationId(ours, account));
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
    owesHello: false,
    awaited: [],
  };
  saveConversation(core, made);
  return made;
}

/** What they send is dropped from now on, and so is what they would add us to. */
export function blockPerson(core: Core, account: Uint8Array): void {
  const conversation = ensureConversation(core, mustGet(core, account), 'blocked');
  if (conversation.status !== 'blocked') {
    saveConversation(core, { ...conversation, status: 'blocked', unread: 0 });
  }
}

/** The conversation with `contact`, which somebody here wants to see. */
export function beginConversation(core: Core, contact: ContactRecord): ConversationRecord {
  const conversation = ensureConversation(core, contact, 'active');
  if (conversation.status !== 'silent') return conversation;
  const begun = { ...conversation, status: 'active' as const };
  saveConversation(core, begun);
  return begun;
}

/** Whether one more stranger is heard. */
export function mayRequest(core: Core): boolean {
  const all = core.vault.list(conversations, { limit: maxConversations });
  return all.filter(({ status }) => status === 'request').length < maxRequests;
}

/** Whether there is as much in it as strangers may leave. */
export function isFull(core: Core, { id }: ConversationRecord): boolean {
  return core.vault.count(messages, id) >= maxRequestMessages;
}

export function saveConversation(core: Core, conversation: ConversationRecord): void {
  core.vault.put(conversations, conversation);
  announceConversation(core, conversation.id);
}

/** Tells the outside, once, how the conversation looks after the present transaction, and the loops to look at it. */
export function announceConversation(core: Core, id: Uint8Array): void {
  core.touch(id);
  core.afterCommitOnce(toBase64url(id), () => {
    const conversation = core.vault.get(conversations, id);
    if (conversation && conversation.status !== 'silent')
      core.announce({ kind: 'conversation', conversation: summarise(core, conversation) });
  });
}

export function summarise(core: Core, conversation: ConversationRecord): ConversationSummary {
  if (conversation.group) return summariseGroup(core, conversation);
  const contact = contactOf(core, conversation);
  return {
    key: toBase64url(conversation.id),
    title: contact.username,
    address: formatAddress(contact.username, accountId(contact.account)),
    status: shownStatus(conversation),
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
    .filter(({ status }) => status !== 'silent')
    .map((conversation) => summarise(core, conversation))
    .sort((a, b) => (b.lastActivityAt ?? 0) - (a.lastActivityAt ?? 0));
}

/** The other side of a conversation of two. */
export function contactOf(core: Core, conversation: ConversationRecord): ContactRecord {
  if (!conversation.peer) throw new TypeError('a group has no other side');
  return mustGet(core, conversation.peer);
}

/** Nobody shows a conversation that is silent; whoever opens it begins it. */
export function shownStatus({ status }: ConversationRecord): ConversationStatus {
  return status === 'silent' ? 'active' : status;
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
    ...(message.mention && { mentionsUs: true }),
    ...(message.sharedBy && { sharedBy: core.vault.get(contacts, message.sharedBy)?.username ?? '' }),
    ...(message.progress && { progress: message.progress }),
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
  core.vault.delete(originals, key);
  dropEnvelopes(core, key);
  core.announce({ kind: 'message-removed', conversation: toBase64url(conversation), key: toBase64url(id) });
}

/** How many of `removed` count among what has not been seen. */
export function countUnread({ readUpTo }: ConversationRecord, removed: readonly MessageRecord[]): number {
  return removed.filter(
    ({ own, body, ...place }) =>
      !own && body.kind !== 'event' && (!readUpTo || comparePlaces(place, readUpTo) > 0),
  ).length;
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
  queue(core, message);
  saveConversation(core, { ...conversation, counter, lastActivityAt: now, draft: '' });
  return message;
}

export function comparePlaces(
  a: { readonly counter: number; readonly id: Uint8Array },
  b: { readonly counter: number; readonly id: Uint8Array },
): number {
  return a.counter - b.counter || compareBytes(a.id, b.id);
}

/** What a content says, as it is kept. */
export function messageBody(
  content: Pick<Extract<Content, { kind: 'text' | 'code' }>, 'kind' | 'body'>,
): Draft {
  return content.kind === 'text'
    ? { kind: 'text', text: content.body.text }
    : { kind: 'code', ...(content.body as CodeBody) };
}

export function insertTheirs(core: Core, conversation: ConversationRecord, message: MessageRecord): void {
  saveMessage(core, message, conversation.status === 'active' || conversation.status === 'request');
  const { readUpTo, ...rest } = conversation;
  const late = readUpTo !== undefined && comparePlaces(message, readUpTo) < 0;
  saveConversation(core, {
    ...rest,
    // A message that comes late stands above what was read already: it does not make that unread again.
    unread: conversation.unread + (late ? 0 : 1),
    mentions: (conversation.mentions ?? 0) + (message.mention && !late ? 1 : 0),
    ...(readUpTo && { readUpTo }),
    counter: Math.max(conversation.counter, message.counter),
    lastActivityAt: core.clock.now(),
  });
}
