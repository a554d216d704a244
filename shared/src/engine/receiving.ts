/**
 * What an envelope from the relay does: in one transaction it is opened, its session, message and receipts are
 * stored, and it is remembered, so that it is dealt with once however often it comes.
 */
import { equalBytes } from '../bytes/index.ts';
import { hasCode } from '../errors/index.ts';
import { hash32 } from '../primitives/index.ts';
import { type Content, messageIdBytes, parseEnvelope } from '../wire/index.ts';
import { contradictsHead, hasHead, mustGet } from './contacts.ts';
import {
  advanceMessage,
  conversationWith,
  countUnread,
  directConversationId,
  ensureConversation,
  insertTheirs,
  isFull,
  markFork,
  messageBody,
  maxConversations,
  mayRequest,
  removeMessage,
  saveConversation,
} from './conversations.ts';
import { dropLetter } from './outgoing.ts';
import { oweReceipts } from './read-marks.ts';
import type { Core } from './core.ts';
import { receiveGroupReceipt, receiveLetter } from './groups/index.ts';
import { openEnvelope, type Opened } from './opening.ts';
import { owe } from './owed.ts';
import {
  contacts,
  conversations,
  messageKey,
  messages,
  outgoing,
  seen,
  unopened,
  type ContactRecord,
  type ConversationRecord,
  type MessageRecord,
} from './records.ts';
import type { UnreadableReason } from './unreadable.ts';

/** Envelopes that are kept because they could not be opened. The oldest go first. */
const maxUnopened = 500;
/** Places that are held in a conversation at the most: a flood of garbage is no more news than the first of it. */
const maxAwaited = 20;
/** A session with a contact is replaced from our side at most this often. */
const renewalMs = 60 * 60 * 1000;
/** When it is unknown whose session is broken, at most this many of the latest are replaced. */
const maxSuspects = 20;

/** Runs in a transaction of its own, or within the caller's. */
export function receiveEnvelope(core: Core, bytes: Uint8Array): void {
  core.transaction(() => {
    const hash = hash32('crypt2chat/v1/engine/seen', bytes);
    if (core.vault.get(seen, hash)) return;
    core.vault.put(seen, { hash, at: core.clock.now() });
    const opened = openSafely(core, bytes);
    switch (opened.kind) {
      case 'duplicate':
        return;
      case 'unreadable':
        keepUnopened(core, hash, bytes, opened);
        return;
      case 'content':
        receiveContent(core, opened, hash, bytes);
    }
  });
}

function openSafely(core: Core, bytes: Uint8Array): Opened {
  try {
    return openEnvelope(core, parseEnvelope(bytes));
  } catch (error) {
    if (hasCode(error, 'ERR_NEWER_VERSION')) return { kind: 'unreadable', reason: 'newer-version' };
    if (hasCode(error, 'ERR_FORMAT')) return { kind: 'unreadable', reason: 'malformed' };
    throw error;
  }
}

function keepUnopened(
  core: Core,
  hash: Uint8Array,
  envelope: Uint8Array,
  { reason, from }: Extract<Opened, { kind: 'unreadable' }>,
): void {
  const at = core.clock.now();
  core.vault.put(unopened, { hash, envelope, reason, at });
  const [oldest] = core.vault.list(unopened, { limit: 1 });
  if (oldest && core.vault.count(unopened) > maxUnopened) core.vault.delete(unopened, oldest.hash);
  if (from) {
    const conversation = conversationWith(core, from);
    if (conversation?.status === 'active') {
      addUnreadable(core, conversation, from, reason);
      if (isRepairable(reason)) askForRenewal(core, from.account);
    }
  } else if (reason === 'no-session') {
    for (const peer of suspects(core)) askForRenewal(core, peer);
  }
}

/** Conversations whose session may be the broken one, the latest first; each gets its turn. */
function suspects(core: Core): Uint8Array[] {
  return core.vault
    .list(conversations, { limit: maxConversations })
    .sort((a, b) => (b.lastActivityAt ?? 0) - (a.lastActivityAt ?? 0))
    .flatMap(({ status, lastActivityAt, peer }) =>
      peer && status === 'active' && lastActivityAt !== undefined ? [peer] : [],
    )
    .filter((peer) => !wasRenewed(core, mustGet(core, peer)))
    .slice(0, maxSuspects);
}

/** A time in the future is a clock that was wrong. */
function wasRenewed(core: Core, { renewedAt }: ContactRecord): boolean {
  return renewedAt !== undefined && Math.abs(core.clock.now() - renewedAt) < renewalMs;
}

/** What a fresh session and a resend put right. */
function isRepairable(reason: UnreadableReason): boolean {
  return reason !== 'newer-version' && reason !== 'malformed';
}

/** A hello in a session of a higher round asks the peer to send again what was not confirmed. */
function askForRenewal(core: Core, account: Uint8Array): void {
  const contact = mustGet(core, account);
  const now = core.clock.now();
  if (wasRenewed(core, contact)) return;
  core.vault.put(contacts, { ...contact, renewedAt: now, renewalDue: true });
  const conversation = conversationWith(core, contact);
  if (conversation) saveConversation(core, { ...conversation, owesHello: true });
}

/** The peer has the new session, so what could not be opened comes again behind this: its places are given up. */
function releaseAwaited(core: Core, id: Uint8Array): void {
  const conversation = core.vault.get(conversations, id);
  if (!conversation || conversation.awaited.length === 0) return;
  const removed: MessageRecord[] = [];
  for (const awaited of conversation.awaited) {
    const message = core.vault.get(messages, messageKey(id, awaited));
    if (message?.body.kind !== 'unreadable') continue;
    removeMessage(core, message);
    removed.push(message);
  }
  const unread = Math.max(0, conversation.unread - countUnread(conversation, removed));
  saveConversation(core, { ...conversation, awaited: [], unread });
}

