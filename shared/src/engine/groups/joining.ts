/**
 * Coming into a group (protocol §11.6): a share names an epoch that we do not know; its welcome, at the relay, holds
 * the whole log. Everything is verified from the first link, and against the share, before anything is kept.
 */
import { equalBytes } from '../../bytes/index.ts';
import { CodedError, hasCode } from '../../errors/index.ts';
import {
  commitTo,
  deriveEpochKeys,
  type EpochName,
  type Group,
  memberOf,
  memberOfKey,
  openWelcome,
  parseStatement,
  readLink,
  verifyGroup,
  verifyStatement,
  type Welcome,
} from '../../groups/index.ts';
import { parseGroupContent } from '../../wire/index.ts';
import { directConversationId, mayRequest, saveConversation } from '../conversations.ts';
import type { Core } from '../core.ts';
import { type GroupRecord, type ShareRecord } from '../group-records.ts';
import { groupOf, nameOf, ownAccountId } from '../group-summary.ts';
import { conversations, type ConversationRecord, messages } from '../records.ts';
import type { GroupWelcome, Relay } from '../relay-client.ts';
import { succeed } from './committing.ts';
import { knownIdentities } from './making.ts';
import { dropShare, enterEpoch, sharesOf } from './epochs.ts';
import { noteLeaving } from './departures.ts';
import { doubtKeys } from './doubting.ts';
import { addEvent, findGroup, isInEpoch, meetMembers, saveGroup, storeLink, withLog } from './group.ts';
import { insertGroupMessage } from './inserting.ts';
import { settleInvitation } from './inviting.ts';

/** An invitation whose link never came is forgotten after this; a share that is read has long been followed. */
const invitedMs = 30 * 24 * 60 * 60 * 1000;

/** So long a share of a later epoch waits for that of the epoch that we came with, which somebody else has sent. */
export const earlierShareMs = 60_000;

/** `early`: the share of an earlier epoch, with more to read, may still come. */
export type JoinOutcome = 'in' | 'refused' | 'early';

/** A welcome brings nothing of what was said since the keys are missing; the others do, who are asked so often before. */
const asksBeforeWelcome = 3;

/**
 * Shares that may bring us into the group, or back into it, the earliest epoch first: what was said since then is for
 * us, and the log leads on from there.
 */
export function invitationsOf(core: Core, record: GroupRecord): ShareRecord[] {
  if (record.standing === 'ready' || record.standing === 'succeeded') return [];
  if (record.standing === 'keys-missing' && record.asked < asksBeforeWelcome) return [];
  return sharesOf(core, record.id)
    .filter(({ welcome }) => welcome !== undefined)
    .sort((a, b) => a.epoch - b.epoch);
}

/**
 * Asks for the welcome of a share and, where it holds, joins.
 * @throws RelayError `ERR_ACCESS_INVALID`, `ERR_GROUP_UNKNOWN` while the link has not been appended; others.
 */
export async function join(
  core: Core,
  relay: Relay,
  share: ShareRecord,
  signal: AbortSignal,
): Promise<JoinOutcome> {
  if (Math.abs(core.clock.now() - share.at) > invitedMs) {
    core.transaction(() => refuse(core, share));
    return 'refused';
  }
  const name: EpochName = { group: share.group, epoch: share.epoch, link: share.link };
  const { access } = deriveEpochKeys(share.secret, name);
  const answer = await relay.groupWelcome(share.group, { access }, signal);
  try {
    if (!answer.welcome || !share.welcome) throw new CodedError('ERR_LOG_INVALID', 'there is no welcome');
    const welcome = openWelcome(answer.welcome, share.welcome, share.secret, name);
    const group = verifyGroup(welcome.links, knownIdentities(core));
    requireMeant(core, group, share, answer);
    if (mayComeEarlier(core, group, share)) return 'early';
    return core.transaction(() => enter(core, share, group, welcome, answer)) ? 'in' : 'refused';
  } catch (error) {
    if (!hasCode(error)) throw error;
    // Whatever it is, it is not what was promised: it will not become so.
    core.transaction(() => refuse(core, share));
    return 'refused';
  }
}

