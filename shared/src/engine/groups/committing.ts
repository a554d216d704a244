/**
 * How a change gets into a group's log (protocol §11.8). What begins an epoch goes in this order: the secret is drawn
 * and stored, the link is sealed under the present epoch, a share is deposited in the mailbox of everybody who will be
 * in the new one, and only then is the link appended, by compare-and-set. Whoever dies in between has changed nothing.
 */
import { compareBytes, equalBytes } from '../../bytes/index.ts';
import { hasCode } from '../../errors/index.ts';
import {
  accessHashOf,
  createGroup,
  deriveEpochKeys,
  devicesOf,
  type Group,
  sealLink,
  sealWelcome,
  secretBytes,
  type WhoMayAdd,
  welcomeHashOf,
} from '../../groups/index.ts';
import { envelopeIdBytes, type Letter } from '../../wire/index.ts';
import { hasLastingTrouble } from '../contacts.ts';
import { ensureConversation } from '../conversations.ts';
import { dropLetter, sendLetter } from '../outgoing.ts';
import type { Core } from '../core.ts';
import {
  commits,
  type CommitRecord,
  type GroupRecord,
  intentKeyOf,
  type IntentRecord,
  intents,
  leaving,
  leavingKeyOf,
  pastEpochs,
  storeGroup,
} from '../group-records.ts';
import { groupOf } from '../group-summary.ts';
import { contacts, conversations, messageKey, outbox, outgoing } from '../records.ts';
import type { Relay } from '../relay-client.ts';
import { wordsOfLeaving } from './departures.ts';
import { enterEpoch } from './epochs.ts';
import { noteUnfollowed, type Updates } from './following.ts';
import { tellRefused } from './telling.ts';
import { type Made, makeChange, signing, welcomeRoom } from './making.ts';
import {
  conversationOfGroup,
  findGroup,
  linksOf,
  nameOfEpoch,
  othersOf,
  requireGroup,
  saveGroup,
} from './group.ts';

type Change = IntentRecord['change'];

/** Asks for a change of the group; it is made as soon as the relay can be reached. */
export function intend(core: Core, group: Uint8Array, change: Change): void {
  core.vault.put(intents, { group, id: core.randomness.bytes(16), at: core.clock.now(), change });
  core.touch(findGroup(core, group)?.conversation ?? group);
}

export function intentsOf(core: Core, group: Uint8Array): IntentRecord[] {
  return core.vault.list(intents, { scope: group, limit: 100 });
}

/**
 * The beginning of a group, to be announced by {@link advanceCommit}. Must run in a transaction.
 * @param options.logs the others' whole logs.
 */
export function beginGroup(
  core: Core,
  options: {
    readonly name: string;
    readonly mayAdd: WhoMayAdd;
    readonly admins: readonly Uint8Array[];
    readonly logs: readonly (readonly Uint8Array[])[];
    readonly counter: number;
    readonly continues?: { readonly group: Group; readonly conversation: Uint8Array };
  },
): { readonly group: Group; readonly link: Uint8Array } {
  const { continues, counter } = options;
  const secret = core.randomness.bytes(secretBytes);
  const { link, group } = createGroup({
    ...signing(core, counter),
    secret,
    name: options.name,
    mayAdd: options.mayAdd,
    admins: options.admins,
    members: [core.requireAccount().links, ...options.logs],
    ...(continues && {
      continues: {
        group: continues.group.group,
        head: { seq: continues.group.head.seq, hash: continues.group.head.hash },
        conversation: continues.conversation,
      },
    }),
  });
  const welcome = sealWelcome({ links: [link], shared: [] }, secret, nameOfEpoch(group), core.randomness);
  putCommit(core, group, { link, secret, welcome, epoch: 0, linkCount: 0 });
  return { group, link };
}

/** Makes the next link that is wanted, if any is. Must run in a transaction. @returns whether there is a commit now. */
export function beginCommit(core: Core, record: GroupRecord, updates: Updates): boolean {
  if (core.vault.get(commits, record.id)) return true;
  if (record.standing !== 'ready' || !record.keys) return false;
  for (const intent of intentsOf(core, record.id)) {
    const outcome = makeChange(core, record, intent.change, updates);
    const made = outcome === 'forbidden' ? undefined : outcome;
    if (outcome === 'forbidden') tellRefused(core, record, intent.change);
    if (opensEpoch(intent.change)) noteUnfollowed(core, findGroup(core, record.id)!, made?.change.group);
    if (made) {
      storeCommit(core, record, intent, made);
      return true;
    }
    dropIntent(core, record.id, intent);
  }
  return false;
}

