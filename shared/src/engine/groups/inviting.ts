/** Groups that somebody promised us, and whose log has not been read. What never comes true leaves nothing behind. */
import { equalBytes } from '../../bytes/index.ts';
import type { Letter } from '../../wire/index.ts';
import { directConversationId } from '../conversations.ts';
import type { Core } from '../core.ts';
import { deleteGroup, type GroupRecord, storeGroup } from '../group-records.ts';
import { ownAccountId } from '../group-summary.ts';
import { type ContactRecord, conversations } from '../records.ts';
import { dropShare, sharesOf } from './epochs.ts';
import { findGroup, listGroups } from './group.ts';

/** Of one person, and of all: the oldest go first, so that nobody keeps the others' invitations out. */
const maxInvitationsEach = 10;
const maxInvitations = 100;

export function invite(
  core: Core,
  from: ContactRecord,
  { group, welcome }: Extract<Letter, { action: 'share' }>,
): GroupRecord | undefined {
  const direct = core.vault.get(conversations, directConversationId(ownAccountId(core), from.account));
  if (welcome === undefined || direct?.status === 'blocked') return undefined;
  const waiting = listGroups(core)
    .filter(isInvitation)
    .sort((a, b) => a.since - b.since);
  const theirs = waiting.filter(({ id }) =>
    sharesOf(core, id).some((share) => equalBytes(share.from, from.account)),
  );
  if (theirs.length >= maxInvitationsEach) forget(core, theirs[0]!);
  else if (waiting.length >= maxInvitations) forget(core, waiting[0]!);
  const record = unread(core, group);
  storeGroup(core, record);
  return record;
}

/** A group of which nothing has been read yet. */
export function unread(core: Core, id: Uint8Array): GroupRecord {
  return {
    id,
    standing: 'joining',
    place: 0,
    linkCount: 0,
    since: core.clock.now(),
    asked: 0,
    askedAt: 0,
    missing: [],
  };
}

/** A share was dropped: without another one, the group is nothing to us. */
export function settleInvitation(core: Core, group: Uint8Array): void {
  const record = findGroup(core, group);
  if (record && isInvitation(record) && sharesOf(core, group).length === 0) forget(core, record);
}

function isInvitation({ standing, log, conversation }: GroupRecord): boolean {
  return standing === 'joining' && !log && !conversation;
}

function forget(core: Core, { id }: GroupRecord): void {
  for (const share of sharesOf(core, id)) dropShare(core, share);
  deleteGroup(core, id);
}
