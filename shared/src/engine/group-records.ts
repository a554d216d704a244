/** The records of groups: one schema and one table each. What belongs to the present epoch is deleted with it. */
import * as v from 'valibot';
import { concat } from '../bytes/index.ts';
import { maxGeneration, maxGroupBytes, maxGroupLinkBytes, maxRemembered } from '../groups/index.ts';
import { bytesOf, bytesUpTo, envelopeIdBytes, limits, uint } from '../wire/index.ts';
import { messageKey } from './records.ts';
import { defineTable, type Vault } from './vault/index.ts';

const optional = v.exactOptional;
const code = v.pipe(v.string(), v.maxLength(60));
const key = bytesOf(32);

/** A group as this device knows it. */
const groupSchema = v.strictObject({
  id: key,
  /** Absent while joining. */
  conversation: optional(key),
  standing: v.picklist(['joining', 'ready', 'keys-missing', 'stuck', 'left', 'removed', 'succeeded']),
  /** The last entry of the relay's log that was dealt with, and how many links there were up to it. */
  place: uint(),
  linkCount: uint(),
  /** Of the present epoch; absent where they are missing. */
  keys: optional(v.strictObject({ access: key, header: key, link: key })),
  /** Absent while entries of the epoch are missing. */
  transcript: optional(
    v.strictObject({
      position: v.strictObject({ count: uint(), hash: key }),
      hashes: v.pipe(v.array(key), v.maxLength(maxRemembered)),
    }),
  ),
  /** When this device saw the present epoch begin, or its trouble. */
  since: uint(),
  /** How often the others were asked for what is missing, and when last. */
  asked: uint(),
  askedAt: uint(),
  /** The keys were given to us, and where their epoch begins at the relay is still to be asked. */
  unlocated: optional(v.literal(true)),
  /** When it was seen that members' logs know of other devices than the group. */
  noticedAt: optional(uint()),
  /** Members whose logs could not be followed, how long they were known to be, and when that was. */
  unfollowed: optional(
    v.pipe(
      v.array(v.strictObject({ account: key, length: uint(), at: uint() })),
      v.maxLength(limits.groupDevices),
    ),
  ),
  /** Who made the change that nobody can follow, where that is known. */
  offender: optional(key),
  /** Who gave the keys of this epoch, where they were missing. */
  helper: optional(key),
  /** Who gave keys that did not fit, and a hash of those. */
  doubted: optional(v.strictObject({ account: key, print: key })),
  /** It was stuck in this epoch, and others gave their keys: if it is so again, it is. */
  retried: optional(v.literal(true)),
  /** The log as the relay showed it, while links that a member handed on are not confirmed by their epoch's keys. */
  before: optional(bytesUpTo(maxGroupBytes)),
  /** Why nothing is sent: a code. */
  trouble: optional(code),
  /** Members of whom it was told that their keys are missing. */
  missing: v.pipe(v.array(key), v.maxLength(limits.groupDevices)),
  /** A message of this epoch whose author disagreed about what came before was told of. */
  differs: optional(v.literal(true)),
});
type StoredGroup = v.InferOutput<typeof groupSchema>;
const storedGroups = defineTable<StoredGroup>({
  name: 'group',
  schema: groupSchema,
  key: ({ id }) => id,
  cached: true,
});

/**
 * The verified log of a group, as `encodeGroup` gives it. It is large in a large group and changes with its links
 * alone, so it is not stored again with each entry that is read.
 */
const groupLogSchema = v.strictObject({ group: key, log: bytesUpTo(maxGroupBytes) });
const groupLogs = defineTable<v.InferOutput<typeof groupLogSchema>>({
  name: 'group-log',
  schema: groupLogSchema,
  key: ({ group }) => group,
  cached: true,
});

/** A group as this device knows it, with its log, which is absent while joining. */
export type GroupRecord = StoredGroup & { readonly log?: Uint8Array };

export function loadGroup({ vault }: VaultOwner, id: Uint8Array): GroupRecord | undefined {
  const stored = vault.get(storedGroups, id);
  return stored && withStoredLog(vault, stored);
}

export function loadGroups({ vault }: VaultOwner, limit: number): GroupRecord[] {
  return vault.list(storedGroups, { limit }).map((stored) => withStoredLog(vault, stored));
}

