/** The records that the vault holds: one schema and one table each. Records are immutable values. */
import * as v from 'valibot';
import { concat, toUtf8 } from '../bytes/index.ts';
import { prekeySchema } from '../identity/index.ts';
import { bytesOf, bytesUpTo, codeBodySchema, limits, textBodySchema, uint } from '../wire/index.ts';
import { defineTable } from './vault/index.ts';

const optional = v.exactOptional;
const head = v.strictObject({ seq: uint(), hash: bytesOf(32) });
const links = v.pipe(
  v.array(bytesUpTo(limits.linkBytes)),
  v.minLength(1),
  v.maxLength(limits.linksPerIdentity),
);
const identity = bytesUpTo(64 * 1024);
const shortText = v.pipe(v.string(), v.maxLength(300));
const code = v.pipe(v.string(), v.maxLength(60));

/** This account and device. One record; its key is constant. */
const accountSchema = v.strictObject({
  username: shortText,
  relay: shortText,
  links,
  /** The verified log, as `encodeIdentity` gives it. */
  identity,
  device: v.strictObject({ sign: bytesOf(57), dh: bytesOf(56) }),
  phrase: v.pipe(v.string(), v.maxLength(400)),
  capability: bytesOf(32),
  /** How far the account has come at the relay. */
  stage: v.picklist(['registering', 'recovering', 'ready']),
  invite: optional(shortText),
  capabilityPublished: v.boolean(),
  nextPrekeyId: uint(),
  prekeysSignedAt: uint(),
  /** The relay's last cursor whose envelopes are all in the vault. */
  cursor: optional(v.pipe(v.string(), v.maxLength(200))),
  nextOutboxOrder: uint(),
  phraseConfirmed: v.boolean(),
});
export type AccountRecord = v.InferOutput<typeof accountSchema>;
export const accountKey = new Uint8Array(0);
export const accounts = defineTable<AccountRecord>({
  name: 'account',
  schema: accountSchema,
  key: () => accountKey,
  cached: true,
});

/** The private half of a prekey, until it is deleted. */
const prekeyRecordSchema = v.strictObject({
  prekey: prekeySchema,
  /** The relay has it, or may have it. */
  published: v.boolean(),
  /** When a newer one of the same kind took its place. */
  replacedAt: optional(uint()),
});
export type PrekeyRecord = v.InferOutput<typeof prekeyRecordSchema>;
export const prekeyKey = (id: number) => toUtf8(String(id));
export const prekeys = defineTable<PrekeyRecord>({
  name: 'prekey',
  schema: prekeyRecordSchema,
  key: ({ prekey }) => prekeyKey(prekey.id),
  rank: ({ prekey }) => prekey.id,
});

/** Somebody else's account, as far as it was verified. */
const contactSchema = v.strictObject({
  account: bytesOf(32),
  username: shortText,
  /** The verified log, as `encodeIdentity` gives it. */
  identity,
  /** The account id came with an invitation, not from the relay. */
  verified: v.boolean(),
  /** The relay has confirmed that the name belongs to this account. */
  nameChecked: v.boolean(),
  /** A head that they showed and that the relay has not served yet. */
  missingHead: optional(head),
  /** Why nothing is sent to them: a code. */
  trouble: optional(code),
  /** Delivery capabilities by device. */
  capabilities: v.pipe(
    v.array(v.strictObject({ device: bytesOf(32), capability: bytesOf(32) })),
    v.maxLength(limits.devicesPerAccount * 4),
  ),
  /** They have confirmed something of ours that carried our present capability. */
  hasOurCapability: v.boolean(),
  /** When a session with them was last replaced from our side. */
  renewedAt: optional(uint()),
  /** New sessions are to be begun with all their devices. */
  renewalDue: optional(v.literal(true)),
});
export type ContactRecord = v.InferOutput<typeof contactSchema>;
export const contacts = defineTable<ContactRecord>({
  name: 'contact',
  schema: contactSchema,
  key: ({ account }) => account,
  cached: true,
});

const sessionSchema = v.strictObject({
  /** The handshake hash. */
  id: bytesOf(32),
  account: bytesOf(32),
  device: bytesOf(32),
  round: uint(2 ** 32 - 1),
  /** The encoded ratchet state. */
  ratchet: bytesUpTo(220 * 1024),
  /** What is repeated with each message until the peer has answered: initiators only. */
  opening: optional(
    v.strictObject({
      handshake: bytesUpTo(4096),
      sealingKey: v.strictObject({ id: uint(), key: bytesOf(56) }),
    }),
  ),
  /** 0 while we have said nothing in it. */
  usedAt: uint(),
});
export type SessionRecord = v.InferOutput<typeof sessionSchema>;
export const sessionScope = (account: Uint8Array, device: Uint8Array) => concat(account, device);
export const sessions = defineTable<SessionRecord>({
  name: 'session',
  schema: sessionSchema,
  key: ({ id }) => id,
  scope: ({ account, device }) => sessionScope(account, device),
  rank: ({ usedAt }) => usedAt,
  tie: ({ id }) => id,
  cached: true,
});

