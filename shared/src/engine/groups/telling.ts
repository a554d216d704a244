/** What a link changed, as lines in the conversation. */
import { equalBytes } from '../../bytes/index.ts';
import { type Group, memberOf, memberOfKey, type Member, type ReadLink } from '../../groups/index.ts';
import { accountIdOfLog } from '../../identity/index.ts';
import type { Core } from '../core.ts';
import { type GroupRecord, type IntentRecord, leaving, leavingKeyOf } from '../group-records.ts';
import { nameOf, ownAccountId } from '../group-summary.ts';
import { messageIdBytes } from '../../wire/index.ts';
import { addEvent, conversationOfGroup, type EventBody } from './group.ts';

export function tellLink(core: Core, record: GroupRecord, before: Group, after: Group, link: ReadLink): void {
  const author =
    memberOfKey(before, link.signer)?.identity.accountId ??
    memberOfKey(after, link.signer)?.identity.accountId;
  if (!author) return;
  const by = nameOf(core, author);
  const event = eventOf(core, record, before, after, link, by);
  if (!event) return;
  addEvent(core, record, event, { id: link.hash, counter: link.body.counter, at: link.at, author });
}

/** Somebody has read another log than we have: the relay shows us different ones, or they say so. */
export function tellDifference(core: Core, record: GroupRecord, account: Uint8Array): void {
  const counter = conversationOfGroup(core, record)?.counter ?? 0;
  const id = core.randomness.bytes(messageIdBytes);
  const place = { id, counter, at: core.clock.now(), author: account };
  addEvent(core, record, { event: 'differs', by: nameOf(core, account), people: [] }, place);
}

/** What the person wanted to change is not allowed any more; what the engine wanted by itself is nobody's news. */
export function tellRefused(core: Core, record: GroupRecord, change: IntentRecord['change']): void {
  const isOurs =
    change.kind !== 'rotate' && !(change.kind === 'remove' && hasLeft(core, record, change.account));
  const conversation = conversationOfGroup(core, record);
  if (!isOurs || !conversation) return;
  const id = core.randomness.bytes(messageIdBytes);
  const { counter } = conversation;
  const place = { id, counter, at: core.clock.now(), author: ownAccountId(core) };
  const by = core.requireAccount().username;
  const people = concerned(change).map((account) => nameOf(core, account));
  addEvent(core, record, { event: 'refused', by, people }, place);
}

function concerned(change: IntentRecord['change']): Uint8Array[] {
  switch (change.kind) {
    case 'add':
      return change.logs.map((log) => accountIdOfLog(log));
    case 'remove':
    case 'admin':
      return [change.account];
    case 'rename':
    case 'may-add':
    case 'rotate':
      return [];
  }
}

function hasLeft(core: Core, { id }: GroupRecord, account: Uint8Array): boolean {
  return core.vault.get(leaving, leavingKeyOf(id, account)) !== undefined;
}

type Event = Omit<EventBody, 'kind'>;

function eventOf(
  core: Core,
  record: GroupRecord,
  before: Group,
  after: Group,
  { body }: ReadLink,
  by: string,
): Event | undefined {
  switch (body.type) {
    case 'create':
      return {
        event: 'created',
        by,
        ...named(
          core,
          after.members.filter(({ identity }) => identity.username !== by),
        ),
        name: after.name,
      };
    case 'add': {
      const came = after.members.filter(({ identity }) => !memberOf(before, identity.accountId));
      return { event: 'added', by, ...named(core, came), ...(body.shared > 0 && { shared: body.shared }) };
    }
    case 'remove': {
      const went = before.members.filter(({ identity }) => !memberOf(after, identity.accountId));
      // Whoever left has been told of by what they said.
      const unwilling = went.filter(({ identity }) => !hasLeft(core, record, identity.accountId));
      return unwilling.length === 0 ? undefined : { event: 'removed', by, ...named(core, unwilling) };
    }
    case 'rotate': {
      const changed = after.members.filter(({ identity }) => {
        const known = memberOf(before, identity.accountId)?.identity;
        return known && known.head.seq !== identity.head.seq;
      });
      return changed.length === 0 ? undefined : { event: 'computers', by, ...named(core, changed) };
    }
    case 'rename':
      return { event: 'renamed', by, people: [], name: after.name };
    case 'policy': {
      if (body.mayAdd !== undefined && body.mayAdd !== before.mayAdd)
        return { event: 'adding', by, people: [], mayAdd: body.mayAdd };
      const isAdmin = (group: Group, { identity }: Member) =>
        memberOf(group, identity.accountId)?.admin === true;
      const made = after.members.filter((member) => member.admin && !isAdmin(before, member));
      if (made.length > 0) return { event: 'admins-made', by, ...named(core, made) };
      const unmade = before.members.filter((member) => member.admin && !isAdmin(after, member));
      return unmade.length === 0 ? undefined : { event: 'admins-unmade', by, ...named(core, unmade) };
    }
  }
}

function named(core: Core, members: readonly Member[]): { people: string[]; us?: true } {
  const own = ownAccountId(core);
  const others = members.filter(({ identity }) => !equalBytes(identity.accountId, own));
  return {
    people: others.map(({ identity }) => identity.username),
    ...(others.length < members.length && { us: true as const }),
  };
}
