/** What a person does with groups. Each command is taken at once, and carried out when the relay can be reached. */
import { equalBytes, fromBase64url, toBase64url, toHex } from '../../bytes/index.ts';
import { CodedError } from '../../errors/index.ts';
import {
  devicesOf,
  type Group,
  isGroupName,
  maxGroupDevices,
  maxGroupLinks,
  maxShared,
  memberOf,
} from '../../groups/index.ts';
import { accountId, safetyNumber } from '../../identity/index.ts';
import { blockPerson, findConversation, findMessage, saveConversation, summarise } from '../conversations.ts';
import { sendLetter } from '../outgoing.ts';
import type { Core } from '../core.ts';
import { commits, type GroupRecord } from '../group-records.ts';
import { groupOf, ownAccountId, recordOf, viewGroup } from '../group-summary.ts';
import { type ContactRecord, conversations, type ConversationRecord, letters } from '../records.ts';
import type { Relay } from '../relay-client.ts';
import type {
  AccountKey,
  ConversationKey,
  ConversationSummary,
  GroupCommands,
  GroupView,
  MemberReceipt,
  MessageKey,
  WhoMayAdd,
} from '../types.ts';
import { beginGroup, intend, intentsOf } from './committing.ts';
import { leaveGroup } from './epochs.ts';
import { addEvent, conversationOfGroup, othersOf, ownMember, saveGroup, storeLink } from './group.ts';
import { fetchLog } from './logs.ts';
import { welcomeRoom } from './making.ts';
import { listReceipts } from './receipts.ts';
import { newRecord } from './succession.ts';

export class Groups implements GroupCommands {
  readonly #core: Core;
  readonly #relay: () => Relay;
  readonly #resolve: (address: string) => Promise<ContactRecord>;

  /** @param resolve finds who is meant by an address. */
  constructor(core: Core, relay: () => Relay, resolve: (address: string) => Promise<ContactRecord>) {
    this.#core = core;
    this.#relay = relay;
    this.#resolve = resolve;
  }

  async create(name: string, addresses: readonly string[]): Promise<ConversationSummary> {
    const core = this.#core;
    requireName(name);
    requireRoom(addresses.length + 1);
    const logs = await this.#logsOf(addresses);
    requireRoom(devicesIn(core, logs.accounts) + 1);
    return core.transaction(() => {
      const own = ownAccountId(core);
      const begun = beginGroup(core, { name, mayAdd: 'anyone', admins: [own], logs: logs.links, counter: 1 });
      const { group } = begun;
      storeLink(core, group.group, 0, begun.link);
      const conversation: ConversationRecord = {
        id: group.conversation,
        group: group.group,
        status: 'active',
        draft: '',
        counter: 0,
        unread: 0,
        owesHello: false,
        awaited: [],
      };
      core.vault.put(conversations, conversation);
      const record = saveGroup(core, newRecord(core, group, conversation.id));
      const people = othersOf(core, group).map(({ identity }) => identity.username);
      addEvent(
        core,
        record,
        { event: 'created', by: core.requireAccount().username, people, name },
        { id: group.head.hash, counter: 1, at: group.at, author: own },
      );
      return summarise(core, findConversation(core, toKey(conversation)));
    });
  }