/** A handshake that was answered, so that it is not answered again while its signed prekey lives. */
const handshakeSchema = v.strictObject({ hash: bytesOf(32), signedPrekey: uint() });
export const handshakes = defineTable<v.InferOutput<typeof handshakeSchema>>({
  name: 'handshake',
  schema: handshakeSchema,
  key: ({ hash }) => hash,
  rank: ({ signedPrekey }) => signedPrekey,
});

const conversationSchema = v.strictObject({
  id: bytesOf(32),
  /** Whom it is with, or the group that it goes on in at present: one of both. */
  peer: optional(bytesOf(32)),
  group: optional(bytesOf(32)),
  /** Who added us to the group. */
  invitedBy: optional(bytesOf(32)),
  /** `silent`: nothing was said; it only carries what two members of a group owe each other. */
  status: v.picklist(['active', 'request', 'ignored', 'blocked', 'silent']),
  draft: v.pipe(v.string(), v.maxLength(32 * 1024)),
  counter: uint(limits.counter),
  unread: uint(),
  /** The last message of the peer's that was seen. */
  readUpTo: optional(v.strictObject({ counter: uint(), id: bytesOf(16) })),
  /** Of the unread ones, those that name us. */
  mentions: optional(uint()),
  lastActivityAt: optional(uint()),
  /** A message that only carries a session, a capability or heads is to be sent. */
  owesHello: v.boolean(),
  /** Places held for messages that could not be opened and may come again. */
  awaited: v.pipe(v.array(bytesOf(16)), v.maxLength(100)),
  /** Receipts that waited here in vaults of version 0.1; see upgrade.ts. */
  owedDelivered: optional(v.array(bytesOf(16))),
  owedRead: optional(v.array(bytesOf(16))),
});
export type ConversationRecord = v.InferOutput<typeof conversationSchema>;
export const conversations = defineTable<ConversationRecord>({
  name: 'conversation',
  schema: conversationSchema,
  key: ({ id }) => id,
  cached: true,
});

/** Receipts of one kind that wait for one account: what is beyond is told by nobody. */
export const maxOwed = 4_000;
const owedSchema = v.strictObject({
  /** The conversation with who gets them. */
  through: bytesOf(32),
  /** The conversation that the messages are in: the same, or a group's. */
  conversation: bytesOf(32),
  state: v.picklist(['delivered', 'read']),
  ids: v.pipe(v.array(bytesOf(16)), v.minLength(1), v.maxLength(maxOwed)),
});
export type OwedRecord = v.InferOutput<typeof owedSchema>;
export const owedKey = (through: Uint8Array, conversation: Uint8Array, state: OwedRecord['state']) =>
  concat(through, conversation, toUtf8(state));
export const owed = defineTable<OwedRecord>({
  name: 'owed',
  schema: owedSchema,
  key: ({ through, conversation, state }) => owedKey(through, conversation, state),
  scope: ({ through }) => through,
});

const messageSchema = v.strictObject({
  id: bytesOf(16),
  conversation: bytesOf(32),
  counter: uint(limits.counter),
  author: bytesOf(32),
  own: v.boolean(),
  sentAt: uint(),
  body: v.variant('kind', [
    v.strictObject({ kind: v.literal('text'), ...textBodySchema.entries }),
    v.strictObject({ kind: v.literal('code'), ...codeBodySchema.pipe[0].entries }),
    v.strictObject({
      kind: v.literal('unreadable'),
      reason: v.picklist([
        'tampered',
        'no-session',
        'prekey-gone',
        'too-many-skipped',
        'newer-version',
        'malformed',
      ]),
    }),
    v.strictObject({
      kind: v.literal('event'),
      event: v.picklist([
        'created',
        'added',
        'joined',
        'removed',
        'left',
        'renamed',
        'adding',
        'admins-made',
        'admins-unmade',
        'computers',
        'succeeded',
        'refused',
        'lost',
        'differs',
      ]),
      by: shortText,
      people: v.pipe(v.array(shortText), v.maxLength(limits.groupDevices)),
      us: optional(v.literal(true)),
      name: optional(shortText),
      mayAdd: optional(v.picklist(['anyone', 'admins'])),
      shared: optional(uint(100)),
    }),
  ]),
  state: optional(v.picklist(['pending', 'sent', 'delivered', 'read', 'failed'])),
  failure: optional(code),
  /** Somebody else names us in it. */
  mention: optional(v.literal(true)),
  /** The member of a group who gave it to us. */
  sharedBy: optional(bytesOf(32)),
  /** Of own ones in a group: how many of the others have it, and have read it. */
  progress: optional(v.strictObject({ delivered: uint(), read: uint(), of: uint() })),
});
export type MessageRecord = v.InferOutput<typeof messageSchema>;
export const messageKey = (conversation: Uint8Array, id: Uint8Array) => concat(conversation, id);
export const messages = defineTable<MessageRecord>({
  name: 'message',
  schema: messageSchema,
  key: ({ conversation, id }) => messageKey(conversation, id),
  scope: ({ conversation }) => conversation,
  rank: ({ counter }) => counter,
  tie: ({ id }) => id,
});