function refuse(core: Core, share: ShareRecord): void {
  dropShare(core, share);
  settleInvitation(core, share.group);
  core.touch(share.group);
}

function requireMeant(core: Core, group: Group, share: ShareRecord, answer: GroupWelcome): void {
  const isMeant =
    equalBytes(group.group, share.group) &&
    equalBytes(group.epochLink, share.link) &&
    equalBytes(group.head.hash, share.link) &&
    group.epoch === share.epoch &&
    group.epoch === answer.epoch &&
    equalBytes(commitTo(share.secret), group.commitment) &&
    memberOf(group, share.from) !== undefined &&
    group.relay === core.requireAccount().relay &&
    isInEpoch(core, group);
  if (!isMeant) throw new CodedError('ERR_LOG_INVALID', 'not the group that was promised');
}

/** We were in before this epoch: somebody has sent us the share of the one that we came with. */
function mayComeEarlier(core: Core, group: Group, share: ShareRecord): boolean {
  if (findGroup(core, share.group)?.standing === 'keys-missing') return false;
  const own = core.deviceIdOf(core.requireAccount());
  const came = group.speakers.find(({ device, until }) => until === undefined && equalBytes(device, own));
  const isLate = came !== undefined && came.from < share.epoch;
  return isLate && Math.abs(core.clock.now() - share.at) < earlierShareMs;
}

function enter(
  core: Core,
  share: ShareRecord,
  group: Group,
  welcome: Welcome,
  answer: GroupWelcome,
): boolean {
  const before = findGroup(core, share.group);
  if (!before || before.standing === 'ready') return false;
  const old = group.continues && findGroup(core, group.continues.group);
  if (old && !mayContinue(old, group, readLink(welcome.links[0]!).signer)) return false;
  const conversation = conversationFor(core, group, share.from);
  if (!conversation) {
    refuse(core, share);
    return false;
  }
  meetMembers(core, group.members);
  for (const [seq, link] of welcome.links.entries()) storeLink(core, group.group, seq, link);
  const { transcript: _, keys: _keys, ...rest } = before;
  const joined = enterEpoch(
    core,
    withLog({ ...rest, conversation: conversation.id, place: answer.place, linkCount: answer.links }, group),
    group,
    share.secret,
  );
  if (old && !succeed(core, old, joined)) return false;
  const given = welcome.shared.filter((signed) =>
    giveMessage(core, joined, group, signed, share.from),
  ).length;
  tellArrival(core, joined, group, welcome, given);
  markShared(core, conversation.id, given);
  return true;
}

/**
 * Whether `group` may take the place of a group that nobody can follow: begun by somebody who was allowed to add
 * people there, at the very link that was the last one, with nobody who was not in it, and without whoever is known
 * to have brought the old one to its end.
 * @param signer of its first link.
 */
function mayContinue(old: GroupRecord, group: Group, signer: Uint8Array): boolean {
  const known = groupOf(old);
  if (!known || !group.continues || (old.standing !== 'stuck' && old.standing !== 'succeeded')) return false;
  const head = group.continues.head;
  const creator = group.speakers.find(({ sign, from }) => from === 0 && equalBytes(sign, signer));
  const beginner = creator && memberOf(known, creator.account);
  return (
    head.seq === known.head.seq &&
    equalBytes(head.hash, known.head.hash) &&
    equalBytes(group.conversation, known.conversation) &&
    beginner !== undefined &&
    (beginner.admin || known.mayAdd === 'anyone') &&
    (!old.offender || !memberOf(group, old.offender)) &&
    group.members.every(({ identity }) => memberOf(known, identity.accountId) !== undefined)
  );
}

