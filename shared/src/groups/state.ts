/** What the links of a group add up to (docs/protocol.md §11.2), and what is so in each of its epochs. */
import { equalBytes, toHex } from '../bytes/index.ts';
import { activeDevice, type Identity } from '../identity/index.ts';
import { invalidLog, type LogHead } from '../log/index.ts';
import type { WhoMayAdd } from './bodies.ts';
import { maxGroupDevices, maxGroupSpeakers } from './limits.ts';
import type { Speaker } from './statement.ts';

export interface Member {
  readonly identity: Identity;
  readonly admin: boolean;
  /** The epoch in which they came. */
  readonly since: number;
}

export interface Former {
  readonly account: Uint8Array;
  readonly head: LogHead;
}

/** What the links of a group add up to. */
export interface GroupState {
  /** The hash of the first link. */
  readonly group: Uint8Array;
  /** The group that the conversation began in; the group's own id where none came before. */
  readonly conversation: Uint8Array;
  readonly continues?: { readonly group: Uint8Array; readonly head: LogHead };
  readonly name: string;
  readonly mayAdd: WhoMayAdd;
  readonly relay: string;
  readonly epoch: number;
  /** The hash of the link that opened the epoch. */
  readonly epochLink: Uint8Array;
  /** The same of each epoch, from 0 to the present one. */
  readonly epochLinks: readonly Uint8Array[];
  /** H("group/commitment", secret of the epoch). */
  readonly commitment: Uint8Array;
  /** In the order in which they came. All devices of a member that its log names active are in the epoch. */
  readonly members: readonly Member[];
  /** Every device that was ever in the group, once for each time that it came. */
  readonly speakers: readonly Speaker[];
  /** The accounts that were in it and are not: how far their logs were known. */
  readonly former: readonly Former[];
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

/** What holds of the members of any epoch. */
export function requireSound(members: readonly Member[], relay: string): void {
  const identities = members.map(({ identity }) => identity);
  const devices = identities.flatMap((identity) => identity.devices);
  if (devices.length > maxGroupDevices) throw invalidLog('too many devices');
  if (!areDistinct(identities.map(({ accountId }) => accountId))) throw invalidLog('one account twice');
  // Or else it would not be clear who signs.
  if (!areDistinct(devices.map(({ keys }) => keys.sign))) throw invalidLog('one key for two accounts');
  if (identities.some((identity) => identity.relay !== relay))
    throw invalidLog('an account of another relay');
}

export function areDistinct(values: readonly Uint8Array[]): boolean {
  return new Set(values.map(toHex)).size === values.length;
}

/** Closes what devices left, opens what came, and keeps the rest. A device that comes back speaks anew. */
export function speakersOf(
  before: readonly Speaker[],
  members: readonly Member[],
  epoch: number,
): readonly Speaker[] {
  // By account, too: a device can leave with one account and come with another.
  const nameOf = (account: Uint8Array, device: Uint8Array) => toHex(account) + toHex(device);
  const absent = new Map<string, Speaker>();
  for (const { identity } of members) {
    const { accountId: account } = identity;
    for (const { id: device, keys } of identity.devices)
      absent.set(nameOf(account, device), { device, account, sign: keys.sign, from: epoch });
  }
  const kept = before.map((speaker) => {
    if (speaker.until !== undefined) return speaker;
    return absent.delete(nameOf(speaker.account, speaker.device)) ? speaker : { ...speaker, until: epoch };
  });
  const speakers = [...kept, ...absent.values()];
  if (speakers.length > maxGroupSpeakers) throw invalidLog('too many devices over time');
  return speakers;
}

/** Those who were there before, and are not among `members`. */
export function formerOf(state: GroupState, members: readonly Member[]): readonly Former[] {
  const left = state.members.map(({ identity }) => ({ account: identity.accountId, head: identity.head }));
  const present = new Set(members.map(({ identity }) => toHex(identity.accountId)));
  return [...state.former, ...left].filter(({ account }) => !present.has(toHex(account)));
}
