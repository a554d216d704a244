/** From what somebody wants to the link that does it, if the group as it is now still lets it. */
import { equalBytes } from '../../bytes/index.ts';
import { hasCode } from '../../errors/index.ts';
import {
  addMembers,
  changePolicy,
  type Group,
  type GroupChange,
  maxShared,
  maxWelcomeBytes,
  memberOf,
  parseStatement,
  removeMembers,
  renameGroup,
  rotateGroup,
  secretBytes,
  type Signing,
} from '../../groups/index.ts';
import { accountIdOfLog, type AccountId } from '../../identity/index.ts';
import type { Core } from '../core.ts';
import { type GroupRecord, type IntentRecord, leaving, leavingKeyOf } from '../group-records.ts';
import { ownAccountId } from '../group-summary.ts';
import { contacts, messages } from '../records.ts';
import { wordsOfLeaving } from './departures.ts';
import { type Updates, withUpdates } from './following.ts';
import { conversationOfGroup, linksOf, ownMember, requireGroup, seenBy } from './group.ts';
import { originalOf } from './inserting.ts';

type Change = IntentRecord['change'];
/** What a welcome has around each of its parts, and besides the links that there are and the messages. */
const framingBytes = 8;
const spareBytes = 64 * 1024;

/** Verified logs are not verified again when they come in a link. */
export function knownIdentities(core: Core) {
  return (account: AccountId) => {
    const own = core.requireAccount();
    const record = equalBytes(account, ownAccountId(core)) ? own : core.vault.get(contacts, account);
    return record && core.identityOf(record);
  };
}

export function signing(core: Core, counter: number): Signing {
  return {
    signer: core.deviceOf(core.requireAccount()).sign,
    at: core.clock.now(),
    counter,
    known: knownIdentities(core),
  };
}

export interface Made {
  readonly change: GroupChange;
  readonly secret?: Uint8Array;
  readonly shared: readonly Uint8Array[];
}

/** Undefined where there is nothing to do any more; `forbidden` where the group does not allow it any more. */
export function makeChange(
  core: Core,
  record: GroupRecord,
  wanted: Change,
  updates: Updates,
): Made | 'forbidden' | undefined {
  const group = requireGroup(record);
  const us = ownMember(core, group);
  const conversation = conversationOfGroup(core, record);
  if (!us || !conversation) return undefined;
  const sign = signing(core, conversation.counter + 1);
  const secret = core.randomness.bytes(secretBytes);
  const opening = { ...sign, secret, seen: seenBy(record, group) };
  const rotated = (identities: Updates) => rotateGroup(group, { ...opening, identities });
  const opened = (make: (identities: Updates) => GroupChange) =>
    withUpdates(relevant(group, updates), rotated, make);
  const isOther = (account: Uint8Array) =>
    !equalBytes(account, ownAccountId(core)) && memberOf(group, account);
  try {
    switch (wanted.kind) {
      case 'add': {
        const logs = wanted.logs.filter((log) => !memberOf(group, accountIdOfLog(log)));
        if (logs.length === 0) return undefined;
        const room = welcomeRoom(core, group.group, logs);
        if (room < 0) return 'forbidden';
        const count = Math.min(wanted.shared, maxShared - wordsOfLeaving(core, record.id).length);
        const shared = lastOriginals(core, conversation.id, group, count, room);
        return {
          change: opened((identities) =>
            addMembers(group, { ...opening, identities, members: logs, shared: shared.length }),
          ),
          secret,
          shared,
        };
      }
      case 'remove': {
        if (!isOther(wanted.account)) return undefined;
        const left = core.vault.get(leaving, leavingKeyOf(record.id, wanted.account));
        const change = opened((identities) =>
          removeMembers(group, {
            ...opening,
            identities,
            accounts: [wanted.account],
            // Admins need nobody's word, and one that counts no more would forbid the link.
            left: left && !us.admin ? [left.signed] : [],
          }),
        );
        return { change, secret, shared: [] };
      }
      case 'rotate': {
        const change = opened(rotated);
        const isFollowed = change.group.members.some(
          ({ identity }) => memberOf(group, identity.accountId)?.identity.length !== identity.length,
        );
        return wanted.follows && !isFollowed ? undefined : { change, secret, shared: [] };
      }
      case 'rename':
        return wanted.name === group.name
          ? undefined
          : { change: renameGroup(group, { ...sign, name: wanted.name }), shared: [] };
      case 'may-add':
        return wanted.mayAdd === group.mayAdd
          ? undefined
          : { change: changePolicy(group, { ...sign, mayAdd: wanted.mayAdd }), shared: [] };
      case 'admin': {
        const member = memberOf(group, wanted.account);
        if (!member || member.admin === wanted.admin) return undefined;
        const admins = group.members
          .filter((each) => (each === member ? wanted.admin : each.admin))
          .map(({ identity }) => identity.accountId);
        return { change: changePolicy(group, { ...sign, admins }), shared: [] };
      }
    }
  } catch (error) {
    // The group has changed meanwhile, so that its rules forbid what was allowed.
    if (hasCode(error, 'ERR_LOG_INVALID')) return 'forbidden';
    throw error;
  }
}

/**
 * Bytes that the links of the group leave in a welcome, at most half of it; below 0 where they do not fit themselves.
 * @param added logs of those who are to be added, which come with one more link.
 */
export function welcomeRoom(
  core: Core,
  group: Uint8Array,
  added: readonly (readonly Uint8Array[])[] = [],
): number {
  const links = [...linksOf(core, group), ...added.flat()];
  const bytes = links.reduce((sum, { length }) => sum + length + framingBytes, 0);
  return Math.min(maxWelcomeBytes - spareBytes - bytes, maxWelcomeBytes / 2);
}

function relevant(group: Group, updates: Updates): Updates {
  return updates.filter(({ account }) => memberOf(group, account) !== undefined);
}

/** The last messages that can be shown to somebody who was not here: their authors' own words of this very group. */
function lastOriginals(
  core: Core,
  conversation: Uint8Array,
  { group }: Group,
  count: number,
  maxBytes: number,
): Uint8Array[] {
  const found: Uint8Array[] = [];
  let bytes = 0;
  for (const message of core.vault.list(messages, {
    scope: conversation,
    descending: true,
    limit: count * 2,
  })) {
    const signed = originalOf(core, message);
    if (!signed || !equalBytes(parseStatement(signed).group, group)) continue;
    bytes += signed.length + framingBytes;
    if (found.length >= Math.min(count, maxShared) || bytes > maxBytes) break;
    found.push(signed);
  }
  return found.reverse();
}
