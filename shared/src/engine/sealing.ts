/**
 * From messages to sealed envelopes. The new ratchet states and the envelopes are stored in one transaction, and
 * only then does anything leave: a crash in between sends the same envelopes again, never two under one key.
 */
import { equalBytes } from '../bytes/index.ts';
import { decodeCbor } from '../cbor/index.ts';
import { accountId, deviceId, type Identity } from '../identity/index.ts';
import { encrypt } from '../ratchet/index.ts';
import {
  encodeContent,
  encodeEnvelope,
  envelopeIdBytes,
  letterBodySchema,
  limits,
  messageIdBytes,
  type Content,
} from '../wire/index.ts';
import { sealFirstMessage } from '../x3dh/index.ts';
import { contactOf, saveConversation } from './conversations.ts';
import type { Core } from './core.ts';
import { owedThrough, settleOwed } from './owed.ts';
import {
  conversations,
  letters,
  messageKey,
  messages,
  outbox,
  outgoing,
  outgoingScope,
  sessions,
  type AccountRecord,
  type ContactRecord,
  type ConversationRecord,
  type LetterRecord,
  type MessageRecord,
  type OutgoingRecord,
  type OwedRecord,
  type SessionRecord,
} from './records.ts';
import { openingHandshake, ratchetOf, sessionsWith, withRatchet } from './sessions.ts';

/** Messages that are looked at in one transaction. */
const messagesPerStep = 64;
/** Messages that wait for a conversation to be taken up again. */
const maxPassedOver = 10_000;

type Body = Pick<Content, 'kind' | 'body'> & { readonly conversation?: Uint8Array };
type TextOrCode = Pick<Extract<Content, { kind: 'text' | 'code' }>, 'kind' | 'body'>;
const maxLetterBytes = 64 * 1024;

/** Whether anything of the conversation waits to be sealed. */
export function needsSealing(core: Core, conversation: ConversationRecord): boolean {
  return (
    waitingReceipts(core, conversation).length > 0 ||
    (conversation.owesHello && conversation.status === 'active') ||
    waitingMessages(core, conversation).length > 0
  );
}

/** To whom nothing is said, letters about the groups that one shares with them go all the same. */
function waitingMessages(core: Core, { id, status }: ConversationRecord): OutgoingRecord[] {
  const scope = outgoingScope(id, true);
  if (status === 'active') return core.vault.list(outgoing, { scope, limit: messagesPerStep });
  return core.vault
    .list(outgoing, { scope, limit: maxPassedOver })
    .filter((entry) => core.vault.get(letters, messageKey(id, entry.id)) !== undefined)
    .slice(0, messagesPerStep);
}

function waitingReceipts(core: Core, { id, status }: ConversationRecord): OwedRecord[] {
  return owedThrough(core, id).filter(
    (record) => status === 'active' || !equalBytes(record.conversation, id),
  );
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
    const receipts = waitingReceipts(core, conversation);
    for (const record of receipts) {
      const ids = record.ids.slice(0, limits.receiptIds);
      sealForDevices(core, conversation, contact, devices, {
        kind: 'receipt',
        body: { state: record.state, ids },
        conversation: record.conversation,
      });
      settleOwed(core, record, ids.length);
    }
    if (conversation.owesHello && conversation.status === 'active') {
      sealForDevices(core, conversation, contact, devices, { kind: 'control', body: { action: 'hello' } });
      saveConversation(core, { ...conversation, owesHello: false });
    }
    return waiting.length === messagesPerStep || receipts.some(({ ids }) => ids.length > limits.receiptIds);
  });
}

function sealMessage(
  core: Core,
  conversation: ConversationRecord,
  contact: ContactRecord,
  devices: readonly Uint8Array[],
  entry: OutgoingRecord,
): void {
  const key = messageKey(entry.conversation, entry.id);
  const message = core.vault.get(messages, key);
  const letter = core.vault.get(letters, key);
  const body = message ? bodyOf(message) : letter && letterBody(letter);
  if (!body) {
    core.vault.delete(outgoing, key);
    return;
  }
  const missing = devices.filter((device) => !entry.sealedIn.some((one) => equalBytes(one.device, device)));
  const sealed = sealForDevices(core, conversation, contact, missing, body, message ?? entry);
  const kept = entry.sealedIn.filter((one) => devices.some((device) => equalBytes(one.device, device)));
  core.vault.put(outgoing, { ...entry, waiting: false, sealedIn: [...kept, ...sealed] });
}

function letterBody({ body }: LetterRecord): Body {
  return { kind: 'group', body: decodeCbor(letterBodySchema, body, maxLetterBytes) };
}

/** What a message says; undefined for what is never sent. */
export function bodyOf({ body }: Pick<MessageRecord, 'body'>): TextOrCode | undefined {
  switch (body.kind) {
    case 'text':
      return { kind: 'text', body: { text: body.text } };
    case 'code': {
      const { kind, ...code } = body;
      return { kind, body: code };
    }
    case 'unreadable':
    case 'event':
      return undefined;
  }
}

function sealForDevices(
  core: Core,
  conversation: ConversationRecord,
  contact: ContactRecord,
  devices: readonly Uint8Array[],
  body: Body,
  message?: Pick<MessageRecord, 'id' | 'counter'> & { readonly sentAt?: number },
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
