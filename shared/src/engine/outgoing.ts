/** Sealed in their turn and sent until they are confirmed: messages, and letters, which are never shown. */
import { type CborValue, encodeCbor } from '../cbor/index.ts';
import { limits, messageIdBytes } from '../wire/index.ts';
import type { Core } from './core.ts';
import {
  type ConversationRecord,
  type LetterRecord,
  letters,
  messageKey,
  type MessageRecord,
  outbox,
  outgoing,
} from './records.ts';

/** From now on it waits to be sealed and sent. */
export function queue(
  core: Core,
  { conversation, id, counter }: Pick<MessageRecord, 'conversation' | 'id' | 'counter'>,
): void {
  core.vault.put(outgoing, { conversation, id, counter, waiting: true, sealedIn: [] });
}

/**
 * Sends what is never shown: to somebody, about a group; or to a group. It takes no place among the messages.
 * @param nth of several that are to be sent in an order of theirs.
 * @returns its id.
 */
export function sendLetter(
  core: Core,
  conversation: ConversationRecord,
  kind: LetterRecord['kind'],
  body: CborValue,
  nth = 0,
): Uint8Array {
  const id = core.randomness.bytes(messageIdBytes);
  core.vault.put(letters, { conversation: conversation.id, id, kind, body: encodeCbor(body) });
  queue(core, { conversation: conversation.id, id, counter: conversation.counter + nth });
  core.touch(conversation.id);
  return id;
}

/** What has arrived need not be kept to be sent again. Of a message it is nothing. */
export function dropLetter(core: Core, conversation: Uint8Array, id: Uint8Array): void {
  const key = messageKey(conversation, id);
  if (!core.vault.get(letters, key)) return;
  core.vault.delete(letters, key);
  core.vault.delete(outgoing, key);
  dropEnvelopes(core, key);
}

/** Whatever is sealed of it and has not left. */
export function dropEnvelopes(core: Core, key: Uint8Array): void {
  for (const { id } of core.vault.list(outbox, { scope: key, limit: limits.devicesPerAccount * 4 }))
    core.vault.delete(outbox, id);
}
