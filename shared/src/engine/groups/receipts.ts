/** How far messages of ours have come with each member of a group: told by each of them in private. */
import { equalBytes, toBase64url } from '../../bytes/index.ts';
import type { Group } from '../../groups/index.ts';
import type { Content } from '../../wire/index.ts';
import { advanceMessage, saveMessage } from '../conversations.ts';
import type { Core } from '../core.ts';
import { memberReceiptKeyOf, memberReceipts } from '../group-records.ts';
import { groupOf } from '../group-summary.ts';
import { type ContactRecord, conversations, messageKey, messages, type MessageRecord } from '../records.ts';
import type { MemberReceipt } from '../types.ts';
import { findGroup, othersOf } from './group.ts';

/** A receipt of a group's messages. Only those who were in the group may give one. */
export function receiveGroupReceipt(
  core: Core,
  from: ContactRecord,
  { conversation: id, body }: Extract<Content, { kind: 'receipt' }>,
): void {
  const conversation = core.vault.get(conversations, id);
  const record = conversation?.group && findGroup(core, conversation.group);
  const group = record && groupOf(record);
  if (!group?.speakers.some(({ account }) => equalBytes(account, from.account))) return;
  for (const message of body.ids) {
    const found = core.vault.get(messages, messageKey(id, message));
    if (found?.own && found.progress) note(core, found, from.account, body.state);
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
  saveMessage(core, { ...message, progress });
  if (progress.delivered === of) advanceMessage(core, conversation, id, 'delivered');
  if (progress.read === of) advanceMessage(core, conversation, id, 'read');
}

export function listReceipts(core: Core, group: Group, { conversation, id }: MessageRecord): MemberReceipt[] {
  return othersOf(core, group).map(({ identity }) => ({
    account: toBase64url(identity.accountId),
    name: identity.username,
    state:
      core.vault.get(memberReceipts, memberReceiptKeyOf(conversation, id, identity.accountId))?.state ??
      'sent',
  }));
}