function addUnreadable(
  core: Core,
  conversation: ConversationRecord,
  from: ContactRecord,
  reason: UnreadableReason,
): void {
  const now = core.clock.now();
  const id = core.randomness.bytes(messageIdBytes);
  if (conversation.awaited.length >= maxAwaited) return;
  const awaited = isRepairable(reason) ? [...conversation.awaited, id] : conversation.awaited;
  insertTheirs(
    core,
    { ...conversation, awaited },
    {
      id,
      conversation: conversation.id,
      counter: conversation.counter,
      author: from.account,
      own: false,
      sentAt: now,
      body: { kind: 'unreadable', reason },
    },
  );
}

function receiveContent(
  core: Core,
  { from: sender, device, content, renewed }: Extract<Opened, { kind: 'content' }>,
  hash: Uint8Array,
  bytes: Uint8Array,
): void {
  const ours = core.identityOf(core.requireAccount());
  const id = directConversationId(ours.accountId, sender.account);
  const receipt = content.kind === 'receipt' && !equalBytes(content.conversation, id) ? content : undefined;
  if (!receipt && !equalBytes(content.conversation, id)) {
    keepUnopened(core, hash, bytes, { kind: 'unreadable', reason: 'malformed', from: sender });
    return;
  }
  const from = learnFromContent(core, sender, device, content);
  if (renewed) releaseAwaited(core, id);
  if (receipt) {
    receiveGroupReceipt(core, from, receipt);
    confirmCapability(core, from);
    return;
  }
  if (content.kind === 'group') {
    const through = ensureConversation(core, from, 'silent');
    receiveLetter(core, from, content.body);
    // Both ratchets turn by the answer: that is how groups heal.
    owe(core, through.id, through.id, 'delivered', [content.id]);
    return;
  }
  const known = core.vault.get(conversations, id);
  if (known?.status === 'blocked') return;
  switch (content.kind) {
    case 'text':
    case 'code':
      receiveMessage(core, from, known, content);
      return;
    case 'receipt':
      if (known) receiveReceipt(core, from, known, content);
      return;
    case 'control':
      return;
  }
}

/** Heads are compared, capabilities kept (protocol §8). */
function learnFromContent(
  core: Core,
  sender: ContactRecord,
  device: Uint8Array,
  content: Content,
): ContactRecord {
  const theirs = core.identityOf(sender);
  const ours = core.identityOf(core.requireAccount());
  const { heads, capability } = content;
  if (contradictsHead(theirs, heads.ours) || contradictsHead(ours, heads.theirs)) {
    markFork(core, sender.account);
  }
  if (heads.theirs.seq >= ours.length) core.noteOwnHead(sender.account, heads.theirs);
  let contact = mustGet(core, sender.account);
  if (!hasHead(theirs, heads.ours) && !contradictsHead(theirs, heads.ours))
    contact = { ...contact, missingHead: heads.ours };
  if (capability) {
    const active = theirs.devices.map(({ id }) => id);
    const others = contact.capabilities.filter(
      (one) => !equalBytes(one.device, device) && active.some((known) => equalBytes(known, one.device)),
    );
    contact = { ...contact, capabilities: [...others, { device, capability }] };
  }
  if (contact !== sender) core.vault.put(contacts, contact);
  return contact;
}

function receiveMessage(
  core: Core,
  from: ContactRecord,
  known: ConversationRecord | undefined,
  content: Extract<Content, { kind: 'text' | 'code' }>,
): void {
  const isNew = !known || known.status === 'silent';
  if (isNew && !mayRequest(core)) return;
  const conversation: ConversationRecord = isNew
    ? { ...ensureConversation(core, from, 'request'), status: 'request' }
    : known;
  const there = core.vault.get(messages, messageKey(conversation.id, content.id));
  if (there) {
    // Sent again because our receipt did not arrive. Somebody who reuses our own ids gains nothing.
    if (conversation.status === 'active') oweReceipts(core, conversation, 'delivered', [there]);
    return;
  }
  if (conversation.status !== 'active' && isFull(core, conversation)) return;
  const { id, counter, sentAt } = content;
  const message: MessageRecord = {
    id,
    conversation: conversation.id,
    counter,
    author: from.account,
    own: false,
    sentAt,
    body: messageBody(content),
  };
  insertTheirs(core, conversation, message);
  if (conversation.status === 'active') oweReceipts(core, conversation, 'delivered', [message]);
}

function receiveReceipt(
  core: Core,
  from: ContactRecord,
  conversation: ConversationRecord,
  { body }: Extract<Content, { kind: 'receipt' }>,
): void {
  for (const id of body.ids) {
    dropLetter(core, conversation.id, id);
    const message = core.vault.get(messages, messageKey(conversation.id, id));
    if (!message?.own) continue;
    advanceMessage(core, conversation.id, id, body.state);
    core.vault.delete(outgoing, messageKey(conversation.id, id));
  }
  confirmCapability(core, from);
}

/** They have opened something of ours that carried our present capability. */
function confirmCapability(core: Core, from: ContactRecord): void {
  if (!from.hasOurCapability)
    core.vault.put(contacts, { ...mustGet(core, from.account), hasOurCapability: true });
}