/** A message of a group with its author's signature, as it is shown to who joins or lacks it. */
const originalSchema = v.strictObject({
  conversation: bytesOf(32),
  id: bytesOf(16),
  signed: bytesUpTo(24 * 1024),
});
export const originals = defineTable<v.InferOutput<typeof originalSchema>>({
  name: 'original',
  schema: originalSchema,
  key: ({ conversation, id }) => messageKey(conversation, id),
  scope: ({ conversation }) => conversation,
});

/** A message of ours that has not been confirmed as delivered, and the sessions it was sealed in. */
const outgoingSchema = v.strictObject({
  conversation: bytesOf(32),
  id: bytesOf(16),
  counter: uint(),
  waiting: v.boolean(),
  sealedIn: v.pipe(
    v.array(v.strictObject({ device: bytesOf(32), session: bytesOf(32) })),
    v.maxLength(limits.devicesPerAccount * 4),
  ),
});
export type OutgoingRecord = v.InferOutput<typeof outgoingSchema>;
export const outgoingScope = (conversation: Uint8Array, waiting: boolean) =>
  concat(conversation, Uint8Array.of(waiting ? 1 : 0));
export const outgoing = defineTable<OutgoingRecord>({
  name: 'outgoing',
  schema: outgoingSchema,
  key: ({ conversation, id }) => messageKey(conversation, id),
  scope: ({ conversation, waiting }) => outgoingScope(conversation, waiting),
  rank: ({ counter }) => counter,
  tie: ({ id }) => id,
});

/**
 * What is sent like a message and never shown: between two people a letter about a group, in a group that we leave
 * or whose keys are missing. Kept until it is confirmed or, in a group, in the log.
 */
const letterSchema = v.strictObject({
  conversation: bytesOf(32),
  id: bytesOf(16),
  /** The body's encoding, as the content of its kind has it. */
  kind: v.picklist(['group', 'leave', 'notice']),
  body: bytesUpTo(64 * 1024),
});
export type LetterRecord = v.InferOutput<typeof letterSchema>;
export const letters = defineTable<LetterRecord>({
  name: 'letter',
  schema: letterSchema,
  key: ({ conversation, id }) => messageKey(conversation, id),
  scope: ({ conversation }) => conversation,
});

/** A sealed envelope on its way to the relay. */
const outboxSchema = v.strictObject({
  id: bytesOf(16),
  order: uint(),
  account: bytesOf(32),
  device: bytesOf(32),
  envelope: bytesUpTo(limits.envelopeBytes),
  conversation: bytesOf(32),
  /** The message it carries; receipts have none. */
  message: optional(bytesOf(16)),
});
export type OutboxRecord = v.InferOutput<typeof outboxSchema>;
export const outbox = defineTable<OutboxRecord>({
  name: 'outbox',
  schema: outboxSchema,
  key: ({ id }) => id,
  scope: ({ conversation, message, id }) => (message ? messageKey(conversation, message) : id),
  rank: ({ order }) => order,
  tie: ({ id }) => id,
});

/** An envelope that was not opened, kept as it came. */
const unopenedSchema = v.strictObject({
  hash: bytesOf(32),
  envelope: bytesUpTo(limits.envelopeBytes),
  reason: v.pipe(v.string(), v.maxLength(40)),
  at: uint(),
});
export const unopened = defineTable<v.InferOutput<typeof unopenedSchema>>({
  name: 'unopened',
  schema: unopenedSchema,
  key: ({ hash }) => hash,
  rank: ({ at }) => at,
  tie: ({ hash }) => hash,
});

/** The hash of an envelope that was dealt with: a relay that hands it out again is not asked what it is. */
const seenSchema = v.strictObject({ hash: bytesOf(32), at: uint() });
export const seen = defineTable<v.InferOutput<typeof seenSchema>>({
  name: 'seen',
  schema: seenSchema,
  key: ({ hash }) => hash,
  rank: ({ at }) => at,
});
