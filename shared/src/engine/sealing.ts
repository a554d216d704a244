/**
 * From messages to sealed envelopes. The new ratchet states and the envelopes are stored in one transaction, and
 * only then does anything leave: a crash in between sends the same envelopes again, never two under one key.
 */
import { equalBytes } from '../bytes/index.ts';
import { accountId, deviceId, type Identity } from '../identity/index.ts';
import { encrypt } from '../ratchet/index.ts';
import {
  encodeContent,
  encodeEnvelope,
  envelopeIdBytes,
  limits,
  messageIdBytes,
  type Content,
} from '../wire/index.ts';
import { sealFirstMessage } from '../x3dh/index.ts';
import { contactOf, saveConversation } from './conversations.ts';
import type { Core } from './core.ts';
import {
  conversations,
  messageKey,
  messages,
  outbox,
  outgoing,
  outgoingScope,
  sessions,
  type AccountRecord,
  type ContactRecord,
  type ConversationRecord,
  type MessageRecord,
  type OutgoingRecord,
  type SessionRecord,
} from './records.ts';
import { openingHandshake, ratchetOf, sessionsWith, withRatchet } from './sessions.ts';

/** Messages that are looked at in one transaction. */
const messagesPerStep = 64;

type Body = Pick<Content, 'kind' | 'body'>;

/** Whether anything of the conversation waits to be sealed. */
export function needsSealing(core: Core, conversation: ConversationRecord): boolean {
  return (
    conversation.owedDelivered.length > 0 ||
    conversation.owedRead.length > 0 ||
    conversation.owesHello ||
    waitingMessages(core, conversation).length > 0
  );
}

function waitingMessages(core: Core, conversation: ConversationRecord): OutgoingRecord[] {
  return core.vault.list(outgoing, { scope: outgoingScope(conversation.id, true), limit: messagesPerStep });
}

/**
 * Seals what waits in the conversation for each active device of the peer, each of which must have a session.
 * @returns whether there is more.
 */
export function sealConversation(core: Core, id: Uint8Array): boolean {
  return core.transaction(() => {
    const conversation = core.vault.get(conversations, id);
    if (!conversation) return false;
    const contact = contactOf(core, conversation);
    const devices = core.identityOf(contact).devices.map((device) => device.id);
    const waiting = waitingMessages(core, conversation);
    for (const entry of waiting) sealMessage(core, conversation, contact, devices, entry);
    const delivered = conversation.owedDelivered.slice(0, limits.receiptIds);
    const read = conversation.owedRead.slice(0, limits.receiptIds);
    const bodies: Body[] = [];
    if (delivered.length > 0) bodies.push({ kind: 'receipt', body: { state: 'delivered', ids: delivered } });
    if (read.length > 0) bodies.push({ kind: 'receipt', body: { state: 'read', ids: read } });
    if (conversation.owesHello) bodies.push({ kind: 'control', body: { action: 'hello' } });
    for (const body of bodies) sealForDevices(core, conversation, contact, devices, body);
    if (bodies.length > 0) {
      const { owedDelivered, owedRead } = conversation;
      saveConversation(core, {
        ...conversation,
        owedDelivered: owedDelivered.slice(delivered.length),
        owedRead: owedRead.slice(read.length),
        owesHello: false,
      });
    }
    return (
      waiting.length === messagesPerStep ||
      conversation.owedDelivered.length > delivered.length ||
      conversation.owedRead.length > read.length
    );
  });
}

function sealMessage(
  core: Core,
  conversation: ConversationRecord,
  contact: ContactRecord,
  devices: readonly Uint8Array[],
  entry: OutgoingRecord,
): void {
  const message = core.vault.get(messages, messageKey(entry.conversation, entry.id));
  if (!message || message.body.kind === 'unreadable') {
    core.vault.delete(outgoing, messageKey(entry.conversation, entry.id));
    return;
  }
  const missing = devices.filter((device) => !entry.sealedIn.some((one) => equalBytes(one.device, device)));
  const sealed = sealForDevices(core, conversation, contact, missing, bodyOf(message), message);
  const kept = entry.sealedIn.filter((one) => devices.some((device) => equalBytes(one.device, device)));
  core.vault.put(outgoing, { ...entry, waiting: false, sealedIn: [...kept, ...sealed] });
}

function bodyOf({ body }: MessageRecord): Body {
  switch (body.kind) {
    case 'text':
      return { kind: 'text', body: { text: body.text } };
    case 'code': {
      const { kind, ...code } = body;
      return { kind, body: code };
    }
    case 'unreadable':
      throw new TypeError('an unreadable message is never sent');
  }
}

function sealForDevices(
  core: Core,
  conversation: ConversationRecord,
  contact: ContactRecord,
  devices: readonly Uint8Array[],
  body: Body,
  message?: MessageRecord,
): { device: Uint8Array; session: Uint8Array }[] {
  const account = core.requireAccount();
  const ours = core.identityOf(account);
  const theirs = core.identityOf(contact);
  const content = encodeContent({
    v: 1,
    id: message?.id ?? core.randomness.bytes(messageIdBytes),
    conversation: conversation.id,
    counter: message?.counter ?? conversation.counter,
    sentAt: message?.sentAt ?? core.clock.now(),
    ...body,
    heads: { ours: headOf(ours), theirs: headOf(theirs) },
    ...(contact.hasOurCapability ? {} : { capability: account.capability }),
  } as Content);
  let order = account.nextOutboxOrder;
  const sealed = devices.map((device) => {
    const session = sessionsWith(core, contact.account, device)[0];
    if (!session) throw new TypeError('there is no session with this device');
    const { state, message: ciphertext } = encrypt(ratchetOf(session), content, {
      randomness: core.randomness,
    });
    core.vault.put(sessions, { ...withRatchet(session, state), usedAt: core.clock.now() });
    core.vault.put(outbox, {
      id: core.randomness.bytes(envelopeIdBytes),
      order: order++,
      account: contact.account,
      device,
      envelope: encloseMessage(core, account, contact, session, ciphertext),
      conversation: conversation.id,
      ...(message && { message: message.id }),
    });
    return { device, session: session.id };
  });
  core.updateAccount({ nextOutboxOrder: order });
  return sealed;
}

/** A message of a session that the peer has not answered travels with its handshake (protocol §5). */
function encloseMessage(
  core: Core,
  account: AccountRecord,
  contact: ContactRecord,
  session: SessionRecord,
  message: Uint8Array,
): Uint8Array {
  if (!session.opening) return encodeEnvelope({ kind: 'message', body: message });
  const body = sealFirstMessage({
    accountId: accountId(contact.account),
    deviceId: deviceId(session.device),
    sealingKey: session.opening.sealingKey,
    first: {
      log: account.links,
      device: core.deviceIdOf(account),
      handshake: openingHandshake(session.opening),
      message,
    },
    randomness: core.randomness,
  });
  return encodeEnvelope({ kind: 'handshake', body });
}

function headOf({ head }: Identity): { seq: number; hash: Uint8Array } {
  return { seq: head.seq, hash: head.hash };
}
