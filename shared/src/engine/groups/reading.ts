/**
 * The way in of a group (protocol §11.8): entries strictly in the relay's order, each in one transaction with what it
 * changes and with the cursor. An entry that cannot be opened changes nothing but the cursor, and says why.
 */
import { equalBytes } from '../../bytes/index.ts';
import { hasCode } from '../../errors/index.ts';
import {
  agrees,
  extendGroup,
  extendTranscript,
  type Group,
  memberOf,
  openGroupMessage,
  openLink,
  type OpenedMessage,
  parseEntry,
  readLink,
  type ReadLink,
} from '../../groups/index.ts';
import type { GroupEntry } from '../relay-client.ts';
import { type GroupContent, messageIdBytes, parseGroupContent } from '../../wire/index.ts';
import { insertTheirs } from '../conversations.ts';
import { sendLetter } from '../outgoing.ts';
import type { Core } from '../core.ts';
import {
  chainKeyOf,
  chains,
  commits,
  entries as outgoingEntries,
  type GroupRecord,
  intentKeyOf,
  intents,
  leaving,
  leavingKeyOf,
} from '../group-records.ts';
import { ownAccountId } from '../group-summary.ts';
import type { UnreadableReason } from '../unreadable.ts';
import { dropCommit } from './committing.ts';
import { noteLeaving } from './departures.ts';
import { doubtKeys } from './doubting.ts';
import { enterEpoch, findSecret, leaveEpoch, leaveGroup } from './epochs.ts';
import {
  addEvent,
  conversationOfGroup,
  findGroup,
  isInEpoch,
  meetMembers,
  nameOfEpoch,
  ownMember,
  requireGroup,
  saveGroup,
  storeLink,
  withLog,
} from './group.ts';
import { insertGroupMessage } from './inserting.ts';
import { keepPastEpoch } from './reconciling.ts';
import { forgetReceivers } from './receipts.ts';
import { tellDifference, tellLink } from './telling.ts';
import { settleEntry } from './writing.ts';

/** Deals with the next entries of the group's log, which may have come before. */
export function readEntries(core: Core, id: Uint8Array, entries: readonly GroupEntry[]): void {
  core.transaction(() => {
    for (const entry of entries) {
      const record = findGroup(core, id);
      // Behind a link whose keys are missing, nothing can be read.
      if (record?.standing !== 'ready' || !record.keys || entry.place <= record.place) continue;
      readEntry(core, record, entry);
    }
  });
}

function readEntry(core: Core, before: GroupRecord, entry: GroupEntry): void {
  const record = withGap(core, before, entry);
  const group = requireGroup(record);
  const opened = open(core, record, group, entry);
  const { transcript } = record;
  const next: GroupRecord = {
    ...record,
    place: entry.place,
    linkCount: record.linkCount + (entry.link ? 1 : 0),
    ...(transcript && { transcript: mutable(extendTranscript(transcript, entry.entry)) }),
  };
  switch (opened.kind) {
    case 'message':
      readMessage(core, next, record, group, opened.message);
      break;
    case 'link':
      followLink(core, next, group, opened.link, opened.bytes, opened.after);
      break;
    case 'nothing':
      saveSilently(core, next);
      break;
    case 'unreadable':
      saveSilently(core, addUnreadable(core, next, opened.reason));
      break;
    case 'stuck':
      if (next.helper) doubtKeys(core, next);
      else becomeStuck(core, next, opened.offender);
  }
  const ours = core.vault.get(outgoingEntries, entry.id);
  if (ours) settleEntry(core, ours);
  if (entry.link) settleCommit(core, next, entry);
}

/** A link of ours that is here has done its work; one for a place that is taken now is not wanted any more. */
function settleCommit(core: Core, { id, linkCount }: GroupRecord, entry: GroupEntry): void {
  const commit = core.vault.get(commits, id);
  if (!commit || commit.linkCount >= linkCount) return;
  if (!equalBytes(commit.entryId, entry.id)) {
    dropCommit(core, commit);
    return;
  }
  core.vault.delete(commits, id);
  if (commit.intent) core.vault.delete(intents, intentKeyOf(id, commit.intent));
}

/** Only the loops care for how far was read. */
function saveSilently(core: Core, record: GroupRecord): void {
  saveGroup(core, record);
}

