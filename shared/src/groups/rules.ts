/**
 * What the links of a group may do (docs/protocol.md §11.2). Every client judges by this alone, whatever a relay lets
 * through: links hold the identity links that they rely on, so all come to the same judgement.
 */
import { equalBytes, toHex } from '../bytes/index.ts';
import { hasCode } from '../errors/index.ts';
import {
  type AccountId,
  accountIdOfLog,
  activeDevice,
  extendIdentity,
  type Identity,
  verifyIdentity,
} from '../identity/index.ts';
import { type Applied, invalidLog, type LinkBytes, type LogKind, type ParsedLink } from '../log/index.ts';
import { bodySchema, type GroupBody, type WhoMayAdd } from './bodies.ts';
import { maxGroupDevices, maxGroupLinkBytes, maxGroupLinks } from './limits.ts';
import { isLeave, parseStatement, type Speaker, verifyStatement } from './statement.ts';

export interface Member {
  readonly identity: Identity;
  readonly admin: boolean;
  /** The epoch in which they came. */
  readonly since: number;
}

/** What the links of a group add up to. */
export interface GroupState {
  /** The hash of the first link. */
  readonly group: Uint8Array;
  /** The group that the conversation began in; the group's own id where none came before. */
  readonly conversation: Uint8Array;
  readonly continues?: { readonly group: Uint8Array; readonly head: { seq: number; hash: Uint8Array } };
  readonly name: string;
  readonly mayAdd: WhoMayAdd;
  readonly relay: string;
  readonly epoch: number;
  /** The hash of the link that opened the epoch. */
  readonly epochLink: Uint8Array;
  /** H("group/commitment", secret of the epoch). */
  readonly commitment: Uint8Array;
  /** In the order in which they came. All devices of a member that its log names active are in the epoch. */
  readonly members: readonly Member[];
  /** Every device that was ever in the group. */
  readonly speakers: readonly Speaker[];
}

/**
 * The kind of log that groups are.
 * @param known identities that were verified before: a log that ends where one of them does is not verified again.
 */
export function groupKind(
  known: (account: AccountId) => Identity | undefined = () => undefined,
): LogKind<GroupBody, GroupState> {
  return {
    name: 'group',
    maxLinks: maxGroupLinks,
    maxLinkBytes: maxGroupLinkBytes,
    bodySchema,
    apply: (state, link) =>
      ({ state: applyLink(state, link, known), cosigners: [] }) satisfies Applied<GroupState>,
  };
}

type Known = (account: AccountId) => Identity | undefined;
type Body<Type extends GroupBody['type']> = Extract<GroupBody, { type: Type }>;

function applyLink(state: GroupState | undefined, link: ParsedLink<GroupBody>, known: Known): GroupState {
  const { body } = link;
  if (state === undefined) {
    if (body.type !== 'create') throw invalidLog('no beginning');
    return create(link, body, known);
  }
  const signer = memberOfKey(state, link.signer);
  if (!signer) throw invalidLog('not signed by a member');
  switch (body.type) {
    case 'create':
      throw invalidLog('a second beginning');
    case 'rename':
      requireAdmin(signer);
      return { ...state, name: body.name };
    case 'policy':
      requireAdmin(signer);
      return policy(state, body);
    case 'add':
      if (state.mayAdd === 'admins') requireAdmin(signer);
      return nextEpoch(withUpdates(state, body), link, body.commitment, (members, epoch) => [
        ...members,
        ...newcomers(state, members, body, known).map((identity) => ({
          identity,
          admin: false,
          since: epoch,
        })),
      ]);
    case 'remove':
      return nextEpoch(withUpdates(state, body), link, body.commitment, (members) =>
        remaining(state, members, signer, body),
      );
    case 'rotate':
      return nextEpoch(withUpdates(state, body), link, body.commitment, (members) => members);
  }
}