/** The conversation that the group is shown in; undefined where whoever added us may not. */
function conversationFor(core: Core, group: Group, from: Uint8Array): ConversationRecord | undefined {
  const known = core.vault.get(conversations, group.conversation);
  const direct = core.vault.get(conversations, directConversationId(ownAccountId(core), from));
  if (known) {
    if (!known.group) return undefined;
    const present = findGroup(core, known.group);
    // Of a group that goes on, the successor takes its place; see `succeed`.
    const isSame = equalBytes(known.group, group.group);
    if (!isSame && !group.continues) return undefined;
    const back = isSame && present && (present.standing === 'left' || present.standing === 'removed');
    const status = back && direct?.status !== 'active' ? ('request' as const) : known.status;
    const { invitedBy: _, ...rest } = known;
    const conversation = { ...rest, status, ...(status === 'request' && { invitedBy: from }) };
    core.vault.put(conversations, conversation);
    return conversation;
  }
  if (direct?.status === 'blocked') return undefined;
  const isFriend = direct?.status === 'active';
  if (!isFriend && !mayRequest(core)) return undefined;
  const made: ConversationRecord = {
    id: group.conversation,
    group: group.group,
    status: isFriend ? 'active' : 'request',
    ...(!isFriend && { invitedBy: from }),
    draft: '',
    counter: 0,
    unread: 0,
    owesHello: false,
    awaited: [],
  };
  core.vault.put(conversations, made);
  return made;
}

/** One message of those that were said before we came, if it holds. */
function giveMessage(
  core: Core,
  record: GroupRecord,
  group: Group,
  signed: Uint8Array,
  from: Uint8Array,
): boolean {
  try {
    const statement = parseStatement(signed);
    const { account } = verifyStatement(statement, group);
    const content = parseGroupContent(statement.content);
    if (!equalBytes(content.conversation, group.conversation)) return false;
    if (content.kind === 'leave')
      noteLeaving(core, record, group, account, content, { signed, epoch: statement.epoch });
    if (content.kind !== 'text' && content.kind !== 'code') return false;
    return insertGroupMessage(core, record, account, content, signed, from);
  } catch (error) {
    if (hasCode(error)) return false;
    throw error;
  }
}

function tellArrival(core: Core, record: GroupRecord, group: Group, { links }: Welcome, given: number): void {
  const last = readLink(links[links.length - 1]!);
  const author = memberOfKey(group, last.signer)?.identity.accountId;
  if (!author) return;
  const by = nameOf(core, author);
  const own = core.requireAccount().username;
  const others = group.members
    .map(({ identity }) => identity.username)
    .filter((name) => name !== by && name !== own);
  const event =
    last.body.type === 'create'
      ? { event: 'created' as const, by, people: others, us: true as const, name: group.name }
      : { event: 'added' as const, by, people: [], us: true as const, ...(given > 0 && { shared: given }) };
  addEvent(core, record, event, { id: last.hash, counter: last.body.counter, at: last.at, author });
}

/** What was given to us is there to be read, and makes nothing unread. */
function markShared(core: Core, id: Uint8Array, given: number): void {
  const conversation = core.vault.get(conversations, id);
  if (!conversation) return;
  const [last] = core.vault.list(messages, { scope: id, descending: true, limit: 1 });
  if (given === 0 || !last) {
    saveConversation(core, conversation);
    return;
  }
  saveConversation(core, {
    ...conversation,
    unread: 0,
    mentions: 0,
    readUpTo: { counter: last.counter, id: last.id },
  });
}

/**
 * Where the epoch begins whose keys somebody gave us; from there it is read. Keys that the relay does not know, or
 * knows as another epoch's, are not what they were given for.
 * @throws what else the relay says.
 */
export async function locate(
  core: Core,
  relay: Relay,
  record: GroupRecord,
  signal: AbortSignal,
): Promise<void> {
  if (!record.keys) return;
  const { access } = record.keys;
  const answer = await askPlace(relay, record.id, access, signal);
  core.transaction(() => {
    const present = findGroup(core, record.id);
    if (present?.standing !== 'ready' || !present.keys || !equalBytes(present.keys.access, access)) return;
    if (!answer || groupOf(present)?.epoch !== answer.epoch) {
      doubtKeys(core, present);
      return;
    }
    const { unlocated: _, ...located } = present;
    saveGroup(core, { ...located, place: answer.place, linkCount: answer.links });
  });
}

async function askPlace(
  relay: Relay,
  id: Uint8Array,
  access: Uint8Array,
  signal: AbortSignal,
): Promise<GroupWelcome | undefined> {
  try {
    return await relay.groupWelcome(id, { access: access.slice() }, signal);
  } catch (error) {
    if (hasCode(error, 'ERR_ACCESS_INVALID')) return undefined;
    throw error;
  }
}
