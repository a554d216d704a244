import { toHex } from '@crypt2chat/shared/bytes';
import { type CborValue, encodeCbor } from '@crypt2chat/shared/cbor';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  addMembers,
  beginTranscript,
  changePolicy,
  createGroup,
  encodeGroup,
  extendGroup,
  type Group,
  type GroupBody,
  type GroupChange,
  type KnownIdentities,
  removeMembers,
  renameGroup,
  rotateGroup,
  type WhoMayAdd,
} from '@crypt2chat/shared/groups';
import { type DeviceId, deviceIdOf, type DeviceSecrets, publicKeysOf } from '@crypt2chat/shared/identity';
import { type LinkBytes, signLink } from '@crypt2chat/shared/log';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { groupKind } from '../../src/groups/rules.ts';
import { signStatement, type Statement } from '../../src/groups/statement.ts';
import { type Account, makeAccount, startMs } from '../identity/make-account.ts';

export const invalid = (error: unknown): boolean => hasCode(error, 'ERR_LOG_INVALID');
export const fork = (error: unknown): boolean => hasCode(error, 'ERR_LOG_FORK');

const randomness = seededRandomness('groups');

export const deviceOf = ({ device }: { readonly device: DeviceSecrets }): DeviceId =>
  deviceIdOf(publicKeysOf(device));
export const idOf = ({ identity }: Account): Uint8Array => identity.accountId;
export const idsOf = (accounts: readonly Account[]): Uint8Array[] => accounts.map(idOf);
export const logsOf = (accounts: readonly Account[]) => accounts.map(({ links }) => links);

/** All that is known of a group, to compare. */
export const encoded = (group: Group): string => toHex(encodeGroup(group));

/** As if each account had been met before. */
export function knownFrom(accounts: readonly Account[]): KnownIdentities {
  const all = new Map(accounts.map(({ identity }) => [toHex(identity.accountId), identity]));
  return (account) => all.get(toHex(account));
}

/** Single-device accounts of one relay. */
export function makeAccounts(count: number): Account[] {
  return Array.from({ length: count }, (_, i) => makeAccount(`member-${i}`));
}

/** Who signs, and what a link says beside its change. */
export function signing({ device }: { readonly device: DeviceSecrets }) {
  return { signer: device.sign, at: startMs, counter: 1 };
}

export function opening(by: { readonly device: DeviceSecrets }, identities: Update[] = []) {
  const seen = beginTranscript(new Uint8Array(32)).position;
  return { ...signing(by), secret: randomness.bytes(32), seen, identities };
}

/** What an account's log has gained. */
export interface Update {
  readonly account: Uint8Array;
  readonly links: readonly LinkBytes[];
}

export interface Founding {
  readonly name?: string;
  readonly mayAdd?: WhoMayAdd;
  /** The first member where nothing is said. */
  readonly admins?: readonly Uint8Array[];
  /** The first member where nothing is said. */
  readonly by?: { readonly device: DeviceSecrets };
  readonly known?: KnownIdentities;
}

/** A group of `members`. */
export function founded(members: readonly Account[], options: Founding = {}): GroupChange {
  const { name = 'a group', mayAdd = 'anyone', admins = idsOf(members.slice(0, 1)), known } = options;
  const by = options.by ?? members[0]!;
  const secret = randomness.bytes(32);
  const base = { ...signing(by), secret, name, mayAdd, admins, members: logsOf(members) };
  return createGroup({ ...base, ...(known && { known }) });
}

export const add = (group: Group, by: Account, whom: readonly Account[], known?: KnownIdentities): Group =>
  addMembers(group, { ...opening(by), members: logsOf(whom), shared: 0, ...(known && { known }) }).group;

export const remove = (
  group: Group,
  by: Account,
  whom: readonly Account[],
  left: readonly Uint8Array[] = [],
): Group => removeMembers(group, { ...opening(by), accounts: idsOf(whom), left }).group;

export const rotate = (
  group: Group,
  by: { readonly device: DeviceSecrets },
  ...identities: Update[]
): Group => rotateGroup(group, opening(by, identities)).group;

export const rename = (group: Group, by: { readonly device: DeviceSecrets }, name = 'another name'): Group =>
  renameGroup(group, { ...signing(by), name }).group;

export const setPolicy = (
  group: Group,
  by: Account,
  policy: { readonly mayAdd?: WhoMayAdd; readonly admins?: readonly Uint8Array[] },
): Group => changePolicy(group, { ...signing(by), ...policy }).group;

/** A link that nobody has looked at: whatever `body` is, in the next place unless told otherwise. */
export function forged(
  group: Pick<Group, 'length' | 'head' | 'at'> | undefined,
  body: GroupBody,
  by: { readonly device: DeviceSecrets },
  place: { readonly seq?: number; readonly prev?: Uint8Array | null; readonly at?: number } = {},
): LinkBytes {
  const next = { seq: group?.length ?? 0, prev: group?.head.hash ?? null, at: startMs, body, ...place };
  return signLink(groupKind(), next, by.device.sign);
}

export const after = (group: Group, body: GroupBody, by: { readonly device: DeviceSecrets }): Group =>
  extendGroup(group, forged(group, body, by));

/** What a later version of this program might put where a link belongs. */
export function newerLink(): LinkBytes {
  const unsigned = encodeCbor({ v: 2, anything: true });
  return encodeCbor({ unsigned, signatures: [new Uint8Array(114)] });
}

/** A statement of a device in the group's present epoch, where nothing else is said. */
export function stated(
  group: Group,
  by: { readonly device: DeviceSecrets },
  content: CborValue,
  other: Partial<Statement> = {},
): Uint8Array {
  const { group: id, epoch, epochLink: link } = group;
  const seen = beginTranscript(link).position;
  const statement = { group: id, epoch, link, device: deviceOf(by), generation: 0, seen };
  return signStatement({ ...statement, content: encodeCbor(content), ...other }, by.device.sign);
}

export const leaving = (group: Group, by: { readonly device: DeviceSecrets }, other?: Partial<Statement>) =>
  stated(group, by, { v: 1, kind: 'leave' }, other);
