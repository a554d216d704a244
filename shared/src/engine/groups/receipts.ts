/** How far messages of ours have come with each member of a group: told by each of them in private. */
import { equalBytes, toBase64url } from '../../bytes/index.ts';
import { type Group, memberOf, parseStatement } from '../../groups/index.ts';
import type { Content } from '../../wire/index.ts';
import { advanceMessage, saveMessage } from '../conversations.ts';
import type { Core } from '../core.ts';
import { memberReceiptKeyOf, memberReceipts } from '../group-records.ts';
import { groupOf } from '../group-summary.ts';
import {
  type ContactRecord,
  conversations,
  messageKey,
  messages,
  type MessageRecord,
  originals,
} from '../records.ts';
import type { MemberReceipt } from '../types.ts';
import { findGroup, othersOf } from './group.ts';

/** Messages of ours that are looked through when somebody goes. */
const maxRecounted = 200;

/** A receipt of a group's messages. Those give one who were there when it was said, and are. */
export function receiveGroupReceipt(
  core: Core,
  from: ContactRecord,
  { conversation: id, body }: Extract<Content, { kind: 'receipt' }>,
): void {
  const conversation = core.vault.get(conversations, id);
  const record = conversation?.group && findGroup(core, conversation.group);
  const group = record && groupOf(record);
  if (!group || !memberOf(group, from.account)) return;
  for (const message of body.ids) {
    const found = core.vault.get(messages, messageKey(id, message));
    if (found?.own && found.progress && isReceiver(core, group, found, from.account))
      note(core, found, from.account, body.state);
  }
}

function note(core: Core, message: MessageRecord, account: Uint8Array, state: 'delivered' | 'read'): void {
  const { conversation, id } = message;
  const before = core.vault.get(memberReceipts, memberReceiptKeyOf(conversation, id, account))?.state;
  if (before === 'read' || before === state) return;
  core.vault.put(memberReceipts, { conversation, id, account, state });
  const { delivered, read, of } = message.progress ?? { delivered: 0, read: 0, of: 0 };
  const progress = {
    delivered: Math.min(of, delivered + (before === undefined ? 1 : 0)),
    read: Math.min(of, read + (state === 'read' ? 1 : 0)),
    of,
  };
  save(core, message, progress);
}

function save(core: Core, message: MessageRecord, progress: NonNullable<MessageRecord['progress']>): void {
  const { conversation, id } = message;
  saveMessage(core, { ...message, progress });
  if (progress.delivered === progress.of) advanceMessage(core, conversation, id, 'delivered');
  if (progress.read === progress.of) advanceMessage(core, conversation, id, 'read');
}

/** Whether somebody who is in `group` was there, without a break, when the message was said. */
function isReceiver(core: Core, group: Group, { conversation, id }: MessageRecord, one: Uint8Array): boolean {
  const original = core.vault.get(originals, messageKey(conversation, id));
  const epoch = original ? parseStatement(original.signed).epoch : group.epoch;
  return group.speakers.some(
    ({ account, from, until }) => from <= epoch && until === undefined && equalBytes(account, one),
  );
}

/**
 * Nobody waits for the receipts of those who are not there any more.
 * @param before the group while they were.
 */
export function forgetReceivers(
  core: Core,
  conversation: Uint8Array,
  before: Group,
  gone: readonly Uint8Array[],
): void {
  if (gone.length === 0) return;
  const recent = core.vault.list(messages, { scope: conversation, descending: true, limit: maxRecounted });
  for (const message of recent) {
    if (!message.own || !message.progress || message.progress.read === message.progress.of) continue;
    let { delivered, read, of } = message.progress;
    for (const account of gone) {
      if (of === 1 || !isReceiver(core, before, message, account)) continue;
      const key = memberReceiptKeyOf(conversation, message.id, account);
      const state = core.vault.get(memberReceipts, key)?.state;
      of--;
      if (state !== undefined) delivered--;
      if (state === 'read') read--;
    }
    save(core, message, { delivered: Math.max(0, delivered), read: Math.max(0, read), of });
  }
}

/** Of those who were there when it was said, and are. */
export function listReceipts(core: Core, group: Group, message: MessageRecord): MemberReceipt[] {
  const { conversation, id } = message;
  const receivers = othersOf(core, group).filter(({ identity }) =>
    isReceiver(core, group, message, identity.accountId),
  );
  return receivers.map(({ identity }) => ({
    account: toBase64url(identity.accountId),
    name: identity.username,
    state:
      core.vault.get(memberReceipts, memberReceiptKeyOf(conversation, id, identity.accountId))?.state ??
      'sent',
  }));
}
