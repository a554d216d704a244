/**
 * The typed messages between the extension host and the chat webview. Both sides parse what they get. No key,
 * token, ciphertext or recovery phrase is in any of them.
 */
import type { ConversationSummary, MessageView } from '@crypt2chat/shared/engine';
import * as v from 'valibot';
import {
  groupEventSchema,
  groupSummarySchema,
  membersSchema,
  namesSchema,
  progressSchema,
} from './groups.ts';
import {
  codeSchema as code,
  countSchema as count,
  keySchema as key,
  longTextSchema as longText,
  placeSchema as place,
  shortTextSchema as shortText,
} from './values.ts';

const codeAnchor = {
  text: longText,
  language: shortText,
  path: v.pipe(v.string(), v.maxLength(512)),
  startLine: count,
  endLine: count,
  note: v.exactOptional(longText),
};
export const draftSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('text'), text: longText }),
  v.strictObject({ kind: v.literal('code'), ...codeAnchor }),
]);

export const messageSchema = v.strictObject({
  key,
  conversation: key,
  counter: count,
  author: shortText,
  own: v.boolean(),
  sentAt: count,
  body: v.variant('kind', [
    v.strictObject({ kind: v.literal('text'), text: longText }),
    v.strictObject({ kind: v.literal('code'), ...codeAnchor }),
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
    groupEventSchema,
  ]),
  state: v.exactOptional(v.picklist(['pending', 'sent', 'delivered', 'read', 'failed'])),
  failure: v.exactOptional(code),
  mentionsUs: v.exactOptional(v.literal(true)),
  sharedBy: v.exactOptional(shortText),
  progress: v.exactOptional(progressSchema),
}) satisfies v.GenericSchema<MessageView>;

export const conversationSchema = v.strictObject({
  key,
  title: shortText,
  address: shortText,
  status: v.picklist(['active', 'request', 'ignored', 'blocked']),
  verified: v.boolean(),
  group: v.exactOptional(groupSummarySchema),
  unread: count,
  lastActivityAt: v.exactOptional(count),
  draft: longText,
  trouble: v.exactOptional(code),
}) satisfies v.GenericSchema<ConversationSummary>;

export const connectionSchema = v.variant('state', [
  v.strictObject({ state: v.literal('idle') }),
  v.strictObject({ state: v.literal('connecting') }),
  v.strictObject({ state: v.literal('online') }),
  v.strictObject({ state: v.literal('offline'), code, retryAt: count }),
]);

/** What fills the view. Everything but `conversation` stands alone. */
export const screenSchema = v.variant('screen', [
  v.strictObject({ screen: v.literal('loading') }),
  v.strictObject({ screen: v.literal('register'), relay: shortText, username: shortText }),
  /** The vault needs its recovery phrase, which is asked for outside the webview. */
  v.strictObject({
    screen: v.literal('locked'),
    reason: v.picklist([
      'secret-lost',
      'secret-corrupt',
      'secret-unavailable',
      'vault-corrupt',
      'vault-newer',
      'vault-unwritable',
      'engine-stopped',
    ]),
  }),
  /** Another window has the chat. */
  v.strictObject({ screen: v.literal('elsewhere') }),
  /** Nothing is open; `hasConversations` tells which hint fits. */
  v.strictObject({
    screen: v.literal('empty'),
    username: shortText,
    address: shortText,
    hasConversations: v.boolean(),
  }),
  v.strictObject({
    screen: v.literal('conversation'),
    conversation: conversationSchema,
    username: shortText,
    messages: v.array(messageSchema),
    hasOlder: v.boolean(),
    firstUnread: v.exactOptional(place),
    /** Who is typing, by name. */
    typing: namesSchema,
    /** Of a group, ourselves among them. */
    members: v.exactOptional(membersSchema),
  }),
]);