type Opened =
  | { readonly kind: 'message'; readonly message: Extract<OpenedMessage, { kind: 'opened' }> }
  | { readonly kind: 'link'; readonly link: ReadLink; readonly bytes: Uint8Array; readonly after: Group }
  /** It was opened before, or is a link that the rules forbid and that begins no epoch: all ignore it alike. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unreadable'; readonly reason: UnreadableReason }
  /** It begins an epoch at the relay, and nobody can follow. */
  | { readonly kind: 'stuck'; readonly offender?: Uint8Array };

function open(core: Core, { keys, helper }: GroupRecord, group: Group, entry: GroupEntry): Opened {
  if (!keys) throw new TypeError('the keys are missing');
  try {
    const { kind, body } = parseEntry(entry.entry);
    if (entry.link !== (kind === 'link')) return entry.opens ? { kind: 'stuck' } : { kind: 'nothing' };
    if (kind === 'link') return readLinkEntry(group, openLink(body, keys, nameOfEpoch(group)), entry);
    const message = openGroupMessage({
      body,
      keys,
      name: nameOfEpoch(group),
      speakers: group.speakers,
      chainOf: (device) => core.vault.get(chains, chainKeyOf(group.group, device)),
    });
    return message.kind === 'opened' ? { kind: 'message', message } : { kind: 'nothing' };
  } catch (error) {
    if (entry.opens && hasCode(error)) return { kind: 'stuck' };
    // Under a key that a member gave us it may be the key that is wrong.
    const isOurs = !helper || !hasCode(error, 'ERR_CRYPTO_OPEN');
    if (entry.link && isOurs && hasCode(error)) return { kind: 'nothing' };
    return { kind: 'unreadable', reason: reasonOf(error) };
  }
}

function readLinkEntry(group: Group, bytes: Uint8Array, { opens }: GroupEntry): Opened {
  let offender: Uint8Array | undefined;
  try {
    const link = readLink(bytes);
    offender = group.speakers.find(
      ({ sign, until }) => until === undefined && equalBytes(sign, link.signer),
    )?.account;
    const after = extendGroup(group, bytes);
    // What the relay was told and what the link says must be one.
    if (opens !== after.epoch > group.epoch)
      return opens ? { kind: 'stuck', ...(offender && { offender }) } : { kind: 'nothing' };
    return { kind: 'link', link, bytes, after };
  } catch (error) {
    if (!hasCode(error, 'ERR_LOG_INVALID', 'ERR_LOG_FORK', 'ERR_NEWER_VERSION')) throw error;
    return opens ? { kind: 'stuck', ...(offender && { offender }) } : { kind: 'nothing' };
  }
}

/** The link holds: the group is from now on what it says. */
export function followLink(
  core: Core,
  record: GroupRecord,
  before: Group,
  link: ReadLink,
  bytes: Uint8Array,
  after: Group,
): void {
  storeLink(core, before.group, link.seq, bytes);
  meetMembers(core, after.members);
  const next = withLog(record, after);
  tellLink(core, next, before, after, link);
  const gone = before.members.filter(({ identity }) => !memberOf(after, identity.accountId));
  if (record.conversation)
    forgetReceivers(
      core,
      record.conversation,
      before,
      gone.map(({ identity }) => identity.accountId),
    );
  if (after.epoch > before.epoch) {
    keepPastEpoch(core, record, before.epoch);
    beginEpoch(core, next, after);
  } else saveGroup(core, next);
}

function beginEpoch(core: Core, record: GroupRecord, group: Group): GroupRecord {
  const secret = findSecret(core, group);
  const left = leaveEpoch(core, record);
  for (const { account } of core.vault.list(leaving, { scope: record.id, limit: 1_000 })) {
    if (!group.members.some(({ identity }) => equalBytes(identity.accountId, account)))
      core.vault.delete(leaving, leavingKeyOf(record.id, account));
  }
  if (!ownMember(core, group) || !isInEpoch(core, group)) return leaveGroup(core, left, 'removed');
  if (secret) return enterEpoch(core, left, group, secret);
  return saveGroup(core, {
    ...left,
    standing: 'keys-missing',
    since: core.clock.now(),
    asked: 0,
    askedAt: 0,
    missing: [],
  });
}

function becomeStuck(core: Core, record: GroupRecord, offender: Uint8Array | undefined): void {
  saveGroup(core, {
    ...leaveEpoch(core, record),
    standing: 'stuck',
    trouble: 'ERR_GROUP_STUCK',
    since: core.clock.now(),
    asked: 0,
    askedAt: 0,
    ...(offender && { offender }),
  });
}