/** What is done, or cannot be done, is not wanted for ever. */
function dropIntent(core: Core, group: Uint8Array, { id, change }: IntentRecord): void {
  core.vault.delete(intents, intentKeyOf(group, id));
  // A word of somebody's leaving that counts no more, as its device is gone, would be taken up again and again.
  if (change.kind === 'remove') core.vault.delete(leaving, leavingKeyOf(group, change.account));
}

function opensEpoch({ kind }: Change): boolean {
  return kind === 'add' || kind === 'remove' || kind === 'rotate';
}

function storeCommit(
  core: Core,
  record: GroupRecord,
  intent: IntentRecord,
  { change, secret, shared }: Made,
): void {
  const before = requireGroup(record);
  const { group, link } = change;
  const entry = sealLink(link, record.keys!, nameOfEpoch(before), core.randomness);
  const isAsked = intent.change.kind === 'rotate' && intent.change.welcome;
  const comes = devicesOf(group).some(
    (device) => !devicesOf(before).some((known) => equalBytes(known, device)),
  );
  // Where the links do not fit any more, nobody can come in; but the group goes on.
  const welcome =
    secret && (comes || isAsked) && welcomeRoom(core, group.group, [[link]]) >= 0
      ? sealWelcome(
          {
            links: [...linksOf(core, group.group), link],
            shared: [...wordsOfLeaving(core, group.group), ...shared],
          },
          secret,
          nameOfEpoch(group),
          core.randomness,
        )
      : undefined;
  putCommit(core, group, {
    intent: intent.id,
    link,
    entry,
    epoch: before.epoch,
    linkCount: record.linkCount,
    ...(secret && { secret }),
    ...(welcome && { welcome }),
  });
}

function putCommit(
  core: Core,
  group: Group,
  made: Pick<CommitRecord, 'link' | 'epoch' | 'linkCount'> & {
    readonly intent?: Uint8Array;
    readonly entry?: Uint8Array;
    readonly secret?: Uint8Array;
    readonly welcome?: Uint8Array;
  },
): void {
  const { secret, welcome, ...rest } = made;
  const { access } = secret ? deriveEpochKeys(secret, nameOfEpoch(group)) : { access: undefined };
  core.vault.put(commits, {
    ...rest,
    group: group.group,
    hash: group.head.hash,
    entryId: core.randomness.bytes(envelopeIdBytes),
    ...(secret &&
      access && {
        opens: { secret, accessHash: accessHashOf(access), ...(welcome && { welcome }) },
      }),
    letters: secret ? shareSecret(core, group, secret, welcome) : [],
    at: core.clock.now(),
  });
}

/** A letter to everybody else who will be in the epoch. */
function shareSecret(
  core: Core,
  group: Group,
  secret: Uint8Array,
  welcome: Uint8Array | undefined,
): CommitRecord['letters'] {
  const letter: Letter = {
    action: 'share',
    group: group.group,
    epoch: group.epoch,
    link: group.epochLink,
    secret,
    ...(welcome && { welcome: welcomeHashOf(welcome) }),
  };
  return othersOf(core, group).flatMap(({ identity }) => {
    const contact = core.vault.get(contacts, identity.accountId);
    if (!contact) return [];
    const conversation = ensureConversation(core, contact, 'silent');
    return [{ conversation: conversation.id, id: sendLetter(core, conversation, 'group', { ...letter }) }];
  });
}

/** Whether the share is in the mailboxes, or will not get there for now. */
function isDeposited(
  core: Core,
  letter: CommitRecord['letters'][number],
  isHeld: (account: Uint8Array) => boolean,
): boolean {
  const key = messageKey(letter.conversation, letter.id);
  const waiting = core.vault.get(outgoing, key);
  if (!waiting) return true;
  if (!waiting.waiting && core.vault.count(outbox, key) === 0) return true;
  const peer = peerOf(core, letter.conversation);
  return peer !== undefined && (isHeld(peer.account) || hasLastingTrouble(peer));
}

