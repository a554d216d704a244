/** What other members say about a group over their sessions with us (protocol §11.7 and §11.9). */
import { equalBytes } from '../../bytes/index.ts';
import { hasCode } from '../../errors/index.ts';
import {
  beginTranscript,
  commitTo,
  devicesOf,
  extendGroup,
  type Group,
  maxGeneration,
  memberOf,
  parseStatement,
  readLink,
  verifyStatement,
} from '../../groups/index.ts';
import { type Letter, limits, parseGroupContent } from '../../wire/index.ts';
import { ensureConversation } from '../conversations.ts';
import { sendLetter } from '../outgoing.ts';
import type { Core } from '../core.ts';
import { chains, type GroupRecord, served, servedKeyOf, shares } from '../group-records.ts';
import { groupOf, ownAccountId } from '../group-summary.ts';
import { type ContactRecord, messages } from '../records.ts';
import { isDoubted, printOf, takeBack } from './doubting.ts';
import { noteLeaving, wordsOfLeaving } from './departures.ts';
import { dropShare, enterEpoch, putChains, sealAnew, sharesOf } from './epochs.ts';
import { intend } from './committing.ts';
import { conversationOfGroup, findGroup, linksOf, saveGroup, seqOf } from './group.ts';
import { insertGroupMessage, originalOf } from './inserting.ts';
import { invite } from './inviting.ts';
import { followLink } from './reading.ts';
import { tellDifference } from './telling.ts';

/** Shares of one member for one group that are kept; the oldest go first. */
const maxSharesEach = 8;
/** A member is given keys at most this often. */
const serveEveryMs = 60_000;
/** Messages that come with keys, and the bytes that one letter holds. */
const maxHistory = 100;
const letterRoomBytes = 20 * 1024;

type Of<Action extends Letter['action']> = Extract<Letter, { action: Action }>;

/** Deals with a letter. What it is about, and who may say it, is judged here; everything else is ignored. */
export function receiveLetter(core: Core, from: ContactRecord, letter: Letter): void {
  switch (letter.action) {
    case 'share':
      receiveShare(core, from, letter);
      return;
    case 'need':
      receiveNeed(core, from, letter);
      return;
    case 'keys':
      receiveKeys(core, from, letter);
      return;
    case 'standing':
      receiveStanding(core, from, letter);
      return;
    case 'history':
      receiveHistory(core, from, letter);
  }
}

function receiveShare(core: Core, from: ContactRecord, letter: Of<'share'>): void {
  const { action: _, ...share } = letter;
  const record = findGroup(core, letter.group) ?? invite(core, from, letter);
  if (!record) return;
  const group = groupOf(record);
  const isMember = group && memberOf(group, from.account) !== undefined;
  const isIn =
    record.standing === 'ready' || record.standing === 'keys-missing' || record.standing === 'stuck';
  if (isIn && !isMember) return;
  const isMissing = group && record.standing === 'keys-missing' && equalBytes(letter.link, group.epochLink);
  if (isIn && group && letter.epoch <= group.epoch && !isMissing) return;
  if (isMissing && equalBytes(commitTo(letter.secret), group.commitment)) {
    const entered = enterEpoch(core, record, group, letter.secret);
    if (record.before) saveGroup(core, { ...entered, ...unconfirmed(record.before, from) });
    // Whoever was told that our keys are missing is told that they came after all.
    if (record.asked > 0) notify(core, findGroup(core, record.id), ownAccountId(core), 'present');
    return;
  }
  const theirs = sharesOf(core, letter.group).filter((one) => equalBytes(one.from, from.account));
  if (theirs.length >= maxSharesEach && theirs[0]) dropShare(core, theirs[0]);
  core.vault.put(shares, { ...share, from: from.account, at: core.clock.now() });
  saveGroup(core, record);
}