export function storeGroup({ vault }: VaultOwner, { log, ...stored }: GroupRecord): void {
  vault.put(storedGroups, stored);
  if (log && vault.get(groupLogs, stored.id)?.log !== log) vault.put(groupLogs, { group: stored.id, log });
}

/** Of which nothing but the promise was there. */
export function deleteGroup({ vault }: VaultOwner, id: Uint8Array): void {
  vault.delete(storedGroups, id);
}

interface VaultOwner {
  readonly vault: Vault;
}

function withStoredLog(vault: Vault, stored: StoredGroup): GroupRecord {
  const log = vault.get(groupLogs, stored.id)?.log;
  return log ? { ...stored, log } : stored;
}

/** A link of a group's log, to be shown to whoever joins. */
const groupLinkSchema = v.strictObject({
  group: key,
  seq: uint(),
  link: bytesUpTo(maxGroupLinkBytes),
});
export const groupLinks = defineTable<v.InferOutput<typeof groupLinkSchema>>({
  name: 'group-link',
  schema: groupLinkSchema,
  key: ({ group, seq }) => concat(group, Uint8Array.of(seq >> 8, seq & 255)),
  scope: ({ group }) => group,
  rank: ({ seq }) => seq,
});

/** The sending chain of a device in the present epoch. */
const chainSchema = v.strictObject({
  group: key,
  device: key,
  generation: uint(maxGeneration + 1),
  chainKey: key,
});
export type ChainRecord = v.InferOutput<typeof chainSchema>;
export const chainKeyOf = (group: Uint8Array, device: Uint8Array) => concat(group, device);
export const chains = defineTable<ChainRecord>({
  name: 'group-chain',
  schema: chainSchema,
  key: ({ group, device }) => chainKeyOf(group, device),
  scope: ({ group }) => group,
  cached: true,
});

/**
 * What is kept of an epoch that is over: the way to it at the relay, and the key of its links, which we have in
 * plain. A relay that was set back needs them again.
 */
const pastEpochSchema = v.strictObject({ group: key, epoch: uint(), access: key, link: key });
export type PastEpochRecord = v.InferOutput<typeof pastEpochSchema>;
export const pastEpochs = defineTable<PastEpochRecord>({
  name: 'group-past-epoch',
  schema: pastEpochSchema,
  key: ({ group, epoch }) => concat(group, Uint8Array.of(epoch >> 8, epoch & 255)),
  scope: ({ group }) => group,
  rank: ({ epoch }) => epoch,
});

/** A secret that somebody handed us, for an epoch whose link we have not seen or followed yet. */
const shareSchema = v.strictObject({
  group: key,
  epoch: uint(),
  link: key,
  /** The account that it came from. */
  from: key,
  secret: key,
  welcome: optional(key),
  at: uint(),
});
export type ShareRecord = v.InferOutput<typeof shareSchema>;
export const shareKeyOf = ({ group, link, from }: Pick<ShareRecord, 'group' | 'link' | 'from'>) =>
  concat(group, link, from);
export const shares = defineTable<ShareRecord>({
  name: 'group-share',
  schema: shareSchema,
  key: shareKeyOf,
  scope: ({ group }) => group,
  rank: ({ at }) => at,
});

/** Accounts' logs, as links carry them. */
const logs = v.pipe(
  v.array(v.pipe(v.array(bytesUpTo(limits.linkBytes)), v.maxLength(limits.linksPerIdentity))),
  v.maxLength(limits.groupDevices),
);

/** What is to be changed in a group, until it has been done or has become pointless. */
const intentSchema = v.strictObject({
  group: key,
  id: bytesOf(16),
  at: uint(),
  change: v.variant('kind', [
    v.strictObject({ kind: v.literal('add'), logs, shared: uint(100) }),
    v.strictObject({ kind: v.literal('remove'), account: key }),
    v.strictObject({ kind: v.literal('rename'), name: v.pipe(v.string(), v.maxLength(64)) }),
    v.strictObject({ kind: v.literal('may-add'), mayAdd: v.picklist(['anyone', 'admins']) }),
    v.strictObject({ kind: v.literal('admin'), account: key, admin: v.boolean() }),
    /** `welcome`: for somebody who has fallen too far behind to be told what they missed. */
    v.strictObject({
      kind: v.literal('rotate'),
      welcome: optional(v.literal(true)),
      /** For members' new and revoked devices alone: without any, there is no need. */
      follows: optional(v.literal(true)),
    }),
  ]),
});
export type IntentRecord = v.InferOutput<typeof intentSchema>;
export const intentKeyOf = (group: Uint8Array, id: Uint8Array) => concat(group, id);
export const intents = defineTable<IntentRecord>({
  name: 'group-intent',
  schema: intentSchema,
  key: ({ group, id }) => intentKeyOf(group, id),
  scope: ({ group }) => group,
  rank: ({ at }) => at,
  tie: ({ id }) => id,
});

