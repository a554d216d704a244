import * as v from 'valibot';
import { equalBytes } from '../bytes/index.ts';
import { decodeCbor, encodeCbor } from '../cbor/index.ts';
import { hasCode } from '../errors/index.ts';
import { type AccountId, decodeIdentity, encodeIdentity, type Identity } from '../identity/index.ts';
import {
  blobSchema,
  bytesSchema,
  extendLog,
  hasSignature,
  headSchema,
  invalidLog,
  type LinkBytes,
  type LinkFormat,
  type Log,
  type LogHead,
  parseLink,
  uintSchema,
  verifyLog,
} from '../log/index.ts';
import { hash32Bytes, signingKeyBytes } from '../primitives/index.ts';
import { maxGroupDevices, maxGroupLinks, maxGroupSpeakers } from './limits.ts';
import type { GroupBody } from './bodies.ts';
import { groupKind } from './rules.ts';
import type { GroupState } from './state.ts';
import type { Speaker } from './statement.ts';

/** A verified log of a group, immutable. Only this module makes one. */
export interface Group extends GroupState {
  readonly head: LogHead;
  /** The head's time, as its signer claims, in milliseconds since 1970. */
  readonly at: number;
  /** How many links there are. */
  readonly length: number;
  readonly hashAt: (seq: number) => Uint8Array | undefined;
}

/** Identities that were verified before: they are not verified again. */
export type KnownIdentities = (account: AccountId) => Identity | undefined;

/**
 * Verifies a whole log: a signature check for each link, and those of identities that are not known.
 * @throws CodedError `ERR_LOG_INVALID`, `ERR_NEWER_VERSION`.
 */
export function verifyGroup(links: readonly LinkBytes[], known?: KnownIdentities): Group {
  return groupOf(verifyLog(groupKind(known), links));
}

/**
 * The group after one more link; the group itself for a link that it holds.
 * @throws CodedError `ERR_LOG_INVALID` for a link that does not follow the head or breaks a rule; `ERR_LOG_FORK` for
 *   another link in a known place that somebody of the group has signed; `ERR_NEWER_VERSION`.
 */
export function extendGroup(group: Group, link: LinkBytes, known?: KnownIdentities): Group {
  const log = logOf(group);
  const kind = groupKind(known);
  try {
    const extended = extendLog(kind, log, [link]);
    return extended === log ? group : groupOf(extended);
  } catch (error) {
    // A fork must be evidence: or else whoever is in the epoch could raise the alarm and stay unnamed.
    if (hasCode(error, 'ERR_LOG_FORK') && !isSigned(kind, link, group.speakers))
      throw invalidLog('not signed by a member');
    throw error;
  }
}

/** Whether one of `speakers` signed the link, whatever it says. */
function isSigned(kind: LinkFormat<GroupBody>, link: LinkBytes, speakers: readonly Speaker[]): boolean {
  const parsed = parseLink(kind, link);
  return speakers.some(({ sign }) => equalBytes(sign, parsed.signer)) && hasSignature(kind, parsed);
}

/** What a link says, before anything of it is verified. */
export interface ReadLink {
  readonly hash: Uint8Array;
  readonly seq: number;
  readonly at: number;
  readonly signer: Uint8Array;
  readonly body: GroupBody;
}

/** @throws CodedError `ERR_LOG_INVALID`, `ERR_NEWER_VERSION`. */
export function readLink(link: LinkBytes): ReadLink {
  const { hash, seq, at, signer, body } = parseLink(groupKind(), link);
  return { hash, seq, at, signer, body };
}

const id = bytesSchema(hash32Bytes);
/** Larger than the longest log of 250 members with the longest logs, after as many devices as a group may see. */
export const maxGroupBytes = 2_500_000;
const storedSchema = v.strictObject({
  v: v.literal(1),
  conversation: id,
  continues: v.exactOptional(v.strictObject({ group: id, head: headSchema })),
  name: v.string(),
  mayAdd: v.picklist(['anyone', 'admins']),
  relay: v.string(),
  epochLinks: v.pipe(v.array(id), v.minLength(1), v.maxLength(maxGroupLinks)),
  commitment: id,
  members: v.pipe(
    v.array(v.strictObject({ identity: blobSchema(65_536), admin: v.boolean(), since: uintSchema() })),
    v.maxLength(maxGroupDevices),
  ),
  speakers: v.pipe(
    v.array(
      v.strictObject({
        device: id,
        account: id,
        sign: bytesSchema(signingKeyBytes),
        from: uintSchema(),
        until: v.exactOptional(uintSchema()),
      }),
    ),
    v.maxLength(maxGroupSpeakers),
  ),
  former: v.pipe(v.array(v.strictObject({ account: id, head: headSchema })), v.maxLength(maxGroupSpeakers)),
  at: uintSchema(),
  hashes: v.pipe(v.array(id), v.minLength(1), v.maxLength(maxGroupLinks)),
});

/** For the own vault, so that nothing is verified twice. Not a form to exchange: nothing in it is signed. */
export function encodeGroup(group: Group): Uint8Array {
  const { conversation, continues, name, mayAdd, relay, epochLinks, commitment, at } = group;
  return encodeCbor({
    v: 1,
    conversation,
    ...(continues && { continues: { group: continues.group, head: { ...continues.head } } }),
    name,
    mayAdd,
    relay,
    epochLinks,
    commitment,
    members: group.members.map(({ identity, admin, since }) => ({
      identity: encodeIdentity(identity),
      admin,
      since,
    })),
    speakers: group.speakers.map((speaker) => ({ ...speaker })),
    former: group.former.map(({ account, head }) => ({ account, head: { ...head } })),
    at,
    hashes: [...logOf(group).hashes],
  });
}

/** @param bytes what {@link encodeGroup} gave, from storage that nobody else can write. @throws CodedError `ERR_FORMAT`. */
export function decodeGroup(bytes: Uint8Array): Group {
  const { v: _, hashes, at, members, epochLinks, ...state } = decodeCbor(storedSchema, bytes, maxGroupBytes);
  return groupOf({
    state: {
      ...state,
      group: hashes[0]!,
      epoch: epochLinks.length - 1,
      epochLink: epochLinks[epochLinks.length - 1]!,
      epochLinks,
      members: members.map((member) => ({ ...member, identity: decodeIdentity(member.identity) })),
    },
    head: { seq: hashes.length - 1, hash: hashes[hashes.length - 1]! },
    at,
    hashes,
  });
}

/** Whether `hash` is the group's link at `seq`. */
export function hasLink(group: Group, seq: number, hash: Uint8Array): boolean {
  const known = group.hashAt(seq);
  return known !== undefined && equalBytes(known, hash);
}

function groupOf({ state, head, at, hashes }: Log<GroupState>): Group {
  return Object.freeze({
    ...state,
    head: Object.freeze(head),
    at,
    length: hashes.length,
    hashAt: (seq: number) => hashes[seq],
  });
}

function logOf(group: Group): Log<GroupState> {
  const { head, at, length, hashAt, ...state } = group;
  return { state, head, at, hashes: Array.from({ length }, (_, seq) => hashAt(seq)!) };
}
