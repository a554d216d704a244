/** A group that nobody can follow goes on as another one (protocol §11.10). */
import { equalBytes } from '../../bytes/index.ts';
import { type Group, type Member, memberOfKey, readLink } from '../../groups/index.ts';
import type { Core } from '../core.ts';
import { type GroupRecord, groupLinks } from '../group-records.ts';
import type { Relay } from '../relay-client.ts';
import { beginGroup } from './committing.ts';
import {
  conversationOfGroup,
  findGroup,
  listGroups,
  requireGroup,
  saveGroup,
  storeLink,
  withLog,
} from './group.ts';
import { unread } from './inviting.ts';
import { fetchLog, isAboutLog } from './logs.ts';
import { isAbandoned, successorTurn } from './tending.ts';

/** Whom the relay shows the log as it is can say so meanwhile. */
const firstMs = 15_000;
const turnMs = 20_000;

/** @returns after how many milliseconds it may be our turn. */
export async function succeedStuckGroup(
  core: Core,
  relay: Relay,
  id: Uint8Array,
  signal: AbortSignal,
): Promise<number | undefined> {
  const record = core.transaction(() => noticeAbandoned(core, id));
  const conversation = record && conversationOfGroup(core, record);
  if (record?.standing !== 'stuck' || !conversation || !equalBytes(conversation.group ?? record.id, id))
    return undefined;
  if (successorOf(core, record)) return undefined;
  const group = requireGroup(record);
  const turn = successorTurn(core, record, group);
  if (turn === undefined) return undefined;
  const waitMs = record.since + firstMs + turn * turnMs - core.clock.now();
  // Of a time that is still to come: the clock was set back.
  if (waitMs > 0 && record.since <= core.clock.now()) return waitMs;
  const { offender } = record;
  const wanted = group.members.filter(
    ({ identity }) => !offender || !equalBytes(identity.accountId, offender),
  );
  const logs: (readonly Uint8Array[])[] = [];
  const stay: Member[] = [];
  for (const member of wanted) {
    const log = await logOf(core, relay, member.identity.accountId, signal);
    if (!log) continue;
    logs.push(log);
    stay.push(member);
  }
  core.transaction(() => {
    const own = core.requireAccount().links[0]!;
    const begun = beginGroup(core, {
      name: group.name,
      mayAdd: group.mayAdd,
      admins: admins(core, stay, group),
      logs: logs.filter(([first]) => !equalBytes(first!, own)),
      counter: conversation.counter + 1,
      continues: { group, conversation: conversation.id },
    });
    storeLink(core, begun.group.group, 0, begun.link);
    saveGroup(core, newRecord(core, begun.group, conversation.id));
  });
  return undefined;
}

/** Whose log cannot be had stays behind: the others do not wait for them. */
async function logOf(
  core: Core,
  relay: Relay,
  account: Uint8Array,
  signal: AbortSignal,
): Promise<readonly Uint8Array[] | undefined> {
  try {
    return await fetchLog(core, relay, account, signal);
  } catch (error) {
    if (isAboutLog(error)) return undefined;
    throw error;
  }
}

/** Who begins it is an admin of it, whoever the others are. */
function admins(core: Core, stay: Group['members'], { members }: Group): Uint8Array[] {
  const own = core.identityOf(core.requireAccount()).accountId;
  const before = stay.filter(({ admin, identity }) => admin && !equalBytes(identity.accountId, own));
  return members.length === 0 ? [] : [own, ...before.map(({ identity }) => identity.accountId)];
}

/** A group of ours that the relay does not have yet. */
export function newRecord(core: Core, group: Group, conversation: Uint8Array): GroupRecord {
  return withLog({ ...unread(core, group.group), conversation }, group);
}

/** One of ours that is on its way already. */
function successorOf(core: Core, { id, conversation }: GroupRecord): GroupRecord | undefined {
  return listGroups(core).find(
    (one) =>
      one.conversation !== undefined &&
      conversation !== undefined &&
      equalBytes(one.conversation, conversation) &&
      !equalBytes(one.id, id) &&
      one.standing === 'joining',
  );
}

function noticeAbandoned(core: Core, id: Uint8Array): GroupRecord | undefined {
  const record = findGroup(core, id);
  if (record?.standing !== 'keys-missing') return record;
  const group = requireGroup(record);
  const by = committerOf(core, record, group);
  if (!by || !isAbandoned(core, record, group, by)) return record;
  return saveGroup(core, {
    ...record,
    standing: 'stuck',
    trouble: 'ERR_GROUP_STUCK',
    offender: by,
    since: core.clock.now(),
  });
}

/** Whoever began the present epoch. */
function committerOf(core: Core, { id }: GroupRecord, group: Group): Uint8Array | undefined {
  const last = core.vault
    .list(groupLinks, { scope: id, descending: true, limit: 50 })
    .find(({ link }) => equalBytes(readLink(link).hash, group.epochLink));
  return last && memberOfKey(group, readLink(last.link).signer)?.identity.accountId;
}
