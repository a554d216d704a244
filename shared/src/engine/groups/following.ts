/**
 * The group follows its members' own logs, which say which devices are theirs (protocol §11.8). What a member's log
 * says may be such that no link can bring it into the group: too many devices, or a key that another member's device
 * has. And a relay may withhold it. Neither stops a change, and neither makes the group turn again and again.
 */
import { equalBytes } from '../../bytes/index.ts';
import { hasCode } from '../../errors/index.ts';
import { type Group, type GroupChange, memberOf, type Member } from '../../groups/index.ts';
import type { Core } from '../core.ts';
import type { GroupRecord } from '../group-records.ts';
import { ownAccountId } from '../group-summary.ts';
import { contacts } from '../records.ts';
import { requireGroup, saveGroup } from './group.ts';

/** What members' logs have gained, by account. */
export type Updates = readonly { readonly account: Uint8Array; readonly links: readonly Uint8Array[] }[];

/** What could not be followed is tried by itself again after this; with every other change it is tried as well. */
const followAgainMs = 60 * 60 * 1000;

/** Members' own logs say which devices are theirs; the group follows, at once where one was revoked. */
export function isBehind(core: Core, { identity }: Member): boolean {
  return knownLength(core, identity.accountId) > identity.length;
}

/** Whether there is somebody whom a rotation may bring up to date. */
export function maySomebodyFollow(core: Core, record: GroupRecord, group: Group): boolean {
  const now = core.clock.now();
  return group.members.some(({ identity: { accountId, length } }) => {
    const known = knownLength(core, accountId);
    const given = record.unfollowed?.find(({ account }) => equalBytes(account, accountId));
    const isGivenUp = given?.length === known && Math.abs(now - given.at) < followAgainMs;
    return known > length && !isGivenUp;
  });
}

/** Remembers whom a change that is about to be made leaves behind. Must run in a transaction. */
export function noteUnfollowed(core: Core, record: GroupRecord, after: Group | undefined): void {
  const group = requireGroup(record);
  const at = core.clock.now();
  const behind = (after ?? group).members.filter(
    (member) => memberOf(group, member.identity.accountId) && isBehind(core, member),
  );
  if (behind.length === 0 && !record.unfollowed) return;
  const { unfollowed: _, ...rest } = record;
  const unfollowed = behind.map(({ identity: { accountId } }) => ({
    account: accountId,
    length: knownLength(core, accountId),
    at,
  }));
  saveGroup(core, { ...rest, ...(unfollowed.length > 0 && { unfollowed }) });
}

/**
 * Makes a change with all updates if it can be made so, else with those of them that hold, else with none.
 * @param rotate makes a rotation with the updates it is given: whether they hold by themselves.
 * @throws CodedError `ERR_LOG_INVALID` where the change is forbidden in any case.
 */
export function withUpdates(
  updates: Updates,
  rotate: (updates: Updates) => GroupChange,
  make: (updates: Updates) => GroupChange,
): GroupChange {
  const all = attempt(updates, make);
  if (all) return all;
  if (updates.length === 0) return make(updates);
  let holding: Updates = [];
  for (const update of updates) {
    const more = [...holding, update];
    if (attempt(more, rotate)) holding = more;
  }
  return attempt(holding, make) ?? make([]);
}

function attempt(updates: Updates, make: (updates: Updates) => GroupChange): GroupChange | undefined {
  try {
    return make(updates);
  } catch (error) {
    if (hasCode(error, 'ERR_LOG_INVALID')) return undefined;
    throw error;
  }
}

function knownLength(core: Core, account: Uint8Array): number {
  const known = equalBytes(account, ownAccountId(core))
    ? core.requireAccount()
    : core.vault.get(contacts, account);
  return known ? core.identityOf(known).length : 0;
}