  view(conversation: ConversationKey): GroupView {
    return viewGroup(this.#core, this.#find(conversation).conversation);
  }

  async add(conversation: ConversationKey, addresses: readonly string[], shareLast: number): Promise<void> {
    const core = this.#core;
    this.#requireMayAdd(this.#present(conversation).group);
    const logs = await this.#logsOf(addresses);
    core.transaction(() => {
      const { record, group } = this.#present(conversation);
      this.#requireMayAdd(group);
      const fresh = logs.links.filter((_, i) => !memberOf(group, logs.accounts[i]!.account));
      if (fresh.length === 0) return;
      requireRoom(devicesOf(group).length + devicesIn(core, logs.accounts));
      if (group.length >= maxGroupLinks || welcomeRoom(core, record.id, fresh) < 0)
        throw new CodedError('ERR_GROUP_TOO_LARGE', 'its history does not fit into a welcome');
      const shared = Math.max(0, Math.min(maxShared, Math.floor(shareLast)));
      intend(core, record.id, { kind: 'add', logs: fresh.map((log) => [...log]), shared });
    });
  }

  remove(conversation: ConversationKey, account: AccountKey): void {
    this.#change(conversation, (record, group) => {
      const member = requireMember(group, account);
      if (equalBytes(member, ownAccountId(this.#core)))
        throw new CodedError('ERR_MEMBER_UNKNOWN', 'nobody removes themselves: they leave');
      intend(this.#core, record.id, { kind: 'remove', account: member });
    });
  }

  leave(conversation: ConversationKey): void {
    leaveConversation(this.#core, this.#find(conversation).conversation);
  }

  rename(conversation: ConversationKey, name: string): void {
    requireName(name);
    this.#change(conversation, (record) => intend(this.#core, record.id, { kind: 'rename', name }));
  }

  setAdmin(conversation: ConversationKey, account: AccountKey, admin: boolean): void {
    this.#change(conversation, (record, group) => {
      intend(this.#core, record.id, { kind: 'admin', account: requireMember(group, account), admin });
    });
  }

  setMayAdd(conversation: ConversationKey, mayAdd: WhoMayAdd): void {
    this.#change(conversation, (record) => intend(this.#core, record.id, { kind: 'may-add', mayAdd }));
  }

  receipts(conversation: ConversationKey, key: MessageKey): readonly MemberReceipt[] {
    const { conversation: found, record } = this.#find(conversation);
    const group = groupOf(record);
    const message = findMessage(this.#core, found, key);
    return group && message.own ? listReceipts(this.#core, group, message) : [];
  }

  safetyNumber(conversation: ConversationKey, account: AccountKey): string {
    const group = groupOf(this.#find(conversation).record);
    if (!group) throw new CodedError('ERR_MEMBER_UNKNOWN', 'the group has not been read yet');
    return safetyNumber(ownAccountId(this.#core), accountId(requireMember(group, account)));
  }

  /** By those who may: everything but adding is for admins. */
  #change(conversation: ConversationKey, change: (record: GroupRecord, group: Group) => void): void {
    this.#core.transaction(() => {
      const { record, group } = this.#present(conversation);
      if (!ownMember(this.#core, group)?.admin)
        throw new CodedError('ERR_GROUP_NOT_ALLOWED', 'that is for admins');
      if (group.length >= maxGroupLinks)
        throw new CodedError('ERR_GROUP_TOO_LARGE', 'its log holds no more links');
      change(record, group);
    });
  }

  #requireMayAdd(group: Group): void {
    if (group.mayAdd === 'admins' && !ownMember(this.#core, group)?.admin)
      throw new CodedError('ERR_GROUP_NOT_ALLOWED', 'that is for admins');
  }

  #find(key: ConversationKey): { conversation: ConversationRecord; record: GroupRecord } {
    const conversation = findConversation(this.#core, key);
    if (!conversation.group) throw new CodedError('ERR_CONVERSATION_UNKNOWN', 'not a group');
    return { conversation, record: recordOf(this.#core, conversation) };
  }

  /** A group that we are in. @throws CodedError `ERR_GROUP_NOT_MEMBER`. */
  #present(key: ConversationKey): { record: GroupRecord; group: Group } {
    const { record } = this.#find(key);
    const group = groupOf(record);
    if (!group || record.standing === 'left' || record.standing === 'removed')
      throw new CodedError('ERR_GROUP_NOT_MEMBER', 'we are not in it');
    return { record, group };
  }

  async #logsOf(
    addresses: readonly string[],
  ): Promise<{ accounts: readonly ContactRecord[]; links: readonly (readonly Uint8Array[])[] }> {
    const found = new Map<string, { contact: ContactRecord; log: readonly Uint8Array[] }>();
    for (const address of addresses) {
      const contact = await this.#resolve(address);
      const log = await fetchLog(this.#core, this.#relay(), contact.account);
      found.set(toHex(contact.account), { contact, log });
    }
    const all = [...found.values()];
    return { accounts: all.map(({ contact }) => contact), links: all.map(({ log }) => log) };
  }
}

/** Out of the group, and nothing more from whoever added us to it. */
export function refuseGroup(core: Core, conversation: ConversationRecord): void {
  leaveConversation(core, conversation);
  if (conversation.invitedBy) blockPerson(core, conversation.invitedBy);
}

/** Says so to the others, one of whom takes us out of the log; here it is over when the relay has the word. */
function leaveConversation(core: Core, conversation: ConversationRecord): void {
  core.transaction(() => {
    const record = recordOf(core, conversation);
    const group = groupOf(record);
    if (record.standing === 'left' || record.standing === 'removed') return;
    const said = core.vault.list(letters, { scope: conversation.id, limit: 1_000 });
    if (said.some(({ kind }) => kind === 'leave')) return;
    const hasOthers = group === undefined || othersOf(core, group).length > 0;
    // Somebody whom we add may be on their way in: without our word they would have us among them for good.
    const isAlone =
      !hasOthers && !core.vault.get(commits, record.id) && intentsOf(core, record.id).length === 0;
    // Where the keys are missing it waits for them, for the same reason.
    if (isAlone) leaveGroup(core, record, 'left');
    else sendLetter(core, conversation, 'leave', {});
    const present = conversationOfGroup(core, record) ?? conversation;
    addEvent(
      core,
      record,
      { event: 'left', by: core.requireAccount().username, people: [], us: true },
      {
        id: core.randomness.bytes(16),
        counter: present.counter + 1,
        at: core.clock.now(),
        author: ownAccountId(core),
      },
    );
    const after = conversationOfGroup(core, record);
    if (after) saveConversation(core, after);
  });
}

/** @throws CodedError `ERR_GROUP_NOT_MEMBER`: what is written now would be read by nobody. */
export function requireMembership(core: Core, conversation: ConversationRecord): void {
  const { standing } = recordOf(core, conversation);
  if (standing === 'left' || standing === 'removed')
    throw new CodedError('ERR_GROUP_NOT_MEMBER', 'we are not in it');
}

function toKey({ id }: ConversationRecord): ConversationKey {
  return toBase64url(id);
}

function requireName(name: string): void {
  if (!isGroupName(name)) throw new CodedError('ERR_GROUP_NAME', 'not a name of a group');
}

function requireRoom(devices: number): void {
  if (devices > maxGroupDevices) throw new CodedError('ERR_GROUP_TOO_LARGE', 'too many devices');
}

function devicesIn(core: Core, accounts: readonly ContactRecord[]): number {
  return accounts.reduce((sum, contact) => sum + core.identityOf(contact).devices.length, 0);
}

/** @throws CodedError `ERR_MEMBER_UNKNOWN`. */
function requireMember(group: Group, key: AccountKey): Uint8Array {
  let account: Uint8Array | undefined;
  try {
    account = memberOf(group, fromBase64url(key))?.identity.accountId;
  } catch {
    account = undefined;
  }
  if (!account) throw new CodedError('ERR_MEMBER_UNKNOWN', 'not a member');
  return account;
}