function create(link: ParsedLink<GroupBody>, body: Body<'create'>, known: Known): GroupState {
  const identities = body.members.map((log) => identityOf(log, known));
  const relay = identities[0]?.relay;
  if (relay === undefined) throw invalidLog('nobody is in it');
  requireDistinct(identities);
  requireRelay(identities, relay);
  const isAdmin = (identity: Identity) => body.admins.some((admin) => equalBytes(admin, identity.accountId));
  if (identities.filter(isAdmin).length !== body.admins.length || body.admins.length === 0)
    throw invalidLog('not the admins of a group');
  const members = identities.map((identity) => ({ identity, admin: isAdmin(identity), since: 0 }));
  const state: GroupState = {
    group: link.hash,
    conversation: body.continues?.conversation ?? link.hash,
    ...(body.continues && { continues: { group: body.continues.group, head: body.continues.head } }),
    name: body.name,
    mayAdd: body.mayAdd,
    relay,
    epoch: 0,
    epochLink: link.hash,
    commitment: body.commitment,
    members,
    speakers: speakersOf([], members, 0),
  };
  const creator = memberOfKey(state, link.signer);
  if (!creator?.admin) throw invalidLog('not begun by an admin of it');
  requireSize(members);
  return state;
}

function policy(state: GroupState, body: Body<'policy'>): GroupState {
  const { admins } = body;
  const next = { ...state, ...(body.mayAdd !== undefined && { mayAdd: body.mayAdd }) };
  if (!admins) return next;
  const members = state.members.map((member) => ({
    ...member,
    admin: admins.some((admin) => equalBytes(admin, member.identity.accountId)),
  }));
  if (admins.length === 0 || members.filter(({ admin }) => admin).length !== admins.length)
    throw invalidLog('not admins of this group');
  return { ...next, members };
}

/** Members' logs as the link has them. A device that came or went makes a difference only with the next epoch. */
function withUpdates(state: GroupState, body: Body<'add' | 'remove' | 'rotate'>): GroupState {
  let members = state.members;
  for (const { account, links } of body.identities) {
    const member = members.find(({ identity }) => equalBytes(identity.accountId, account));
    if (!member) throw invalidLog('not a member');
    const identity = extendLogOf(member.identity, links);
    if (identity === member.identity) throw invalidLog('nothing new');
    members = members.map((each) => (each === member ? { ...member, identity } : each));
  }
  return { ...state, members };
}

function nextEpoch(
  state: GroupState,
  link: ParsedLink<GroupBody>,
  commitment: Uint8Array,
  change: (members: readonly Member[], epoch: number) => readonly Member[],
): GroupState {
  const epoch = state.epoch + 1;
  const members = withAdmin(change(state.members, epoch));
  requireSize(members);
  const next = {
    ...state,
    epoch,
    epochLink: link.hash,
    commitment,
    members,
    speakers: speakersOf(state.speakers, members, epoch),
  };
  // So nobody begins an epoch that their own device is not in.
  if (!memberOfKey(next, link.signer)) throw invalidLog('its signer is not in it');
  return next;
}

function newcomers(
  state: GroupState,
  members: readonly Member[],
  body: Body<'add'>,
  known: Known,
): readonly Identity[] {
  const identities = body.members.map((log) => identityOf(log, known));
  requireDistinct([...members.map(({ identity }) => identity), ...identities]);
  requireRelay(identities, state.relay);
  return identities;
}

function remaining(
  state: GroupState,
  members: readonly Member[],
  signer: Member,
  { accounts: removed, left }: Body<'remove'>,
): readonly Member[] {
  const willing = left.map((signed) => whoLeft(state, signed));
  for (const account of removed) {
    if (!state.members.some(({ identity }) => equalBytes(identity.accountId, account)))
      throw invalidLog('not a member');
    if (!signer.admin && !willing.some((one) => equalBytes(one, account))) throw invalidLog('not an admin');
  }
  if (removed.some((account, i) => removed.findIndex((one) => equalBytes(one, account)) !== i))
    throw invalidLog('one account twice');
  return members.filter(
    ({ identity }) => !removed.some((account) => equalBytes(account, identity.accountId)),
  );
}

