/** New links of a group. Each is checked by the rules before anybody sees it: what is made here will be followed. */
import type { LinkBytes } from '../log/index.ts';
import { signLink } from '../log/index.ts';
import type { SigningKeyPair } from '../primitives/index.ts';
import { commitTo } from './epoch.ts';
import { extendGroup, type Group, type KnownIdentities, verifyGroup } from './group.ts';
import type { GroupBody, WhoMayAdd } from './bodies.ts';
import { groupKind } from './rules.ts';
import type { Position } from './transcript.ts';

/** A new link, and what the group is with it. It counts once the relay has taken it. */
export interface GroupChange {
  readonly link: LinkBytes;
  readonly group: Group;
}

export interface Signing {
  readonly signer: SigningKeyPair;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** A Lamport counter in the group's conversation. */
  readonly counter: number;
  readonly known?: KnownIdentities;
}

/** What a change that begins an epoch holds beside the change itself. */
export interface Opening extends Signing {
  /** The new epoch's secret, 32 bytes. */
  readonly secret: Uint8Array;
  readonly seen: Position;
  /** Links that members' logs have gained since the group's log last showed them. */
  readonly identities: readonly { readonly account: Uint8Array; readonly links: readonly LinkBytes[] }[];
}

/**
 * The first link of a group.
 * @param options.members the whole log of each member, the signer's among them.
 * @throws CodedError `ERR_LOG_INVALID` where a link of this content would be refused.
 */
export function createGroup(
  options: Signing & {
    readonly secret: Uint8Array;
    readonly name: string;
    readonly mayAdd: WhoMayAdd;
    readonly admins: readonly Uint8Array[];
    readonly members: readonly (readonly LinkBytes[])[];
    readonly continues?: {
      readonly group: Uint8Array;
      readonly head: { readonly seq: number; readonly hash: Uint8Array };
      readonly conversation: Uint8Array;
    };
  },
): GroupChange {
  const { name, mayAdd, continues } = options;
  const body: GroupBody = {
    type: 'create',
    counter: options.counter,
    commitment: commitTo(options.secret),
    name,
    mayAdd,
    admins: [...options.admins],
    members: options.members.map((log) => [...log]),
    ...(continues && { continues: { ...continues, head: { ...continues.head } } }),
  };
  const link = signLink(groupKind(), { seq: 0, prev: null, at: options.at, body }, options.signer);
  return { link, group: verifyGroup([link], options.known) };
}

/** @throws CodedError `ERR_LOG_INVALID`. */
export function addMembers(
  group: Group,
  options: Opening & { readonly members: readonly (readonly LinkBytes[])[]; readonly shared: number },
): GroupChange {
  const members = options.members.map((log) => [...log]);
  return change(group, options, { type: 'add', ...opened(options), members, shared: options.shared });
}

/** @param options.left signed statements of those who leave by their own will. @throws CodedError `ERR_LOG_INVALID`. */
export function removeMembers(
  group: Group,
  options: Opening & { readonly accounts: readonly Uint8Array[]; readonly left: readonly Uint8Array[] },
): GroupChange {
  const { accounts, left } = options;
  return change(group, options, {
    type: 'remove',
    ...opened(options),
    accounts: [...accounts],
    left: [...left],
  });
}

/** @throws CodedError `ERR_LOG_INVALID`. */
export function rotateGroup(group: Group, options: Opening): GroupChange {
  return change(group, options, { type: 'rotate', ...opened(options) });
}

/** @throws CodedError `ERR_LOG_INVALID`. */
export function renameGroup(group: Group, options: Signing & { readonly name: string }): GroupChange {
  return change(group, options, { type: 'rename', counter: options.counter, name: options.name });
}

/** @throws CodedError `ERR_LOG_INVALID`. */
export function changePolicy(
  group: Group,
  options: Signing & { readonly mayAdd?: WhoMayAdd; readonly admins?: readonly Uint8Array[] },
): GroupChange {
  const { mayAdd, admins } = options;
  return change(group, options, {
    type: 'policy',
    counter: options.counter,
    ...(mayAdd !== undefined && { mayAdd }),
    ...(admins && { admins: [...admins] }),
  });
}

function opened({ counter, secret, seen, identities }: Opening) {
  return {
    counter,
    commitment: commitTo(secret),
    seen,
    identities: identities.map(({ account, links }) => ({ account, links: [...links] })),
  };
}

function change(group: Group, { signer, at, known }: Signing, body: GroupBody): GroupChange {
  const next = {
    seq: group.length,
    prev: group.head.hash,
    // A clock behind the head's does not stop a group: time only stands still.
    at: Math.max(at, group.at),
    body,
  };
  const link = signLink(groupKind(), next, signer);
  return { link, group: extendGroup(group, link, known) };
}
