/**
 * The logs of groups: the part of the contract in store.ts that knows nobody. A group is found by its id; whoever
 * shows the hash of an epoch's access secret may read that epoch, and write if it is the current one.
 *
 * - A log has one order: the places of its entries are 1, 2, 3 and so on, none of them left out. What
 *   the sweep forgets leaves a gap, and members can tell by it that something is missing.
 * - An entry has an id of 16 bytes. The log takes an id once; the same again, with the access secret of any epoch,
 *   changes nothing and gives the place, until {@link Store.sweep} forgets the entry. Links are never forgotten.
 * - Epoch 0 begins with the group. A link that `opens` closes the current epoch at its place, and the next one begins
 *   behind it.
 *
 * `unknown`: there is no such group. `denied`: the access secret is not that of any of its epochs. `stale`: not of the
 * current epoch, or not for it.
 */

export interface NewGroup {
  readonly groupId: Uint8Array;
  /** Of epoch 0, 32 bytes. */
  readonly accessHash: Uint8Array;
  readonly welcome: Uint8Array;
  readonly at: number;
}

/** Who asks, and of which group. */
export interface GroupAccess {
  readonly groupId: Uint8Array;
  readonly accessHash: Uint8Array;
}

export interface NewGroupMessages extends GroupAccess {
  readonly epoch: number;
  readonly entries: readonly { readonly id: Uint8Array; readonly entry: Uint8Array }[];
  readonly at: number;
  /** So many messages the log may hold, and so many bytes of them. */
  readonly maxMessages: number;
  readonly maxBytes: number;
}

export interface NewGroupLink extends GroupAccess {
  readonly epoch: number;
  /** So many links the log must hold, no more and no fewer. */
  readonly links: number;
  readonly id: Uint8Array;
  readonly entry: Uint8Array;
  readonly at: number;
  /** So many links the log may hold, and so many bytes of them and of the welcomes. */
  readonly maxLinks: number;
  readonly maxBytes: number;
  /** The epoch that begins behind the link. */
  readonly opens?: { readonly accessHash: Uint8Array; readonly welcome?: Uint8Array };
}

export interface GroupWelcome {
  readonly epoch: number;
  /** Of the link that opened the epoch; 0 for epoch 0. */
  readonly place: number;
  /** Links that the log held then, this one among them. */
  readonly links: number;
  /** Null where none came with the link, and after the sweep. */
  readonly welcome: Uint8Array | null;
}

export interface GroupRead extends GroupAccess {
  /** A place: what stands behind it is wanted. */
  readonly after: number;
}

export interface GroupReadLimits {
  /** Of one group. */
  readonly maxEntries: number;
  /** Of all groups together, each entry with {@link groupEntryFrameBytes} on top. */
  readonly maxBytes: number;
}

/** What stands around an entry in an answer, at most. */
export const groupEntryFrameBytes = 80;

export interface GroupEntry {
  readonly place: number;
  readonly id: Uint8Array;
  readonly epoch: number;
  readonly isLink: boolean;
  /** The next epoch begins behind it. */
  readonly opens: boolean;
  readonly entry: Uint8Array;
}

export type GroupReading =
  { readonly entries: readonly GroupEntry[]; readonly more: boolean } | 'unknown' | 'denied';

export interface GroupStore {
  /** `exists`: this group began with this access secret. `taken`: it began with another. */
  createGroup(group: NewGroup): Promise<'created' | 'exists' | 'taken'>;
  /** Whether the access secret is that of the current epoch or of one before. */
  groupAccess(access: GroupAccess): Promise<'current' | 'former' | 'unknown' | 'denied'>;
  /**
   * Appends all entries that the log does not have, or none.
   * @returns the place of each entry in the order of the request. `full`: there is no room for all of them.
   */
  appendGroupMessages(
    messages: NewGroupMessages,
  ): Promise<readonly number[] | 'unknown' | 'denied' | 'stale' | 'full'>;
  /**
   * Appends a link to a log of just this epoch and this number of links (`stale`).
   * @returns its place. `spent`: the access secret of the next epoch is one that the group has had.
   */
  appendGroupLink(link: NewGroupLink): Promise<number | 'unknown' | 'denied' | 'stale' | 'full' | 'spent'>;
  /** Of the epoch of this access secret. */
  groupWelcome(access: GroupAccess): Promise<GroupWelcome | 'unknown' | 'denied'>;
  /**
   * One answer for each read, in order: what stands behind `after` and behind the link that opened the epoch, up to
   * and including the link that closed it. What a group has no room for is left for the next time (`more`); one entry
   * there is always room for.
   */
  readGroups(reads: readonly GroupRead[], limits: GroupReadLimits): Promise<readonly GroupReading[]>;
  /** Gives an envelope to the listeners of all processes and to nothing that lasts; in the current epoch alone. */
  passToGroup(access: GroupAccess, envelope: Uint8Array): Promise<'passed' | 'unknown' | 'denied' | 'stale'>;
}