/** A group that we are in, and whose member the sender is. */
function shared(
  core: Core,
  from: ContactRecord,
  id: Uint8Array,
): { record: GroupRecord; group: Group } | undefined {
  const record = findGroup(core, id);
  const group = record && groupOf(record);
  if (!group || !memberOf(group, from.account)) return undefined;
  return ['ready', 'keys-missing', 'stuck'].includes(record.standing) ? { record, group } : undefined;
}

/** @param nth of several answers: what keys are worth nothing without goes before them. */
function reply(core: Core, to: ContactRecord, letter: Letter, nth = 0): void {
  sendLetter(core, ensureConversation(core, to, 'silent'), 'group', { ...letter }, nth);
}

function receiveNeed(core: Core, from: ContactRecord, letter: Of<'need'>): void {
  const ours = shared(core, from, letter.group);
  if (!ours) return;
  const { record, group } = ours;
  const { group: id, epoch, epochLink: link } = group;
  const isHere = letter.epoch === epoch && equalBytes(letter.link, link);
  const knows = isHere || hasEpochLink(group, letter.link);
  if (!knows) {
    noticeBranch(core, from, record, group, letter);
    if (letter.serve && record.standing === 'ready' && maySpeak(core, from, id))
      reply(core, from, { action: 'standing', group: id, epoch, link });
    return;
  }
  if (letter.lacks === 'keys' && !record.missing.some((one) => equalBytes(one, from.account)))
    noteMissing(core, record, from.account, letter.serve);
  if (!letter.serve || record.standing !== 'ready') return;
  if (!maySpeak(core, from, id)) return;
  if (letter.lacks === 'link') {
    reply(core, from, { action: 'standing', group: id, epoch, link });
    return;
  }
  serve(core, from, record, group, letter.link);
}

/** Nobody is kept busy by being asked. */
function maySpeak(core: Core, { account }: ContactRecord, group: Uint8Array): boolean {
  const last = core.vault.get(served, servedKeyOf(group, account));
  if (last && Math.abs(core.clock.now() - last.at) < serveEveryMs) return false;
  core.vault.put(served, { group, account, at: core.clock.now() });
  return true;
}

/** They stand in an epoch that we know, behind another link: the relay has shown us different logs. */
function noticeBranch(
  core: Core,
  from: ContactRecord,
  record: GroupRecord,
  group: Group,
  letter: Of<'need'> | Of<'standing'>,
): void {
  const ours = group.epochLinks[letter.epoch];
  if (!ours || equalBytes(ours, letter.link) || record.differs) return;
  tellDifference(core, saveGroup(core, { ...record, differs: true }), from.account);
}

/** Whoever is asked for help tells the others that somebody needs it. */
function noteMissing(core: Core, record: GroupRecord, account: Uint8Array, tell: boolean): void {
  const missing = [...record.missing, account].slice(-limits.groupDevices);
  const noted = saveGroup(core, { ...record, missing });
  if (tell) notify(core, noted, account, 'missing');
}

function hasEpochLink(group: Group, link: Uint8Array): boolean {
  return seqOf(group, link) !== undefined;
}

/** The present keys, the links in between, and the messages that were said since. No new epoch. */
function serve(core: Core, to: ContactRecord, record: GroupRecord, group: Group, link: Uint8Array): void {
  const seq = seqOf(group, link);
  if (!record.keys || seq === undefined) return;
  const missed = linksOf(core, record.id, seq + 1);
  if (missed.some(({ length }) => length > letterRoomBytes)) {
    // More than letters hold: a new epoch, with a welcome at the relay, brings them in again.
    intend(core, record.id, { kind: 'rotate', welcome: true });
    return;
  }
  // Our chain has passed what is not in the log yet, and they would not open it.
  sealAnew(core, record.id);
  let nth = 0;
  const answer = (letter: Letter) => {
    reply(core, to, letter, nth++);
  };
  for (const links of inParts(missed)) answer({ action: 'history', group: record.id, links, messages: [] });
  answer({
    action: 'keys',
    group: group.group,
    epoch: group.epoch,
    link: group.epochLink,
    access: record.keys.access,
    header: record.keys.header,
    links: record.keys.link,
    chains: core.vault
      .list(chains, { scope: record.id, limit: 1_000 })
      .map(({ device, generation, chainKey }): [Uint8Array, number, Uint8Array] => [
        device,
        generation,
        chainKey,
      ]),
  });
  const theirs = group.speakers.find(
    ({ account, until }) => until === undefined && equalBytes(account, to.account),
  );
  const originals = originalsSince(core, record, theirs?.from ?? group.epoch);
  for (const part of inParts([...wordsOfLeaving(core, record.id), ...originals]))
    answer({ action: 'history', group: record.id, links: [], messages: part });
}

