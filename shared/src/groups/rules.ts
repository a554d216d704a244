/**
 * What the links of a group may do (docs/protocol.md §11.2). Every client judges by this alone, whatever a relay lets
 * through: links hold the identity links that they rely on, so all come to the same judgement.
 */
import { equalBytes, toHex } from '../bytes/index.ts';
import { hasCode } from '../errors/index.ts';
import {
  type AccountId,
  accountIdOfLog,
  extendIdentity,
  type Identity,
  isLogOf,
  verifyIdentity,
} from '../identity/index.ts';
import {
  type Applied,
  invalidLog,
  type LinkBytes,
  type LogHead,
  type LogKind,
  type ParsedLink,
} from '../log/index.ts';
import { bodySchema, type GroupBody } from './bodies.ts';
import { maxGroupLinkBytes, maxGroupLinks } from './limits.ts';
import {
  areDistinct,
  formerOf,
  type GroupState,
  type Member,
  memberOfKey,
  requireSound,
  speakersOf,
} from './state.ts';
import { isLeave, parseStatement, verifyStatement } from './statement.ts';

/**
 * The kind of log that groups are.
 * @param known identities that were verified before: a log that one of them was verified from is not verified again.
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
        ...newcomers(state, body, known).map((identity) => ({ identity, admin: false, since: epoch })),
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
  const isAdmin = (identity: Identity) => body.admins.some((admin) => equalBytes(admin, identity.accountId));
  if (identities.filter(isAdmin).length !== body.admins.length) throw invalidLog('not the admins of a group');
  const members = identities.map((identity) => ({ identity, admin: isAdmin(identity), since: 0 }));
  requireSound(members, relay);
  const state: GroupState = {
    group: link.hash,
    conversation: body.continues?.conversation ?? link.hash,
    ...(body.continues && { continues: { group: body.continues.group, head: body.continues.head } }),
    name: body.name,
    mayAdd: body.mayAdd,
    relay,
    epoch: 0,
    epochLink: link.hash,
    epochLinks: [link.hash],
    commitment: body.commitment,
    members,
    speakers: speakersOf([], members, 0),
    former: [],
  };
  const creator = memberOfKey(state, link.signer);
  if (!creator?.admin) throw invalidLog('not begun by an admin of it');
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
  requireSound(members, state.relay);
  const next = {
    ...state,
    epoch,
    epochLink: link.hash,
    epochLinks: [...state.epochLinks, link.hash],
    commitment,
    members,
    speakers: speakersOf(state.speakers, members, epoch),
    former: formerOf(state, members),
  };
  // So nobody begins an epoch that their own device is not in.
  if (!memberOfKey(next, link.signer)) throw invalidLog('its signer is not in it');
  return next;
}

function newcomers({ former }: GroupState, body: Body<'add'>, known: Known): readonly Identity[] {
  const heads = new Map(former.map(({ account, head }) => [toHex(account), head]));
  return body.members.map((log) => {
    const identity = identityOf(log, known);
    // Or else who adds an account again could undo what its log has revoked since.
    const head = heads.get(toHex(identity.accountId));
    if (head && !holds(identity, head)) throw invalidLog('not the log that this account had before');
    return identity;
  });
}

function holds(identity: Identity, { seq, hash }: LogHead): boolean {
  const known = identity.hashAt(seq);
  return known !== undefined && equalBytes(known, hash);
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
  if (!areDistinct(removed)) throw invalidLog('one account twice');
  return members.filter(
    ({ identity }) => !removed.some((account) => equalBytes(account, identity.accountId)),
  );
}

/** The account that said it leaves, by a device that has been in the group since. */
function whoLeft(state: GroupState, signed: Uint8Array): Uint8Array {
  try {
    const statement = parseStatement(signed);
    const { account, until } = verifyStatement(statement, state);
    if (until === undefined && isLeave(statement.content)) return account;
  } catch (error) {
    if (!hasCode(error) || hasCode(error, 'ERR_NEWER_VERSION')) throw error;
  }
  throw invalidLog('nobody left');
}

/** A group always has an admin: without one, whoever has been in it longest becomes one. */
function withAdmin(members: readonly Member[]): readonly Member[] {
  if (members.some(({ admin }) => admin)) return members;
  return members.map((member, i) => (i === 0 ? { ...member, admin: true } : member));
}

/** A log that was verified before, byte for byte, is not verified again: who knows it judges as everybody else. */
function identityOf(log: readonly LinkBytes[], known: Known): Identity {
  const identity = known(accountIdOfLog(log));
  return identity && isLogOf(identity, log) ? identity : verifyIdentity(log);
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
