/** What members said takes its place in the conversation, with its signature. */
import { concat, equalBytes } from '../../bytes/index.ts';
import { hash32 } from '../../primitives/index.ts';
import { type GroupContent, messageIdBytes } from '../../wire/index.ts';
import { insertTheirs, messageBody } from '../conversations.ts';
import type { Core } from '../core.ts';
import type { GroupRecord } from '../group-records.ts';
import { ownAccountId } from '../group-summary.ts';
import { oweReceipts } from '../read-marks.ts';
import { conversations, messageKey, type MessageRecord, messages, originals } from '../records.ts';
import { mentions } from './mentions.ts';

/**
 * A message of somebody else's, with its signature kept for who joins later or lacks it.
 * @returns whether it was new.
 */
export function insertGroupMessage(
  core: Core,
  record: GroupRecord,
  author: Uint8Array,
  content: Extract<GroupContent, { kind: 'text' | 'code' }>,
  signed: Uint8Array,
  sharedBy?: Uint8Array,
): boolean {
  const conversation = record.conversation && core.vault.get(conversations, record.conversation);
  if (!conversation) return false;
  const id = idFor(core, conversation.id, content.id, author);
  if (!id) return false;
  const own = equalBytes(author, ownAccountId(core));
  const body = messageBody(content);
  const message: MessageRecord = {
    id,
    conversation: conversation.id,
    counter: content.counter,
    author,
    own,
    sentAt: content.sentAt,
    body,
    ...(own ? { state: 'sent' as const } : {}),
    ...(!own && !sharedBy && mentions(body, core.requireAccount().username) && { mention: true as const }),
    ...(sharedBy && { sharedBy }),
  };
  core.vault.put(originals, { conversation: conversation.id, id, signed });
  insertTheirs(core, conversation, message);
  if (conversation.status === 'active') oweReceipts(core, conversation, 'delivered', [message]);
  return true;
}

/**
 * A message of a group with its author's signature, to be handed on. One of ours that has not left, or that was given
 * up, is in no log: whoever got it would be the only one who has it.
 */
export function originalOf(core: Core, message: MessageRecord): Uint8Array | undefined {
  const { conversation, id, own, state } = message;
  if (own && (state === 'pending' || state === 'failed')) return undefined;
  return core.vault.get(originals, messageKey(conversation, id))?.signed;
}

/**
 * Under which id a message is kept; undefined where its author's message of this id is here. Whoever takes the id of
 * somebody else's message takes neither its place nor keeps it from being heard.
 */
function idFor(
  core: Core,
  conversation: Uint8Array,
  id: Uint8Array,
  author: Uint8Array,
): Uint8Array | undefined {
  const other = hash32('crypt2chat/v1/engine/same-id', concat(id, author)).slice(0, messageIdBytes);
  for (const free of [id, other]) {
    const known = core.vault.get(messages, messageKey(conversation, free));
    if (!known) return free;
    if (equalBytes(known.author, author)) return undefined;
  }
  return undefined;
}