function readMessage(
  core: Core,
  next: GroupRecord,
  before: GroupRecord,
  group: Group,
  { chain, speaker, statement, signed }: Extract<OpenedMessage, { kind: 'opened' }>,
): void {
  core.vault.put(chains, {
    group: group.group,
    device: chain.device,
    generation: chain.generation,
    chainKey: chain.chainKey,
  });
  const own = equalBytes(chain.device, core.deviceIdOf(core.requireAccount()));
  let record = next;
  if (!own && before.transcript && !agrees(before.transcript, statement.seen) && !next.differs) {
    record = { ...next, differs: true };
    tellDifference(core, record, speaker.account);
  }
  saveGroup(core, record);
  let content: GroupContent;
  try {
    content = parseGroupContent(statement.content);
  } catch (error) {
    addUnreadable(core, record, reasonOf(error), speaker.account);
    return;
  }
  if (own) {
    // Of a state that was restored from a copy: what was said since then comes back.
    if (content.kind === 'text' || content.kind === 'code')
      insertGroupMessage(core, record, speaker.account, content, signed);
  } else receiveGroupContent(core, record, group, speaker.account, content, signed);
}

function receiveGroupContent(
  core: Core,
  record: GroupRecord,
  group: Group,
  account: Uint8Array,
  content: GroupContent,
  signed: Uint8Array,
): void {
  const conversation = conversationOfGroup(core, record);
  if (!conversation || !equalBytes(content.conversation, group.conversation)) {
    addUnreadable(core, record, 'malformed', account);
    return;
  }
  switch (content.kind) {
    case 'text':
    case 'code':
      insertGroupMessage(core, record, account, content, signed);
      return;
    case 'leave':
      noteLeaving(core, record, group, account, content, { signed, epoch: group.epoch });
      return;
    case 'notice': {
      const { account: whose, keys } = content.body;
      if (keys === 'missing' && equalBytes(whose, ownAccountId(core))) {
        // Said by somebody who had not heard yet that they came.
        sendLetter(core, conversation, 'notice', { account: whose, keys: 'present' });
        return;
      }
      const others = record.missing.filter((one) => !equalBytes(one, whose));
      saveGroup(core, { ...record, missing: keys === 'missing' ? [...others, whose].slice(-250) : others });
    }
  }
}

/** Entries are missing: the relay has forgotten them, or does not show them. */
function withGap(core: Core, record: GroupRecord, { place }: GroupEntry): GroupRecord {
  if (place === record.place + 1) return record;
  const { transcript: _, ...rest } = record;
  const conversation = conversationOfGroup(core, record);
  addEvent(
    core,
    rest,
    { event: 'lost', by: '', people: [] },
    {
      id: core.randomness.bytes(messageIdBytes),
      counter: conversation?.counter ?? 0,
      at: core.clock.now(),
      author: record.id,
    },
  );
  return rest;
}

/** What cannot be opened is told of once in an epoch where keys were given to us; then others are asked. */
function addUnreadable(
  core: Core,
  record: GroupRecord,
  reason: UnreadableReason,
  author?: Uint8Array,
): GroupRecord {
  if (record.helper && record.keys && reason === 'tampered') return doubtKeys(core, record);
  const conversation = conversationOfGroup(core, record);
  if (!conversation) return record;
  insertTheirs(core, conversation, {
    id: core.randomness.bytes(messageIdBytes),
    conversation: conversation.id,
    counter: conversation.counter,
    author: author ?? record.id,
    own: false,
    sentAt: core.clock.now(),
    body: { kind: 'unreadable', reason },
  });
  return record;
}

function reasonOf(error: unknown): UnreadableReason {
  if (hasCode(error, 'ERR_CRYPTO_OPEN', 'ERR_CRYPTO_SIGNATURE', 'ERR_CRYPTO_KEY')) return 'tampered';
  if (hasCode(error, 'ERR_TOO_MANY_SKIPPED')) return 'too-many-skipped';
  if (hasCode(error, 'ERR_NEWER_VERSION')) return 'newer-version';
  if (hasCode(error, 'ERR_FORMAT')) return 'malformed';
  throw error;
}

export function mutable<T extends { readonly position: unknown; readonly hashes: readonly Uint8Array[] }>(
  transcript: T,
): T & { hashes: Uint8Array[] } {
  return { ...transcript, hashes: [...transcript.hashes] };
}
