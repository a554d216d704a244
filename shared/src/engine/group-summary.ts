/** How a group looks from outside: in the list of conversations, and when its members are looked at. */
import { equalBytes, toBase64url } from '../bytes/index.ts';
import { decodeGroup, type Group, memberOf } from '../groups/index.ts';
import { type AccountId, accountId, formatAddress } from '../identity/index.ts';
import type { Core } from './core.ts';
import { type GroupRecord, loadGroup } from './group-records.ts';
import { contacts, type ConversationRecord } from './records.ts';
import type { ConversationSummary, GroupMember, GroupStanding, GroupView } from './types.ts';

const decoded = new WeakMap<Uint8Array, Group>();

/** The verified log of a group; undefined while it is being joined. */
export function groupOf({ log }: GroupRecord): Group | undefined {
  if (!log) return undefined;
  let group = decoded.get(log);
  if (!group) decoded.set(log, (group = decodeGroup(log)));
  return group;
}

export function ownAccountId(core: Core): AccountId {
  return core.identityOf(core.requireAccount()).accountId;
}

/** The name of an account as far as it is known; empty where it is not. */
export function nameOf(core: Core, account: Uint8Array): string {
  if (equalBytes(account, ownAccountId(core))) return core.requireAccount().username;
  return core.vault.get(contacts, account)?.username ?? '';
}

export function summariseGroup(core: Core, conversation: ConversationRecord): ConversationSummary {
  const record = recordOf(core, conversation);
  const group = groupOf(record);
  const members = group?.members ?? [];
  const own = ownAccountId(core);
  const verified = members.filter(({ identity }) => isVerified(core, own, identity.accountId)).length;
  const us = group && memberOf(group, own);
  const { trouble } = record;
  return {
    key: toBase64url(conversation.id),
    title: group?.name ?? '',
    address: '',
    status: conversation.status === 'silent' ? 'active' : conversation.status,
    verified: verified === members.length,
    unread: conversation.unread,
    draft: conversation.draft,
    ...(conversation.lastActivityAt === undefined ? {} : { lastActivityAt: conversation.lastActivityAt }),
    ...(trouble === undefined ? {} : { trouble }),
    group: {
      people: members.length,
      verifiedPeople: verified,
      admin: us?.admin === true,
      mayAdd: us !== undefined && (us.admin || group?.mayAdd === 'anyone'),
      standing: standingOf(record),
      mentions: conversation.mentions ?? 0,
      ...(conversation.status !== 'active' && conversation.invitedBy
        ? { invitedBy: nameOf(core, conversation.invitedBy) }
        : {}),
    },
  };
}

export function viewGroup(core: Core, conversation: ConversationRecord): GroupView {
  const record = recordOf(core, conversation);
  const group = groupOf(record);
  const own = ownAccountId(core);
  return {
    key: toBase64url(conversation.id),
    name: group?.name ?? '',
    mayAdd: group?.mayAdd ?? 'admins',
    members: (group?.members ?? []).map(({ identity, admin }): GroupMember => {
      const account = identity.accountId;
      const isOwn = equalBytes(account, own);
      const lacks = isOwn
        ? record.standing === 'keys-missing'
        : record.missing.some((missing) => equalBytes(missing, account));
      const trouble = core.vault.get(contacts, account)?.trouble;
      return {
        account: toBase64url(account),
        name: identity.username,
        address: formatAddress(identity.username, accountId(account)),
        own: isOwn,
        admin,
        verified: isVerified(core, own, account),
        ...(lacks ? { keysMissing: trouble ?? 'ERR_GROUP_KEYS_MISSING' } : {}),
      };
    }),
  };
}

/** @throws TypeError for a conversation that is not a group's. */
export function recordOf(core: Core, { group }: ConversationRecord): GroupRecord {
  const record = group && loadGroup(core, group);
  if (!record) throw new TypeError('not the conversation of a group');
  return record;
}

function standingOf({ standing }: GroupRecord): GroupStanding {
  return standing === 'succeeded' ? 'stuck' : standing;
}

/** Ourselves, and those whose account id came with an invitation. */
function isVerified(core: Core, own: Uint8Array, account: Uint8Array): boolean {
  return equalBytes(account, own) || core.vault.get(contacts, account)?.verified === true;
}