function peerOf(core: Core, conversation: Uint8Array) {
  const peer = core.vault.get(conversations, conversation)?.peer;
  return peer && core.vault.get(contacts, peer);
}

/** `stale`: the relay's log has gone on, by what has not been read yet. */
export type CommitOutcome = 'nothing' | 'waiting' | 'appended' | 'stale';

/**
 * Brings the commit on its way as far as it goes now.
 * @param options.isHeld whether what is for an account cannot be delivered at present; `isLate`: its shares have been
 *   waited for long enough.
 * @throws RelayError what the relay says; `ERR_EPOCH_STALE` has been dealt with.
 */
export async function advanceCommit(
  core: Core,
  relay: Relay,
  id: Uint8Array,
  { isHeld, isLate }: { readonly isHeld: (account: Uint8Array) => boolean; readonly isLate: boolean },
  signal: AbortSignal,
): Promise<CommitOutcome> {
  const commit = core.vault.get(commits, id);
  if (!commit) return 'nothing';
  if (!isLate && !commit.letters.every((letter) => isDeposited(core, letter, isHeld))) return 'waiting';
  const record = findGroup(core, id);
  if (!record) return 'nothing';
  if (!commit.entry) return announceGroup(core, relay, record, commit, signal);
  // Behind the place that it was made for: the log says what came instead.
  if (!record.keys || record.linkCount !== commit.linkCount) return 'waiting';
  const { opens } = commit;
  try {
    await relay.appendGroupLink(
      id,
      { access: record.keys.access },
      {
        epoch: commit.epoch,
        links: commit.linkCount,
        id: commit.entryId,
        entry: commit.entry,
        ...(opens && {
          opens: { accessHash: opens.accessHash, ...(opens.welcome && { welcome: opens.welcome }) },
        }),
      },
      signal,
    );
  } catch (error) {
    if (!hasCode(error, 'ERR_EPOCH_STALE')) throw error;
    // The log moves on by another link; when that has been read, this one is made anew if it is still wanted.
    core.transaction(() => dropCommit(core, commit));
    return 'stale';
  }
  // It counts when it has been read in its place.
  return 'appended';
}

/** Shares of a link that was not accepted are worth nothing: those that have not left are called back. */
export function dropCommit(core: Core, commit: CommitRecord): void {
  core.vault.delete(commits, commit.group);
  for (const { conversation, id } of commit.letters) {
    const key = messageKey(conversation, id);
    const waiting = core.vault.get(outgoing, key);
    if (waiting?.waiting) dropLetter(core, conversation, id);
  }
}

async function announceGroup(
  core: Core,
  relay: Relay,
  record: GroupRecord,
  { opens, hash, group: id }: CommitRecord,
  signal: AbortSignal,
): Promise<CommitOutcome> {
  if (!opens?.welcome) throw new TypeError('a group begins with a welcome');
  await relay.createGroup({ id: hash, accessHash: opens.accessHash, welcome: opens.welcome }, signal);
  core.transaction(() => {
    const present = findGroup(core, record.id);
    const group = present && groupOf(present);
    if (!present || !group) return;
    core.vault.delete(commits, id);
    enterEpoch(core, present, group, opens.secret);
    const continued = group.continues && findGroup(core, group.continues.group);
    if (continued) succeed(core, continued, present);
  });
  return 'appended';
}

/** The conversation goes on in another group: of several successors, in the one with the lowest id. */
export function succeed(core: Core, old: GroupRecord, successor: GroupRecord): boolean {
  const conversation = conversationOfGroup(core, old);
  if (!conversation) return false;
  const present = conversation.group;
  if (present && !equalBytes(present, old.id) && compareBytes(present, successor.id) < 0) return false;
  core.vault.put(conversations, { ...conversation, group: successor.id });
  const ended: GroupRecord = { ...old, standing: 'succeeded' };
  storeGroup(core, ended);
  core.vault.deleteScope(pastEpochs, old.id);
  saveGroup(core, findGroup(core, successor.id) ?? successor);
  return true;
}