/** A link of ours on its way into the log: there is one at a time. */
const commitSchema = v.strictObject({
  group: key,
  intent: optional(bytesOf(16)),
  link: bytesUpTo(maxGroupLinkBytes),
  hash: key,
  /** The epoch that it is appended in. */
  epoch: uint(),
  linkCount: uint(),
  entryId: bytesOf(envelopeIdBytes),
  entry: optional(bytesUpTo(limits.groupLinkBytes)),
  /** Of the epoch that it begins, where it begins one. */
  opens: optional(
    v.strictObject({ secret: key, accessHash: key, welcome: optional(bytesUpTo(limits.groupWelcomeBytes)) }),
  ),
  /** Letters with its secret: they are in the mailboxes before the link is appended. */
  letters: v.pipe(
    v.array(v.strictObject({ conversation: key, id: bytesOf(16) })),
    v.maxLength(limits.groupDevices),
  ),
  at: uint(),
});
export type CommitRecord = v.InferOutput<typeof commitSchema>;
export const commits = defineTable<CommitRecord>({
  name: 'group-commit',
  schema: commitSchema,
  key: ({ group }) => group,
});

/** A sealed message on its way into the log. */
const entrySchema = v.strictObject({
  group: key,
  epoch: uint(),
  order: uint(),
  id: bytesOf(envelopeIdBytes),
  entry: bytesUpTo(limits.envelopeBytes),
  conversation: key,
  message: bytesOf(16),
});
export type EntryRecord = v.InferOutput<typeof entrySchema>;
export const entries = defineTable<EntryRecord>({
  name: 'group-entry',
  schema: entrySchema,
  key: ({ id }) => id,
  scope: ({ group }) => group,
  rank: ({ order }) => order,
  tie: ({ id }) => id,
});

/** How far a message of ours has come with one member. */
const memberReceiptSchema = v.strictObject({
  conversation: key,
  id: bytesOf(16),
  account: key,
  state: v.picklist(['delivered', 'read']),
});
export const memberReceiptKeyOf = (conversation: Uint8Array, id: Uint8Array, account: Uint8Array) =>
  concat(messageKey(conversation, id), account);
export const memberReceipts = defineTable<v.InferOutput<typeof memberReceiptSchema>>({
  name: 'member-receipt',
  schema: memberReceiptSchema,
  key: ({ conversation, id, account }) => memberReceiptKeyOf(conversation, id, account),
  scope: ({ conversation, id }) => messageKey(conversation, id),
});

/** When a member was last given keys, so that nobody is kept busy by being asked. */
const servedSchema = v.strictObject({ group: key, account: key, at: uint() });
export const servedKeyOf = (group: Uint8Array, account: Uint8Array) => concat(group, account);
export const served = defineTable<v.InferOutput<typeof servedSchema>>({
  name: 'group-served',
  schema: servedSchema,
  key: ({ group, account }) => servedKeyOf(group, account),
  rank: ({ at }) => at,
});

/** Somebody has said that they leave, and is still in the group's log. */
const leavingSchema = v.strictObject({ group: key, account: key, signed: bytesUpTo(24 * 1024), at: uint() });
export type LeavingRecord = v.InferOutput<typeof leavingSchema>;
export const leavingKeyOf = (group: Uint8Array, account: Uint8Array) => concat(group, account);
export const leaving = defineTable<LeavingRecord>({
  name: 'group-leaving',
  schema: leavingSchema,
  key: ({ group, account }) => leavingKeyOf(group, account),
  scope: ({ group }) => group,
  rank: ({ at }) => at,
});
