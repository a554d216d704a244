/**
 * What the extension host asks of the engine's thread, what that thread asks of the host, and what it tells. The
 * tables are the one source: the worker's handlers, the host's calls and the checks on both sides come from them.
 * Wrapping key and recovery phrase pass here, between two threads of one process, and nowhere else.
 */
import type {
  EngineChange,
  EngineState,
  MessagePage,
  RelayAbout,
  TransportRequest,
} from '@crypt2chat/shared/engine';
import * as v from 'valibot';
import { type Handlers, type Methods, Peer, type PeerOptions } from './rpc.ts';
import { groupMethods } from './group-methods.ts';
import { namesSchema } from './groups.ts';
import { codeSchema, countSchema, keySchema, longTextSchema, placeSchema } from './values.ts';
import { connectionSchema, conversationSchema, draftSchema, messageSchema } from './view.ts';

/** More messages than this are never asked for at once. */
export const maxPageMessages = 200;

/** Of the vault's disk and of the arithmetic of keys. */
const localMs = 30_000;
/** Of several requests to a slow relay, one after the other. */
const relayMs = 120_000;

const nothing = v.void();
const conversation = { conversation: keySchema };
const relayUrl = v.pipe(v.string(), v.maxLength(512));
const phrase = v.pipe(v.string(), v.maxLength(1024));
const username = v.pipe(v.string(), v.maxLength(200));
const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array);
const wrappingKey = v.pipe(bytes, v.length(32));

const accountSchema = v.strictObject({
  username: v.pipe(v.string(), v.maxLength(200)),
  address: v.pipe(v.string(), v.maxLength(200)),
  relay: relayUrl,
  phraseConfirmed: v.boolean(),
});

export const engineStateSchema = v.strictObject({
  account: v.exactOptional(accountSchema),
  connection: connectionSchema,
  conversations: v.pipe(v.array(conversationSchema), v.readonly()),
}) satisfies v.GenericSchema<EngineState>;

export const engineChangeSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('account'), account: accountSchema }),
  v.strictObject({ kind: v.literal('connection'), connection: connectionSchema }),
  v.strictObject({ kind: v.literal('conversation'), conversation: conversationSchema }),
  v.strictObject({ kind: v.literal('message'), message: messageSchema, arrived: v.boolean() }),
  v.strictObject({ kind: v.literal('message-removed'), conversation: keySchema, key: keySchema }),
  v.strictObject({ kind: v.literal('typing'), conversation: keySchema, people: namesSchema }),
]) satisfies v.GenericSchema<EngineChange>;

const relayAboutSchema = v.strictObject({
  origin: relayUrl,
  version: v.pipe(v.string(), v.maxLength(40)),
  registration: v.picklist(['open', 'invite', 'closed']),
  retentionDays: countSchema,
}) satisfies v.GenericSchema<RelayAbout>;

const messagePageSchema = v.strictObject({
  messages: v.pipe(v.array(messageSchema), v.maxLength(maxPageMessages), v.readonly()),
  hasOlder: v.boolean(),
  firstUnread: v.exactOptional(placeSchema),
}) satisfies v.GenericSchema<MessagePage>;

