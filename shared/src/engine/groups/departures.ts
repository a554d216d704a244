/**
 * Members who have said that they leave, until somebody takes them out of the log. Their words are handed on to
 * whoever joins or lacks them: or else nobody might be left who has heard them.
 */
import { equalBytes } from '../../bytes/index.ts';
import type { Group, ParsedStatement } from '../../groups/index.ts';
import { hash32 } from '../../primitives/index.ts';
import type { GroupContent } from '../../wire/index.ts';
import type { Core } from '../core.ts';
import { type GroupRecord, leaving, leavingKeyOf } from '../group-records.ts';
import { nameOf } from '../group-summary.ts';
import { addEvent } from './group.ts';

/** A welcome has room for so many beside everything else. An honest one has some 400 bytes. */
const maxHandedOn = 50;
const maxHandedOnBytes = 1_024;

/** The signed statements, to be handed on. */
export function wordsOfLeaving(core: Core, group: Uint8Array): Uint8Array[] {
  return core.vault
    .list(leaving, { scope: group, limit: maxHandedOn })
    .map(({ signed }) => signed)
    .filter(({ length }) => length <= maxHandedOnBytes);
}

/** `account` says that it leaves. What it said before it came again is nothing now. */
export function noteLeaving(
  core: Core,
  record: GroupRecord,
  group: Group,
  account: Uint8Array,
  content: Extract<GroupContent, { kind: 'leave' }>,
  { signed, epoch }: { readonly signed: Uint8Array } & Pick<ParsedStatement, 'epoch'>,
): void {
  const isHere = group.speakers.some(
    ({ account: one, from, until }) => until === undefined && from <= epoch && equalBytes(one, account),
  );
  if (!isHere || core.vault.get(leaving, leavingKeyOf(record.id, account))) return;
  core.vault.put(leaving, { group: record.id, account, signed, at: core.clock.now() });
  addEvent(
    core,
    record,
    { event: 'left', by: nameOf(core, account), people: [] },
    {
      // Not the content's own: that could be chosen to be some message's.
      id: hash32('crypt2chat/v1/engine/left', signed),
      counter: content.counter,
      at: content.sentAt,
      author: account,
    },
  );
}
