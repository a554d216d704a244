/**
 * The way out of a group: messages are sealed in the sending chain of the present epoch and stored, and only then do
 * they leave. What is refused because the epoch has ended is sealed anew in the next one, under the same message id.
 */
import { equalBytes } from '../../bytes/index.ts';
import { decodeCbor } from '../../cbor/index.ts';
import { maxGeneration, sealGroupMessage } from '../../groups/index.ts';
import {
  encodeGroupContent,
  envelopeIdBytes,
  type GroupContent,
  limits,
  noticeBodySchema,
} from '../../wire/index.ts';
import { advanceMessage } from '../conversations.ts';
import { dropLetter } from '../outgoing.ts';
import type { Core } from '../core.ts';
import { chainKeyOf, chains, entries, type EntryRecord, type GroupRecord } from '../group-records.ts';
import {
  letters,
  messageKey,
  messages,
  originals,
  outgoing,
  outgoingScope,
  type OutgoingRecord,
} from '../records.ts';
import type { Relay } from '../relay-client.ts';
import { bodyOf } from '../sealing.ts';
import { leaveGroup } from './epochs.ts';
import { conversationOfGroup, findGroup, nameOfEpoch, othersOf, requireGroup, seenBy } from './group.ts';

/** Messages that are sealed in one transaction. */
const messagesPerStep = 16;
/** Before a chain is at its end, another epoch is begun; so many messages may still go meanwhile. */
const spareGenerations = 256;
const maxBatchBytes = limits.requestBytes / 2;

/** Whether this device's chain is so near its end that another epoch has to begin. */
export function isChainLow(core: Core, { id }: GroupRecord): boolean {
  const own = core.vault.get(chains, chainKeyOf(id, core.deviceIdOf(core.requireAccount())));
  return own !== undefined && own.generation > maxGeneration - spareGenerations;
}

/** Under keys that a member gave us nothing is said before what the log holds has had time to prove them wrong. */
const provingMs = 5_000;

/** @returns after how many milliseconds what waits may be sealed; undefined where it may be now. */
export function untilProven(core: Core, { helper, since }: GroupRecord): number | undefined {
  const waitMs = since + provingMs - core.clock.now();
  return helper && waitMs > 0 && waitMs <= provingMs ? waitMs : undefined;
}

/** Seals what waits in the group, in its order. @returns whether there is more. */
export function sealGroup(core: Core, id: Uint8Array): boolean {
  return core.transaction(() => {
    const record = findGroup(core, id);
    if (record?.standing !== 'ready' || record.unlocated || record.trouble === 'ERR_GROUP_WITHHELD')
      return false;
    const conversation = conversationOfGroup(core, record);
    if (!conversation?.group || !equalBytes(conversation.group, id)) return false;
    if (untilProven(core, record) !== undefined) return false;
    const waiting = core.vault.list(outgoing, {
      scope: outgoingScope(conversation.id, true),
      limit: messagesPerStep,
    });
    for (const entry of waiting) if (!sealOne(core, record, entry)) return false;
    return waiting.length === messagesPerStep;
  });
}

function sealOne(core: Core, record: GroupRecord, waiting: OutgoingRecord): boolean {
  const content = contentOf(core, waiting);
  const key = messageKey(waiting.conversation, waiting.id);
  if (!content) {
    core.vault.delete(outgoing, key);
    return true;
  }
  const group = requireGroup(record);
  const account = core.requireAccount();
  const chain = core.vault.get(chains, chainKeyOf(record.id, core.deviceIdOf(account)));
  if (!record.keys || !chain || chain.generation > maxGeneration) return false;
  const sealed = sealGroupMessage({
    content: encodeGroupContent(content),
    chain,
    keys: record.keys,
    name: nameOfEpoch(group),
    seen: seenBy(record, group),
    signer: core.deviceOf(account).sign,
    randomness: core.randomness,
  });
  core.vault.put(chains, { group: record.id, ...sealed.chain });
  core.vault.put(entries, {
    group: record.id,
    epoch: group.epoch,
    order: account.nextOutboxOrder,
    id: core.randomness.bytes(envelopeIdBytes),
    entry: sealed.entry,
    conversation: waiting.conversation,
    message: waiting.id,
  });
  core.updateAccount({ nextOutboxOrder: account.nextOutboxOrder + 1 });
  core.vault.put(outgoing, { ...waiting, waiting: false });
  if (content.kind === 'text' || content.kind === 'code') {
    core.vault.put(originals, { conversation: waiting.conversation, id: waiting.id, signed: sealed.signed });
    const message = core.vault.get(messages, key);
    if (message && !message.progress) {
      const of = othersOf(core, group).length;
      core.vault.put(messages, { ...message, progress: { delivered: 0, read: 0, of } });
    }
  }
  return true;
}

function contentOf(core: Core, { conversation, id, counter }: OutgoingRecord): GroupContent | undefined {
  const key = messageKey(conversation, id);
  const message = core.vault.get(messages, key);
  const common = { v: 1 as const, id, conversation, counter };
  if (message) {
    const body = bodyOf(message);
    return body && ({ ...common, sentAt: message.sentAt, ...body } as GroupContent);
  }
  const letter = core.vault.get(letters, key);
  const sentAt = core.clock.now();
  switch (letter?.kind) {
    case 'leave':
      return { ...common, sentAt, kind: 'leave', body: {} };
    case 'notice':
      return { ...common, sentAt, kind: 'notice', body: decodeCbor(noticeBodySchema, letter.body, 1024) };
    case 'group':
    case undefined:
      return undefined;
  }
}

/**
 * Posts what is sealed for the present epoch.
 * @returns whether anything was posted.
 * @throws RelayError `ERR_EPOCH_STALE` where the epoch is over: the log says how it goes on; and what else the relay says.
 */
export async function postEntries(
  core: Core,
  relay: Relay,
  id: Uint8Array,
  signal: AbortSignal,
): Promise<boolean> {
  const record = findGroup(core, id);
  if (record?.standing !== 'ready' || !record.keys) return false;
  const batch = nextBatch(core, record);
  const [first] = batch;
  if (!first) return false;
  await relay.appendMessages(id, { access: record.keys.access }, first.epoch, batch, signal);
  core.transaction(() => {
    for (const entry of batch) settleEntry(core, entry);
  });
  return true;
}

function nextBatch(core: Core, { id }: GroupRecord): EntryRecord[] {
  let bytes = 0;
  const found = core.vault.list(entries, { scope: id, limit: limits.envelopesPerBatch });
  return found.filter(({ epoch, entry }, i) => {
    bytes += entry.length;
    return epoch === found[0]!.epoch && (i === 0 || bytes <= maxBatchBytes);
  });
}

/** It is in the log: nothing of it is left to be sent. It may be told twice, by the relay's answer and by the log. */
export function settleEntry(core: Core, { id, group, conversation, message }: EntryRecord): void {
  const key = messageKey(conversation, message);
  core.vault.delete(entries, id);
  core.vault.delete(outgoing, key);
  advanceMessage(core, conversation, message, 'sent');
  const letter = core.vault.get(letters, key);
  if (!letter) return;
  dropLetter(core, conversation, message);
  const record = findGroup(core, group);
  if (letter.kind === 'leave' && record) leaveGroup(core, record, 'left');
}
