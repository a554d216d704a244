/** A group's record and what belongs to it: how it is found, changed, and told of. */
import { compareBytes, concat, equalBytes } from '../../bytes/index.ts';
import {
  beginTranscript,
  devicesOf,
  encodeGroup,
  type EpochName,
  type Group,
  memberOf,
  type Member,
  type Position,
} from '../../groups/index.ts';
import type { Identity } from '../../identity/index.ts';
import { hash32 } from '../../primitives/index.ts';
import { messageIdBytes } from '../../wire/index.ts';
import { endSessionsOf, newContact } from '../contacts.ts';
import { announceConversation, markFork, saveConversation, saveMessage } from '../conversations.ts';
import type { Core } from '../core.ts';
import { type GroupRecord, groupLinks, loadGroup, loadGroups, storeGroup } from '../group-records.ts';
import { groupOf, ownAccountId } from '../group-summary.ts';
import { contacts, conversations, type ConversationRecord, type MessageRecord } from '../records.ts';
import { encodeIdentity } from '../../identity/index.ts';

/** More than anybody is in at a time. */
export const maxGroups = 2_000;

export function listGroups(core: Core): GroupRecord[] {
  return loadGroups(core, maxGroups);
}

export function findGroup(core: Core, id: Uint8Array): GroupRecord | undefined {
  return loadGroup(core, id);
}

/** The group's verified log. @throws TypeError while it is being joined. */
export function requireGroup(record: GroupRecord): Group {
  const group = groupOf(record);
  if (!group) throw new TypeError('the group has not been read yet');
  return group;
}

/** Stores the record and tells the loops and, where the conversation is shown, the outside. */
export function saveGroup(core: Core, record: GroupRecord): GroupRecord {
  storeGroup(core, record);
  if (record.conversation) announceConversation(core, record.conversation);
  else core.touch(record.id);
  return record;
}

export function conversationOfGroup(
  core: Core,
  { conversation }: GroupRecord,
): ConversationRecord | undefined {
  return conversation && core.vault.get(conversations, conversation);
}

export function nameOfEpoch(group: Group): EpochName {
  return { group: group.group, epoch: group.epoch, link: group.epochLink };
}

export function withLog(record: GroupRecord, group: Group): GroupRecord {
  return { ...record, log: encodeGroup(group) };
}

export function storeLink(core: Core, group: Uint8Array, seq: number, link: Uint8Array): void {
  core.vault.put(groupLinks, { group, seq, link });
}

/** All links from the first, which whoever joins verifies. */
export function linksOf(core: Core, group: Uint8Array, from = 0): Uint8Array[] {
  return core.vault
    .list(groupLinks, { scope: group, limit: 10_000 })
    .filter(({ seq }) => seq >= from)
    .map(({ link }) => link);
}

/** The place of a link in the group's log, by its hash. */
export function seqOf(group: Group, link: Uint8Array): number | undefined {
  for (let seq = group.length - 1; seq >= 0; seq--) if (equalBytes(group.hashAt(seq)!, link)) return seq;
  return undefined;
}

export function ownMember(core: Core, group: Group): Member | undefined {
  return memberOf(group, ownAccountId(core));
}

/** Whether this very device is in the present epoch. */
export function isInEpoch(core: Core, group: Group): boolean {
  const own = core.deviceIdOf(core.requireAccount());
  return devicesOf(group).some((device) => equalBytes(device, own));
}

/** Everybody but ourselves. */
export function othersOf(core: Core, group: Group): readonly Member[] {
  const own = ownAccountId(core);
  return group.members.filter(({ identity }) => !equalBytes(identity.accountId, own));
}

/**
 * This device's turn among those of the epoch, 0 being the first: who is to do what any of them could. It changes
 * with each epoch, so that it is not always the same who is waited for.
 */
export function turnOf(core: Core, group: Group, among: readonly Uint8Array[] = devicesOf(group)): number {
  const own = core.deviceIdOf(core.requireAccount());
  const place = (device: Uint8Array) => hash32('crypt2chat/v1/engine/turn', concat(group.epochLink, device));
  const ours = place(own);
  return among.filter((device) => compareBytes(place(device), ours) < 0).length;
}

/** What is verified in a group's log is known of its members, as if they had sent it themselves. */
export function meetMembers(core: Core, members: readonly Member[]): void {
  const own = ownAccountId(core);
  for (const { identity } of members) if (!equalBytes(identity.accountId, own)) meet(core, identity);
}

function meet(core: Core, identity: Identity): void {
  const known = core.vault.get(contacts, identity.accountId);
  if (!known) {
    core.vault.put(contacts, newContact(identity, { verified: false, nameChecked: false }));
    return;
  }
  const before = core.identityOf(known);
  const shorter = Math.min(before.length, identity.length) - 1;
  const agrees = equalBytes(before.hashAt(shorter)!, identity.hashAt(shorter)!);
  if (!agrees) {
    markFork(core, known.account);
    return;
  }
  if (identity.length <= before.length) return;
  const learned = { ...known, identity: encodeIdentity(identity) };
  core.vault.put(contacts, learned);
  endSessionsOf(core, learned, before, identity);
}

export type EventBody = Extract<MessageRecord['body'], { kind: 'event' }>;

/** A line in the conversation that says what changed. It makes nothing unread. */
export function addEvent(
  core: Core,
  record: GroupRecord,
  event: Omit<EventBody, 'kind'>,
  place: {
    readonly id: Uint8Array;
    readonly counter: number;
    readonly at: number;
    readonly author: Uint8Array;
  },
): void {
  const conversation = conversationOfGroup(core, record);
  if (!conversation) return;
  const { id, counter, at, author } = place;
  const own = equalBytes(author, ownAccountId(core));
  saveMessage(core, {
    id: id.slice(0, messageIdBytes),
    conversation: conversation.id,
    counter,
    author,
    own,
    sentAt: at,
    body: { kind: 'event', ...event },
  });
  saveConversation(core, {
    ...conversation,
    counter: Math.max(conversation.counter, counter),
    lastActivityAt: core.clock.now(),
  });
}

/** How far this device has read, as it says so. Where entries are missing, it vouches for the beginning alone. */
export function seenBy({ transcript }: GroupRecord, { epochLink }: Group): Position {
  return (transcript ?? beginTranscript(epochLink)).position;
}