/** The account that said it leaves, since it came for the last time. */
function whoLeft(state: GroupState, signed: Uint8Array): Uint8Array {
  try {
    const statement = parseStatement(signed);
    const { account } = verifyStatement(statement, state.group, state.speakers);
    const member = state.members.find(({ identity }) => equalBytes(identity.accountId, account));
    if (!member || statement.epoch < member.since || !isLeave(statement.content))
      throw invalidLog('nobody left');
    return account;
  } catch (error) {
    if (hasCode(error, 'ERR_LOG_INVALID')) throw error;
    throw invalidLog('nobody left');
  }
}

/** A group always has an admin: without one, whoever has been in it longest becomes one. */
function withAdmin(members: readonly Member[]): readonly Member[] {
  if (members.some(({ admin }) => admin)) return members;
  return members.map((member, i) => (i === 0 ? { ...member, admin: true } : member));
}

/** Closes what devices left, opens what came, and keeps the rest. A device that comes back speaks anew. */
function speakersOf(
  before: readonly Speaker[],
  members: readonly Member[],
  epoch: number,
): readonly Speaker[] {
  const present = members.flatMap(({ identity }) =>
    identity.devices.map(({ id: device, keys }) => ({
      device,
      account: identity.accountId,
      sign: keys.sign,
    })),
  );
  const isPresent = (speaker: Speaker) => present.some(({ device }) => equalBytes(device, speaker.device));
  const kept = before.map((speaker) =>
    speaker.until === undefined && !isPresent(speaker) ? { ...speaker, until: epoch } : speaker,
  );
  const isOpen = (device: Uint8Array) =>
    kept.some((speaker) => speaker.until === undefined && equalBytes(speaker.device, device));
  return [
    ...kept,
    ...present.filter(({ device }) => !isOpen(device)).map((each) => ({ ...each, from: epoch })),
  ];
}

export function memberOfKey({ members }: GroupState, key: Uint8Array): Member | undefined {
  return members.find(({ identity }) => identity.devices.some(({ keys }) => equalBytes(keys.sign, key)));
}

export function memberOf({ members }: GroupState, account: Uint8Array): Member | undefined {
  return members.find(({ identity }) => equalBytes(identity.accountId, account));
}

/** The member whose device it is, where it is in the present epoch. */
export function memberOfDevice({ members }: GroupState, device: Uint8Array): Member | undefined {
  return members.find(({ identity }) => activeDevice(identity, device) !== undefined);
}

/** All devices that are in the present epoch. */
export function devicesOf({ members }: Pick<GroupState, 'members'>): readonly Uint8Array[] {
  return members.flatMap(({ identity }) => identity.devices.map((device) => device.id));
}

function identityOf(log: readonly LinkBytes[], known: Known): Identity {
  return withoutDoubt(log, known) ?? verifyIdentity(log);
}

/** The known identity, where the log is that very one: then only hashes are compared. */
function withoutDoubt(log: readonly LinkBytes[], known: Known): Identity | undefined {
  try {
    const identity = known(accountIdOfLog(log));
    return identity?.length === log.length && extendIdentity(identity, log) === identity
      ? identity
      : undefined;
  } catch {
    return undefined;
  }
}

function extendLogOf(identity: Identity, links: readonly LinkBytes[]): Identity {
  try {
    return extendIdentity(identity, links);
  } catch (error) {
    if (hasCode(error, 'ERR_LOG_FORK')) throw invalidLog('another log of this account');
    throw error;
  }
}

function requireAdmin({ admin }: Member): void {
  if (!admin) throw invalidLog('not an admin');
}

function requireDistinct(identities: readonly Identity[]): void {
  const seen = new Set(identities.map(({ accountId }) => toHex(accountId)));
  if (seen.size !== identities.length) throw invalidLog('one account twice');
}

function requireRelay(identities: readonly Identity[], relay: string): void {
  if (identities.some((identity) => identity.relay !== relay))
    throw invalidLog('an account of another relay');
}

function requireSize(members: readonly Member[]): void {
  const count = devicesOf({ members }).length;
  if (count === 0 || count > maxGroupDevices) throw invalidLog('too many devices');
}