function originalsSince(core: Core, { conversation, id }: GroupRecord, from: number): Uint8Array[] {
  if (!conversation) return [];
  return core.vault
    .list(messages, { scope: conversation, descending: true, limit: maxHistory })
    .flatMap((message) => {
      const signed = originalOf(core, message);
      if (!signed) return [];
      const { epoch, group } = parseStatement(signed);
      return epoch >= from && equalBytes(group, id) ? [signed] : [];
    })
    .reverse();
}

/** As few letters as hold them; what one letter does not hold is left out. */
function inParts(items: readonly Uint8Array[]): Uint8Array[][] {
  const parts: Uint8Array[][] = [];
  let room = 0;
  for (const item of items) {
    if (item.length > letterRoomBytes) continue;
    if (item.length > room || parts.length === 0) {
      parts.push([]);
      room = letterRoomBytes;
    }
    parts[parts.length - 1]!.push(item);
    room -= item.length + 8;
  }
  return parts;
}

/** Also where a link seemed to be one that nobody can follow: that may be what the relay shows to us alone. */
function lacksKeys({ standing, retried }: GroupRecord): boolean {
  return standing === 'keys-missing' || (standing === 'stuck' && !retried);
}

function receiveKeys(core: Core, from: ContactRecord, letter: Of<'keys'>): void {
  const ours = shared(core, from, letter.group);
  if (!ours || !lacksKeys(ours.record) || isDoubted(ours.record, from.account)) return;
  const stands = ({ epoch, epochLink }: Group) =>
    letter.epoch === epoch && equalBytes(letter.link, epochLink);
  const record = stands(ours.group) ? ours.record : takeBack(core, ours.record);
  const group = groupOf(record);
  if (!group || !stands(group)) return;
  const devices = devicesOf(group);
  const isWhole =
    devices.length === letter.chains.length &&
    devices.every((device) => letter.chains.some(([one]) => equalBytes(one, device)));
  if (!isWhole || letter.chains.some(([, generation]) => generation > maxGeneration + 1)) return;
  putChains(
    core,
    record.id,
    letter.chains.map(([device, generation, chainKey]) => ({ device, generation, chainKey })),
  );
  const { trouble: _, helper: _helper, offender: _offender, ...rest } = record;
  const keys = { access: letter.access, header: letter.header, link: letter.links };
  const isConfirmed = record.doubted !== undefined && equalBytes(record.doubted.print, printOf(keys));
  const begun = beginTranscript(group.epochLink);
  saveGroup(core, {
    ...rest,
    standing: 'ready',
    keys,
    // The epoch is read from its beginning: what the chains have passed comes with signatures instead.
    transcript: { position: begun.position, hashes: [...begun.hashes] },
    since: core.clock.now(),
    asked: 0,
    askedAt: 0,
    ...(!isConfirmed && { helper: from.account }),
    unlocated: true,
    ...(record.standing === 'stuck' && { retried: true }),
    missing: [],
  });
  notify(core, findGroup(core, record.id), ownAccountId(core), 'present');
}

