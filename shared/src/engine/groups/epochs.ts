/** Coming into an epoch and going out of it (protocol §11.8): keys are there while it lasts, and no longer. */
import { equalBytes, wipe } from '../../bytes/index.ts';
import {
  beginTranscript,
  type Chain,
  commitTo,
  deriveChains,
  deriveEpochKeys,
  devicesOf,
  type Group,
} from '../../groups/index.ts';
import { failMessage } from '../conversations.ts';
import { dropLetter, queue } from '../outgoing.ts';
import type { Core } from '../core.ts';
import {
  chains,
  commits,
  entries,
  type GroupRecord,
  intents,
  leaving,
  pastEpochs,
  shareKeyOf,
  type ShareRecord,
  shares,
} from '../group-records.ts';
import { groupOf } from '../group-summary.ts';
import { conversations, messageKey, outgoing, outgoingScope } from '../records.ts';
import { nameOfEpoch, saveGroup } from './group.ts';

const maxShares = 500;
const maxEntries = 10_000;

/** What we were handed for a group, oldest first. */
export function sharesOf(core: Core, group: Uint8Array): ShareRecord[] {
  return core.vault.list(shares, { scope: group, limit: maxShares });
}

/** The secret of the group's present epoch: our own, or one that was shared with us. */
export function findSecret(core: Core, group: Group): Uint8Array | undefined {
  const isMeant = (secret: Uint8Array) => equalBytes(commitTo(secret), group.commitment);
  const commit = core.vault.get(commits, group.group);
  if (commit?.opens && equalBytes(commit.hash, group.epochLink)) return commit.opens.secret;
  return sharesOf(core, group.group).find(
    ({ link, secret }) => equalBytes(link, group.epochLink) && isMeant(secret),
  )?.secret;
}

/** Derives the keys of the present epoch. The secret is not kept. */
export function enterEpoch(core: Core, record: GroupRecord, group: Group, secret: Uint8Array): GroupRecord {
  const name = nameOfEpoch(group);
  const keys = deriveEpochKeys(secret, name);
  putChains(core, group.group, deriveChains(secret, name, devicesOf(group)));
  dropShares(core, group);
  const {
    trouble: _,
    helper: _helper,
    doubted: _doubted,
    before: _before,
    retried: _retried,
    offender: _offender,
    differs: _differs,
    unlocated: _unlocated,
    noticedAt: _noticed,
    ...rest
  } = record;
  return saveGroup(core, {
    ...rest,
    standing: 'ready',
    keys,
    transcript: { ...beginTranscript(group.epochLink), hashes: [...beginTranscript(group.epochLink).hashes] },
    since: core.clock.now(),
    asked: 0,
    askedAt: 0,
    missing: [],
  });
}

export function putChains(core: Core, group: Uint8Array, fresh: readonly Chain[]): void {
  for (const { device, generation, chainKey } of fresh)
    core.vault.put(chains, { group, device, generation, chainKey });
}

/** What was sealed and is not known to be in the log is to be sealed once more, under the same message id. */
export function sealAnew(core: Core, group: Uint8Array): void {
  for (const entry of core.vault.list(entries, { scope: group, limit: maxEntries })) {
    core.vault.delete(entries, entry.id);
    const waiting = core.vault.get(outgoing, messageKey(entry.conversation, entry.message));
    if (waiting) queue(core, waiting);
  }
}

/** The epoch is over: its keys go, and what was sealed in it and is not in the log is to be sealed anew. */
export function leaveEpoch(core: Core, record: GroupRecord): GroupRecord {
  core.vault.deleteScope(chains, record.id);
  sealAnew(core, record.id);
  const { keys, transcript: _, helper: _helper, ...rest } = record;
  if (keys) core.afterCommit(() => wipe(keys.access, keys.header, keys.link));
  return rest;
}

/** We are not in it any more: what was said stays, and nothing else. */
export function leaveGroup(core: Core, record: GroupRecord, standing: 'left' | 'removed'): GroupRecord {
  const left = leaveEpoch(core, record);
  const group = standing === 'removed' ? groupOf(record) : undefined;
  // Whoever was removed may have been let in again, further on in the log.
  for (const share of sharesOf(core, record.id))
    if (!group || share.epoch <= group.epoch) dropShare(core, share);
  core.vault.delete(commits, record.id);
  core.vault.deleteScope(intents, record.id);
  core.vault.deleteScope(leaving, record.id);
  core.vault.deleteScope(pastEpochs, record.id);
  giveUpWaiting(core, record);
  const { trouble: _, ...rest } = left;
  return saveGroup(core, { ...rest, standing, missing: [] });
}

/** What was written and has not left would be read by nobody; whoever comes back may not want it said any more. */
function giveUpWaiting(core: Core, { id, conversation }: GroupRecord): void {
  const shown = conversation && core.vault.get(conversations, conversation);
  if (!shown?.group || !equalBytes(shown.group, id)) return;
  const waiting = core.vault.list(outgoing, { scope: outgoingScope(shown.id, true), limit: maxEntries });
  for (const entry of waiting) {
    failMessage(core, shown.id, entry.id, 'ERR_GROUP_NOT_MEMBER');
    dropLetter(core, shown.id, entry.id);
    core.vault.delete(outgoing, messageKey(shown.id, entry.id));
  }
}

/** Shares of this epoch and of earlier ones have done their work, or were never followed. */
function dropShares(core: Core, { group, epoch }: Group): void {
  for (const share of sharesOf(core, group)) if (share.epoch <= epoch) dropShare(core, share);
}

export function dropShare(core: Core, share: ShareRecord): void {
  core.vault.delete(shares, shareKeyOf(share));
}
