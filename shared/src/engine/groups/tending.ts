/**
 * What a group needs without being asked: rotations, the removal of who left, new devices of members, keys that are
 * missing, a successor where nobody can follow. What any member could do is done by one after the other, by turns.
 */
import { equalBytes } from '../../bytes/index.ts';
import { devicesOf, type Group, maxGroupLinks, type Member, memberOf } from '../../groups/index.ts';
import { ensureConversation } from '../conversations.ts';
import { sendLetter } from '../outgoing.ts';
import type { Core } from '../core.ts';
import { type GroupRecord, leaving } from '../group-records.ts';
import { ownAccountId } from '../group-summary.ts';
import { contacts } from '../records.ts';
import { takeBack } from './doubting.ts';
import { intend, intentsOf } from './committing.ts';
import { sharesOf } from './epochs.ts';
import { maySomebodyFollow } from './following.ts';
import { conversationOfGroup, othersOf, ownMember, requireGroup, saveGroup, turnOf } from './group.ts';
import { isChainLow } from './writing.ts';

const dayMs = 24 * 60 * 60 * 1000;
/** An epoch lasts so long, and up to half a day more, so that not all groups turn at once. */
const rotateAfterMs = 7 * dayMs;
const jitterMs = dayMs / 2;
/** Each gets so long before it is the next one's turn. */
const turnMs = 3_000;
const rotationTurnMs = 10 * 60 * 1000;
/** Keys may still be on their way; then the others are asked, two at a time. */
const graceMs = 5_000;
const firstAskEveryMs = 30_000;
const quickAsks = 10;
const maxAskEveryMs = 60 * 60 * 1000;
const servers = 2;
/** A share whose link the relay does not show: whoever made it is asked. */
const unseenLinkMs = 60_000;
const askAboutLinkEveryMs = 10 * 60 * 1000;

/**
 * Does what is due in the group, and says after how many milliseconds to look again. Must run in a transaction.
 */
export function tend(core: Core, record: GroupRecord): number | undefined {
  switch (record.standing) {
    case 'ready':
      return record.unlocated || !isShown(core, record)
        ? undefined
        : earliest(tendReady(core, record, requireGroup(record)));
    case 'keys-missing':
      return askForKeys(core, record);
    case 'stuck':
      return record.retried ? undefined : askForKeys(core, record);
    case 'joining':
    case 'left':
    case 'removed':
    case 'succeeded':
      return undefined;
  }
}

/** Of several successors one goes on; the others are read, and nothing more. */
function isShown(core: Core, record: GroupRecord): boolean {
  const shown = conversationOfGroup(core, record)?.group;
  return shown === undefined || equalBytes(shown, record.id);
}

function tendReady(core: Core, record: GroupRecord, group: Group): (number | undefined)[] {
  if (intentsOf(core, record.id).length > 0) return [];
  return [
    ...removeWhoLeft(core, record, group),
    followDevices(core, record, group),
    rotate(core, record, group),
    askAboutLink(core, record, group),
  ];
}

/** @returns how long until it is due; 0 or less: it is. */
function untilTurn(core: Core, group: Group, since: number, perTurnMs: number): number {
  return since + turnOf(core, group) * perTurnMs - core.clock.now();
}

/** As {@link untilTurn} for what has happened already: if that is still to come, the clock was set back. */
function untilTurnAfter(core: Core, group: Group, at: number): number {
  return at > core.clock.now() ? 0 : untilTurn(core, group, at, turnMs);
}

function removeWhoLeft(core: Core, record: GroupRecord, group: Group): number[] {
  return core.vault.list(leaving, { scope: record.id, limit: 10 }).flatMap(({ account, at }) => {
    if (!memberOf(group, account) || equalBytes(account, ownAccountId(core))) return [];
    const waitMs = untilTurnAfter(core, group, at);
    if (waitMs > 0) return [waitMs];
    intend(core, record.id, { kind: 'remove', account });
    return [];
  });
}

function followDevices(core: Core, record: GroupRecord, group: Group): number | undefined {
  if (!maySomebodyFollow(core, record, group)) return undefined;
  const noticedAt = record.noticedAt ?? core.clock.now();
  if (record.noticedAt === undefined) saveGroup(core, { ...record, noticedAt });
  const waitMs = untilTurnAfter(core, group, noticedAt);
  if (waitMs > 0) return waitMs;
  intend(core, record.id, { kind: 'rotate', follows: true });
  return undefined;
}