/** Tells the group about somebody's keys. */
export function notify(
  core: Core,
  record: GroupRecord | undefined,
  account: Uint8Array,
  keys: 'missing' | 'present',
): void {
  const conversation = record && conversationOfGroup(core, record);
  if (conversation && record.standing === 'ready')
    sendLetter(core, conversation, 'notice', { account, keys });
}

/** Who is asked why the relay does not show a link says where they stand: ahead of us, the relay hides it. */
function receiveStanding(core: Core, from: ContactRecord, letter: Of<'standing'>): void {
  const ours = shared(core, from, letter.group);
  if (!ours) return;
  const { record, group } = ours;
  noticeBranch(core, from, record, group, letter);
  if (letter.epoch > group.epoch) {
    if (record.standing === 'ready') saveGroup(core, { ...record, trouble: 'ERR_GROUP_WITHHELD' });
    return;
  }
  // Their link was never accepted: what they shared for it is worth nothing.
  for (const share of sharesOf(core, record.id))
    if (equalBytes(share.from, from.account) && share.epoch > letter.epoch) dropShare(core, share);
}

function receiveHistory(core: Core, from: ContactRecord, letter: Of<'history'>): void {
  const ours = shared(core, from, letter.group);
  if (!ours) return;
  if (lacksKeys(ours.record))
    for (const link of letter.links)
      if (isDoubted(ours.record, from.account) || !follow(core, from, letter.group, link)) break;
  const record = findGroup(core, letter.group);
  const group = record && groupOf(record);
  if (!group) return;
  for (const signed of letter.messages) receiveOriginal(core, record, group, signed);
}

/** What is so of an epoch while only a member has told us of it. */
function unconfirmed(before: Uint8Array, { account }: ContactRecord) {
  return { before, helper: account, unlocated: true as const };
}

/** A link that a member hands on, because the keys that it is sealed under are missing here. @returns whether it follows. */
function follow(core: Core, from: ContactRecord, id: Uint8Array, bytes: Uint8Array): boolean {
  const record = findGroup(core, id);
  const group = record && groupOf(record);
  if (!record || !lacksKeys(record) || !group) return false;
  try {
    const link = readLink(bytes);
    const known = group.hashAt(link.seq);
    if (known && equalBytes(known, link.hash)) return true;
    // Two members hand on different links: the keys behind them will tell.
    if (known && record.before) {
      saveGroup(core, takeBack(core, record));
      return follow(core, from, id, bytes);
    }
    const before = record.before ?? record.log;
    const given = { ...record, ...(before && { before }) };
    followLink(core, given, group, link, bytes, extendGroup(group, bytes));
    const after = findGroup(core, id);
    // We had the secret of the epoch, but where it begins only the relay can say, and that it does.
    if (after?.standing === 'ready' && before) saveGroup(core, { ...after, ...unconfirmed(before, from) });
    return true;
  } catch (error) {
    if (hasCode(error)) return false;
    throw error;
  }
}

/** Only of epochs that we were in ourselves, and only what holds by itself. */
function receiveOriginal(core: Core, record: GroupRecord, group: Group, signed: Uint8Array): void {
  try {
    const statement = parseStatement(signed);
    const own = ownAccountId(core);
    const wasIn = group.speakers.some(
      ({ account, from, until }) =>
        equalBytes(account, own) &&
        from <= statement.epoch &&
        (until === undefined || statement.epoch < until),
    );
    if (!wasIn) return;
    const { account } = verifyStatement(statement, group);
    const content = parseGroupContent(statement.content);
    if (!equalBytes(content.conversation, group.conversation)) return;
    if (content.kind === 'leave')
      noteLeaving(core, record, group, account, content, { signed, epoch: statement.epoch });
    if (content.kind === 'text' || content.kind === 'code')
      insertGroupMessage(core, record, account, content, signed);
  } catch (error) {
    if (!hasCode(error)) throw error;
  }
}