/** What the engine's thread does. Opening it any of the three ways starts it, and answers with its state. */
export const engineMethods = {
  /** A new vault, where there is none. `ERR_VAULT_EXISTS`, `ERR_DATABASE_*`. */
  create: { params: v.strictObject({ wrappingKey }), result: engineStateSchema, timeoutMs: localMs },
  /** `ERR_VAULT_SECRET_WRONG`, `ERR_VAULT_MISSING`, `ERR_VAULT_CORRUPT`, `ERR_DATABASE_*`. */
  open: { params: v.strictObject({ wrappingKey }), result: engineStateSchema, timeoutMs: localMs },
  /** Opens by the recovery phrase and wraps the vault under another key. `ERR_PHRASE_INVALID`, `ERR_PHRASE_WRONG`, and those of `open`. */
  reopen: {
    params: v.strictObject({ phrase, wrappingKey }),
    result: engineStateSchema,
    timeoutMs: localMs,
  },
  /** Finishes what is being written and closes the vault. */
  close: { params: nothing, result: nothing, timeoutMs: localMs },
  /** The one thing that needs no vault. */
  checkRelay: { params: v.strictObject({ relay: relayUrl }), result: relayAboutSchema, timeoutMs: relayMs },
  register: {
    params: v.strictObject({
      relay: relayUrl,
      username,
      invite: v.exactOptional(v.pipe(v.string(), v.maxLength(200))),
    }),
    result: nothing,
    timeoutMs: relayMs,
  },
  recover: {
    params: v.strictObject({ relay: relayUrl, username, phrase }),
    result: nothing,
    timeoutMs: relayMs,
  },
  recoveryPhrase: { params: nothing, result: phrase, timeoutMs: localMs },
  /** By `name` or `name#accountId`. */
  openConversation: {
    params: v.strictObject({ address: v.pipe(v.string(), v.maxLength(200)) }),
    result: conversationSchema,
    timeoutMs: relayMs,
  },
  page: {
    params: v.strictObject({
      ...conversation,
      before: v.exactOptional(placeSchema),
      limit: v.pipe(countSchema, v.minValue(1), v.maxValue(maxPageMessages)),
    }),
    result: messagePageSchema,
    timeoutMs: localMs,
  },
  send: {
    params: v.strictObject({ ...conversation, draft: draftSchema }),
    result: messageSchema,
    timeoutMs: localMs,
  },
  retry: { params: v.strictObject({ ...conversation, key: keySchema }), result: nothing, timeoutMs: localMs },
  deleteMessage: {
    params: v.strictObject({ ...conversation, key: keySchema }),
    result: nothing,
    timeoutMs: localMs,
  },
  answerRequest: {
    params: v.strictObject({ ...conversation, answer: v.picklist(['accept', 'block', 'ignore']) }),
    result: nothing,
    timeoutMs: localMs,
  },
  saveDraft: {
    params: v.strictObject({ ...conversation, text: longTextSchema }),
    result: nothing,
    timeoutMs: localMs,
  },
  markRead: {
    params: v.strictObject({ ...conversation, upTo: placeSchema }),
    result: nothing,
    timeoutMs: localMs,
  },
  setTyping: {
    params: v.strictObject({ ...conversation, typing: v.boolean() }),
    result: nothing,
    timeoutMs: localMs,
  },
  /** The person has written the phrase down. */
  confirmPhrase: { params: nothing, result: nothing, timeoutMs: localMs },
  /** 60 digits in twelve groups. */
  safetyNumber: {
    params: v.strictObject(conversation),
    result: v.pipe(v.string(), v.maxLength(200)),
    timeoutMs: localMs,
  },
  /** Try again now instead of when the backoff says. */
  retryNow: { params: nothing, result: nothing, timeoutMs: localMs },
  ...groupMethods,
} as const satisfies Methods;

const transportRequestSchema = v.strictObject({
  method: v.picklist(['GET', 'POST', 'PUT']),
  url: v.pipe(v.string(), v.maxLength(4096)),
  headers: v.record(v.pipe(v.string(), v.maxLength(64)), v.pipe(v.string(), v.maxLength(4096))),
  body: v.exactOptional(v.pipe(bytes, v.maxLength(16 * 1024 * 1024))),
  timeoutMs: v.pipe(countSchema, v.maxValue(relayMs)),
  maxBytes: v.pipe(countSchema, v.maxValue(64 * 1024 * 1024)),
}) satisfies v.GenericSchema<TransportRequest>;

/** What the engine's thread asks of the host: HTTP, because only the host's own `fetch` knows VS Code's proxies. */
export const hostMethods = {
  /** `ERR_RELAY_UNREACHABLE`, `ERR_ABORTED`. */
  request: {
    params: transportRequestSchema,
    result: v.strictObject({
      status: v.pipe(countSchema, v.maxValue(999)),
      body: bytes,
      retryAfterSeconds: v.exactOptional(countSchema),
    }),
    // The request's own timeout comes first.
    timeoutMs: relayMs + 10_000,
  },
} as const satisfies Methods;

/** What the engine's thread tells without being asked. `fault` is a mistake of ours, by code. */
export const engineEventSchema = v.variant('type', [
  v.strictObject({ type: v.literal('change'), change: engineChangeSchema }),
  v.strictObject({ type: v.literal('fault'), code: codeSchema }),
]);
export type EngineEvent = v.InferOutput<typeof engineEventSchema>;

export type EngineMethods = typeof engineMethods;
export type EngineHandlers = Handlers<EngineMethods>;
export type HostHandlers = Handlers<typeof hostMethods>;

type Wiring = Pick<PeerOptions<Methods, Methods, v.GenericSchema>, 'post' | 'onFault'>;

/** The host's end of the line to the engine's thread. */
export function createEnginePeer(
  wiring: Wiring & { readonly handlers: HostHandlers; readonly onEvent: (event: EngineEvent) => void },
) {
  return new Peer({ ...wiring, ours: hostMethods, theirs: engineMethods, event: engineEventSchema });
}
export type EnginePeer = ReturnType<typeof createEnginePeer>;

/** The thread's end of the line to the host, which tells nothing by itself. */
export function createHostPeer(wiring: Wiring & { readonly handlers: EngineHandlers }) {
  const onEvent = () => undefined;
  return new Peer({ ...wiring, ours: engineMethods, theirs: hostMethods, event: v.never(), onEvent });
}