function rotate(core: Core, record: GroupRecord, group: Group): number | undefined {
  if (othersOf(core, group).length === 0 || group.length >= maxGroupLinks) return undefined;
  const jitter = ((group.epochLink[0]! * 256 + group.epochLink[1]!) / 65_536) * jitterMs;
  const waitMs = untilTurn(core, group, record.since + rotateAfterMs + jitter, rotationTurnMs);
  if (waitMs > 0 && !isChainLow(core, record)) return waitMs;
  intend(core, record.id, { kind: 'rotate' });
  return undefined;
}

function askAboutLink(core: Core, record: GroupRecord, group: Group): number | undefined {
  const now = core.clock.now();
  const waiting = sharesOf(core, record.id).filter(({ epoch }) => epoch > group.epoch);
  const [oldest] = waiting;
  if (!oldest) return undefined;
  const waitMs = Math.max(oldest.at + unseenLinkMs, record.askedAt + askAboutLinkEveryMs) - now;
  if (waitMs > 0) return waitMs;
  const from = core.vault.get(contacts, oldest.from);
  if (!from) return undefined;
  sendLetter(core, ensureConversation(core, from, 'silent'), 'group', {
    action: 'need',
    group: group.group,
    epoch: group.epoch,
    link: group.epochLink,
    lacks: 'link',
    serve: true,
  });
  saveGroup(core, { ...record, askedAt: now });
  return askAboutLinkEveryMs;
}

/** Tells all other members, and asks two of them at a time to help, another two each time. */
function askForKeys(core: Core, record: GroupRecord): number {
  const now = core.clock.now();
  const firstAt = record.since + (record.standing === 'stuck' ? 0 : graceMs);
  const dueAt = record.asked === 0 ? firstAt : record.askedAt + askEveryMs(record.asked);
  const waitMs = dueAt - now;
  // Longer than ever: the clock was set back.
  if (waitMs > 0 && waitMs <= maxAskEveryMs) return waitMs;
  // Links without the keys behind them may be made up: nobody else could answer for those.
  if (record.before) return askForKeys(core, saveGroup(core, takeBack(core, record)));
  const group = requireGroup(record);
  const others = othersOf(core, group);
  const first = (record.asked * servers) % Math.max(1, others.length);
  const isAsked = (i: number) => (i - first + others.length) % others.length < servers;
  for (const [i, { identity }] of others.entries()) {
    const contact = core.vault.get(contacts, identity.accountId);
    // The others are told once; whoever is asked, each time.
    if (!contact || (record.asked > 0 && !isAsked(i))) continue;
    sendLetter(core, ensureConversation(core, contact, 'silent'), 'group', {
      action: 'need',
      group: group.group,
      epoch: group.epoch,
      link: group.epochLink,
      lacks: 'keys',
      serve: isAsked(i),
    });
  }
  saveGroup(core, { ...record, asked: record.asked + 1, askedAt: now });
  return askEveryMs(record.asked + 1);
}

/** What others do not answer for long waits in their mailboxes already; it need not pile up there. */
function askEveryMs(asked: number): number {
  return Math.min(maxAskEveryMs, firstAskEveryMs * 2 ** Math.min(20, Math.max(0, asked - quickAsks)));
}

/**
 * Whether the present epoch is one that nobody can follow: as many others as not have said that they lack its keys,
 * whoever began it apart, and so do we.
 */
export function isAbandoned(core: Core, record: GroupRecord, group: Group, by: Uint8Array): boolean {
  if (record.standing !== 'keys-missing' || record.asked < 2) return false;
  const others = othersOf(core, group).filter(({ identity }) => !equalBytes(identity.accountId, by));
  const lacking = others.filter(({ identity }) =>
    record.missing.some((one) => equalBytes(one, identity.accountId)),
  );
  return others.length > 0 && lacking.length * 2 >= others.length;
}

/** Those who may begin a successor, and in which order. */
export function successorTurn(core: Core, record: GroupRecord, group: Group): number | undefined {
  const us = ownMember(core, group);
  if (!us || (!us.admin && group.mayAdd !== 'anyone')) return undefined;
  const isOffender = ({ identity }: Member) =>
    record.offender !== undefined && equalBytes(identity.accountId, record.offender);
  if (isOffender(us)) return undefined;
  const candidates = group.members.filter(
    (member) => !isOffender(member) && (member.admin || group.mayAdd === 'anyone'),
  );
  return turnOf(core, group, devicesOf({ members: candidates }));
}

function earliest(waits: readonly (number | undefined)[]): number | undefined {
  const known = waits.filter((wait) => wait !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
