/**
 * Keys that a member gave us (protocol §11.9) prove nothing by themselves. Where they turn out to be wrong, they go,
 * with the links that came with them, and others are asked. What two members give alike is not doubted again: or else
 * whoever writes garbage into the log would keep everybody from reading on whose keys were ever missing.
 */
import { concat, equalBytes } from '../../bytes/index.ts';
import { decodeGroup } from '../../groups/index.ts';
import { hash32 } from '../../primitives/index.ts';
import { messageIdBytes } from '../../wire/index.ts';
import { removeMessage } from '../conversations.ts';
import type { Core } from '../core.ts';
import { groupLinks, type GroupRecord } from '../group-records.ts';
import { groupOf } from '../group-summary.ts';
import { messageKey, messages } from '../records.ts';
import { leaveEpoch } from './epochs.ts';
import { saveGroup } from './group.ts';

type Keys = NonNullable<GroupRecord['keys']>;

/** What is common to all who give the keys of an epoch, whatever they have read of it. */
export function printOf({ access, header, link }: Keys): Uint8Array {
  return hash32('crypt2chat/v1/engine/given-keys', concat(access, header, link));
}

/** The keys are not the epoch's, or may not be. @returns the record without them. */
export function doubtKeys(core: Core, record: GroupRecord): GroupRecord {
  const { keys, helper } = record;
  if (!keys || !helper) {
    const { unlocated: _, ...rest } = record;
    return saveGroup(core, { ...rest, trouble: 'ERR_ACCESS_INVALID' });
  }
  const doubted = { account: helper, print: printOf(keys) };
  const { unlocated: _, trouble: _trouble, ...rest } = leaveEpoch(core, takeBack(core, record));
  return saveGroup(core, {
    ...rest,
    standing: 'keys-missing',
    since: core.clock.now(),
    asked: 0,
    askedAt: 0,
    doubted,
  });
}

/**
 * The record without the links that a member handed on, which no keys have confirmed; the record itself where there are
 * none. It is not stored.
 */
export function takeBack(core: Core, record: GroupRecord): GroupRecord {
  const { before, ...rest } = record;
  const group = groupOf(record);
  if (!before || !group) return record;
  const { length } = decodeGroup(before);
  for (const given of core.vault.list(groupLinks, { scope: record.id, limit: 10_000 }))
    if (given.seq >= length) core.vault.delete(groupLinks, groupLinks.key(given));
  for (let seq = length; record.conversation && seq < group.length; seq++) {
    const told = messageKey(record.conversation, group.hashAt(seq)!.slice(0, messageIdBytes));
    const line = core.vault.get(messages, told);
    if (line?.body.kind === 'event') removeMessage(core, line);
  }
  return { ...rest, log: before };
}

/** Whether somebody whose keys were doubted gives them again before the others could give theirs. */
export function isDoubted({ doubted, asked }: GroupRecord, account: Uint8Array): boolean {
  return doubted !== undefined && asked < 2 && equalBytes(doubted.account, account);
}