/** Host to webview. */
export const toWebviewSchema = v.variant('type', [
  v.strictObject({ type: v.literal('screen'), screen: screenSchema }),
  v.strictObject({ type: v.literal('connection'), connection: connectionSchema }),
  v.strictObject({ type: v.literal('conversation'), conversation: conversationSchema }),
  /** Inserted in its place, or put in place of the one with the same key. */
  v.strictObject({ type: v.literal('message'), message: messageSchema, arrived: v.boolean() }),
  v.strictObject({ type: v.literal('message-removed'), conversation: key, key }),
  v.strictObject({
    type: v.literal('older'),
    conversation: key,
    messages: v.array(messageSchema),
    hasOlder: v.boolean(),
  }),
  v.strictObject({ type: v.literal('typing'), conversation: key, people: namesSchema }),
  /** Who is in the group now. */
  v.strictObject({ type: v.literal('members'), conversation: key, members: membersSchema }),
  /** The answer to `check-relay`. */
  v.strictObject({
    type: v.literal('relay'),
    relay: shortText,
    result: v.variant('state', [
      v.strictObject({
        state: v.literal('reachable'),
        registration: v.picklist(['open', 'invite', 'closed']),
        retentionDays: count,
      }),
      v.strictObject({ state: v.literal('failed'), code }),
    ]),
  }),
  /** `register` did not work; the form stays as it is. */
  v.strictObject({ type: v.literal('register-failed'), code }),
  /** A `send` that the engine did not take at all: the draft goes back into the composer, with the sentence of `code`. */
  v.strictObject({ type: v.literal('not-sent'), conversation: key, draft: draftSchema, code }),
  /** Puts a passage of code into the composer of the open conversation, to be sent with the next message. */
  v.strictObject({ type: v.literal('attach'), conversation: key, code: v.strictObject(codeAnchor) }),
  /** Moves the keyboard focus into the composer: only ever because the person asked for it. */
  v.strictObject({ type: v.literal('focus') }),
]);

/** Webview to host. */
export const fromWebviewSchema = v.variant('type', [
  /** The webview's script runs and shows nothing yet; the host answers with a `screen`. Sent at every (re)load. */
  v.strictObject({ type: v.literal('ready') }),
  v.strictObject({ type: v.literal('check-relay'), relay: shortText }),
  v.strictObject({
    type: v.literal('register'),
    relay: shortText,
    username: shortText,
    invite: v.exactOptional(shortText),
  }),
  /** “Already have an identity?”: the host asks for the phrase. */
  v.strictObject({ type: v.literal('recover') }),
  /** On the `locked` screen. */
  v.strictObject({ type: v.literal('unlock') }),
  v.strictObject({ type: v.literal('retry-open') }),
  v.strictObject({ type: v.literal('new-conversation') }),
  v.strictObject({ type: v.literal('copy-address') }),
  v.strictObject({ type: v.literal('send'), conversation: key, draft: draftSchema }),
  v.strictObject({ type: v.literal('save-draft'), conversation: key, text: longText }),
  v.strictObject({ type: v.literal('load-older'), conversation: key, before: place }),
  v.strictObject({ type: v.literal('retry'), conversation: key, key }),
  v.strictObject({ type: v.literal('delete'), conversation: key, key }),
  v.strictObject({
    type: v.literal('answer-request'),
    conversation: key,
    answer: v.picklist(['accept', 'block', 'ignore']),
  }),
  /** Outside the webview: who is in the group, with what can be done. */
  v.strictObject({ type: v.literal('show-members'), conversation: key }),
  /** Outside the webview: how far a message of ours has come with each member. */
  v.strictObject({ type: v.literal('show-receipts'), conversation: key, key }),
  /** The host asks first. */
  v.strictObject({ type: v.literal('leave-group'), conversation: key }),
  v.strictObject({ type: v.literal('typing'), conversation: key, typing: v.boolean() }),
  /** Everything up to this place was on the screen of a visible, focused view. */
  v.strictObject({ type: v.literal('mark-read'), conversation: key, upTo: place }),
  v.strictObject({ type: v.literal('copy'), text: longText }),
  v.strictObject({ type: v.literal('open-link'), url: v.pipe(v.string(), v.maxLength(2048)) }),
  v.strictObject({
    type: v.literal('open-code'),
    path: v.pipe(v.string(), v.maxLength(512)),
    startLine: count,
    endLine: count,
  }),
  v.strictObject({ type: v.literal('attach-selection') }),
]);

export type ViewMessage = v.InferOutput<typeof messageSchema>;
export type ViewConversation = v.InferOutput<typeof conversationSchema>;
export type ViewConnection = v.InferOutput<typeof connectionSchema>;
export type ViewPlace = v.InferOutput<typeof place>;
export type ViewDraft = v.InferOutput<typeof draftSchema>;
export type ViewCode = Omit<Extract<ViewDraft, { kind: 'code' }>, 'kind'>;
export type Screen = v.InferOutput<typeof screenSchema>;
export type ToWebview = v.InferOutput<typeof toWebviewSchema>;
export type FromWebview = v.InferOutput<typeof fromWebviewSchema>;
