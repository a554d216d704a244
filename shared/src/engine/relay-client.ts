/**
 * The relay's interface from the client's side (protocol §9 and §10). Everything it answers is parsed by the schema
 * of its route, and everything that is not such an answer is one error: the relay may be broken or hostile.
 */
import * as v from 'valibot';
import { fromUtf8, toBase64url, toUtf8 } from '../bytes/index.ts';
import { decodeCbor, encodeCbor, type CborValue } from '../cbor/index.ts';
import { CodedError, hasCode } from '../errors/index.ts';
import { sign } from '../primitives/index.ts';
import {
  aboutResponseSchema,
  accountResponseSchema,
  appendLinkResponseSchema,
  bundlesResponseSchema,
  capabilityHeader,
  cborMediaType,
  challengeResponseSchema,
  deliverResponseSchema,
  emptyResponseSchema,
  errorResponseSchema,
  eventsResponseSchema,
  groupAccessHeader,
  groupEventsResponseSchema,
  groupLinkResponseSchema,
  type groupLinkRequestSchema,
  groupMessagesResponseSchema,
  groupWelcomeResponseSchema,
  limits,
  prekeyCountResponseSchema,
  registerResponseSchema,
  relayErrors,
  sessionResponseSchema,
  type prekeysRequestSchema,
} from '../wire/index.ts';
import type { Clock } from '../clock/index.ts';
import type { Transport, TransportRequest } from './ports.ts';

const requestTimeoutMs = 20_000;
/** A poll may take as long as it was asked to wait, and this much more. */
const pollGraceMs = 15_000;
const maxControlBytes = 512 * 1024;
/** 64 envelopes of 64 KiB and what frames them. */
const maxEventsBytes = limits.requestBytes + 256 * 1024;
/** A bearer is renewed this long before it ends. */
const renewBeforeMs = 60_000;
/** A relay that asks for a longer rest than this is asked again all the same; timers overflow far above it. */
const maxRetryAfterMs = 60 * 60 * 1000;

/** An answer of the relay's that is not what was asked for. `code` is the relay's own where it gave one. */
export class RelayError extends CodedError {
  readonly status: number;
  readonly retryAfterMs: number | undefined;

  constructor(code: string, status: number, retryAfterMs?: number) {
    super(code, 'the relay refused');
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Who speaks, and with which key: set once there is an account. */
export interface Credentials {
  readonly accountId: Uint8Array;
  readonly deviceId: Uint8Array;
  readonly signingKey: Uint8Array;
}

/** With which right something is put into a mailbox. */
export type DeliveryRight = { readonly capability: Uint8Array } | 'session';
/** With which right a group's log is read and written: an epoch's access secret, 32 bytes. */
export interface AccessRight {
  readonly access: Uint8Array;
}

export type Events = v.InferOutput<typeof eventsResponseSchema>;
export type GroupEvents = v.InferOutput<typeof groupEventsResponseSchema>['groups'][number];
export type GroupEntry = GroupEvents['entries'][number];
export type GroupWelcome = v.InferOutput<typeof groupWelcomeResponseSchema>;
export type GroupLinkRequest = v.InferOutput<typeof groupLinkRequestSchema>;
/** All that a relay does for an engine; in a class of its own, so that it can be put on another line. */
export type Relay = { readonly [Name in keyof RelayClient]: RelayClient[Name] };
export type BundleResponse = v.InferOutput<typeof bundlesResponseSchema>['bundles'][number];

export class RelayClient {
  readonly origin: string;
  readonly #transport: Transport;
  readonly #clock: Clock;
  #credentials: Credentials | undefined;
  #bearer: { readonly value: string; readonly until: number } | undefined;

  constructor(origin: string, transport: Transport, clock: Clock, credentials?: Credentials) {
    this.origin = origin;
    this.#transport = transport;
    this.#clock = clock;
    this.#credentials = credentials;
  }

  about() {
    return this.#json(aboutResponseSchema, 'GET', '/v1/about');
  }

  register(username: string, link: Uint8Array, invite: string | undefined) {
    const body = { username, link: toBase64url(link), ...(invite === undefined ? {} : { invite }) };
    return this.#json(registerResponseSchema, 'POST', '/v1/accounts', body);
  }

  /** @param name a username, or an account id in base64url. */
  account(name: string, after?: number, signal?: AbortSignal) {
    const query = after === undefined ? '' : `?after=${after}`;
    const path = `/v1/accounts/${encodeURIComponent(name)}${query}`;
    return this.#json(accountResponseSchema, 'GET', path, undefined, { signal });
  }

  appendLink(accountId: Uint8Array, link: Uint8Array) {
    const path = `/v1/accounts/${toBase64url(accountId)}/links`;
    return this.#json(appendLinkResponseSchema, 'POST', path, { link: toBase64url(link) });
  }

  putPrekeys(prekeys: v.InferInput<typeof prekeysRequestSchema>, signal?: AbortSignal) {
    return this.#json(prekeyCountResponseSchema, 'PUT', '/v1/device/prekeys', prekeys, {
      session: true,
      signal,
    });
  }

  prekeyCount(signal?: AbortSignal) {
    return this.#json(prekeyCountResponseSchema, 'GET', '/v1/device/prekeys/count', undefined, {
      session: true,
      signal,
    });
  }

  putCapability(capabilityHash: Uint8Array, signal?: AbortSignal) {
    const body = { capabilityHash: toBase64url(capabilityHash) };
    return this.#json(emptyResponseSchema, 'PUT', '/v1/device/capability', body, { session: true, signal });
  }

  claimBundles(accountId: Uint8Array, signal?: AbortSignal) {
    const path = `/v1/accounts/${toBase64url(accountId)}/bundles`;
    return this.#json(bundlesResponseSchema, 'POST', path, {}, { session: true, signal });
  }

  deliver(
    deviceId: Uint8Array,
    envelopes: readonly { readonly id: Uint8Array; readonly envelope: Uint8Array }[],
    right: DeliveryRight,
    signal?: AbortSignal,
  ) {
    return this.#cbor(
      deliverResponseSchema,
      `/v1/mailboxes/${toBase64url(deviceId)}`,
      [...envelopes],
      right,
      signal,
    );
  }

  async deliverEphemeral(deviceId: Uint8Array, envelope: Uint8Array, right: DeliveryRight): Promise<void> {
    await this.#post(`/v1/mailboxes/${toBase64url(deviceId)}/ephemeral`, { envelope }, right);
  }

  async createGroup(
    group: { readonly id: Uint8Array; readonly accessHash: Uint8Array; readonly welcome: Uint8Array },
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#post('/v1/groups', { ...group }, 'session', signal);
  }

  /** @returns the places of the entries, in their order. */
  async appendMessages(
    group: Uint8Array,
    right: AccessRight,
    epoch: number,
    entries: readonly { readonly id: Uint8Array; readonly entry: Uint8Array }[],
    signal?: AbortSignal,
  ) {
    const path = `/v1/groups/${toBase64url(group)}/messages`;
    const body = { epoch, entries: entries.map(({ id, entry }) => ({ id, entry })) };
    return this.#cbor(groupMessagesResponseSchema, path, body, right, signal);
  }

  appendGroupLink(group: Uint8Array, right: AccessRight, link: GroupLinkRequest, signal?: AbortSignal) {
    const path = `/v1/groups/${toBase64url(group)}/links`;
    return this.#cbor(groupLinkResponseSchema, path, link, right, signal);
  }

  async groupWelcome(
    group: Uint8Array,
    { access }: AccessRight,
    signal?: AbortSignal,
  ): Promise<GroupWelcome> {
    const answer = await this.#send(
      {
        method: 'GET',
        url: `${this.origin}/v1/groups/${toBase64url(group)}/welcome`,
        headers: { accept: cborMediaType, [groupAccessHeader]: toBase64url(access) },
        timeoutMs: requestTimeoutMs,
        maxBytes: maxEventsBytes,
      },
      signal,
    );
    return decodeAnswer(() => decodeCbor(groupWelcomeResponseSchema, answer, maxEventsBytes));
  }

  async groupEphemeral(group: Uint8Array, right: AccessRight, envelope: Uint8Array): Promise<void> {
    await this.#post(`/v1/groups/${toBase64url(group)}/ephemeral`, { envelope }, right);
  }

  /** @param waitSeconds 0 asks for what is there. */
  async groupEvents(
    groups: readonly { readonly id: Uint8Array; readonly access: Uint8Array; readonly after: number }[],
    waitSeconds: number,
    signal: AbortSignal,
  ): Promise<readonly GroupEvents[]> {
    const answer = await this.#send(
      {
        method: 'POST',
        url: `${this.origin}/v1/groups/events?wait=${waitSeconds}`,
        headers: { 'content-type': cborMediaType, accept: cborMediaType },
        body: encodeCbor({ groups: groups.map((group) => ({ ...group })) }),
        timeoutMs: waitSeconds * 1000 + pollGraceMs,
        maxBytes: maxEventsBytes,
      },
      signal,
    );
    return decodeAnswer(() => decodeCbor(groupEventsResponseSchema, answer, maxEventsBytes)).groups;
  }

  /** @param waitSeconds 0 asks for what is there. */
  async events(cursor: string | undefined, waitSeconds: number, signal: AbortSignal): Promise<Events> {
    const query = new URLSearchParams({ wait: String(waitSeconds) });
    if (cursor !== undefined) query.set('after', cursor);
    const answer = await this.#withSession(signal, (bearer) => ({
      method: 'GET',
      url: `${this.origin}/v1/events?${query.toString()}`,
      headers: { authorization: `Bearer ${bearer}`, accept: cborMediaType },
      timeoutMs: waitSeconds * 1000 + pollGraceMs,
      maxBytes: maxEventsBytes,
    }));
    return decodeAnswer(() => decodeCbor(eventsResponseSchema, answer, maxEventsBytes));
  }

  async #cbor<Schema extends v.GenericSchema>(
    schema: Schema,
    path: string,
    body: CborValue,
    right: DeliveryRight | AccessRight,
    signal?: AbortSignal,
  ): Promise<v.InferOutput<Schema>> {
    const answer = await this.#post(path, body, right, signal);
    return decodeAnswer(() => decodeCbor(schema, answer, maxControlBytes));
  }

  /** @returns the answer as it came; that there is one says that it was done. */
  #post(
    path: string,
    body: CborValue,
    right: DeliveryRight | AccessRight,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const build = (credential: Record<string, string>): TransportRequest => ({
      method: 'POST',
      url: this.origin + path,
      headers: { 'content-type': cborMediaType, accept: cborMediaType, ...credential },
      body: encodeCbor(body),
      timeoutMs: requestTimeoutMs,
      maxBytes: maxControlBytes,
    });
    return right === 'session'
      ? this.#withSession(signal, (bearer) => build({ authorization: `Bearer ${bearer}` }))
      : this.#send(build(credentialOf(right)), signal);
  }

  async #json<Schema extends v.GenericSchema>(
    schema: Schema,
    method: TransportRequest['method'],
    path: string,
    body?: unknown,
    options: { session?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<v.InferOutput<Schema>> {
    const build = (credential: Record<string, string>): TransportRequest => ({
      method,
      url: this.origin + path,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...credential,
      },
      ...(body === undefined ? {} : { body: toUtf8(JSON.stringify(body)) }),
      timeoutMs: requestTimeoutMs,
      maxBytes: maxControlBytes,
    });
    const answer = options.session
      ? await this.#withSession(options.signal, (bearer) => build({ authorization: `Bearer ${bearer}` }))
      : await this.#send(build({}), options.signal);
    return decodeAnswer(() => v.parse(schema, JSON.parse(fromUtf8(answer))));
  }

  /** Sends with a bearer; one that the relay no longer takes is renewed once. */
  async #withSession(
    signal: AbortSignal | undefined,
    build: (bearer: string) => TransportRequest,
  ): Promise<Uint8Array> {
    const bearer = await this.#freshBearer(signal);
    try {
      return await this.#send(build(bearer), signal);
    } catch (error) {
      if (!hasCode(error, 'ERR_UNAUTHENTICATED')) throw error;
      if (this.#bearer?.value === bearer) this.#bearer = undefined;
      return this.#send(build(await this.#freshBearer(signal)), signal);
    }
  }

  async #freshBearer(signal: AbortSignal | undefined): Promise<string> {
    if (this.#bearer && this.#bearer.until > this.#clock.now()) return this.#bearer.value;
    const credentials = this.#credentials;
    if (!credentials) throw new TypeError('this request needs an account');
    const accountId = toBase64url(credentials.accountId);
    const deviceId = toBase64url(credentials.deviceId);
    const { challenge } = await this.#json(
      challengeResponseSchema,
      'POST',
      '/v1/challenges',
      { accountId, deviceId },
      { signal },
    );
    const statement = encodeCbor([this.origin, challenge, credentials.accountId, credentials.deviceId]);
    const signature = sign(credentials.signingKey, 'crypt2chat/v1/relay/session', statement);
    const session = await this.#json(
      sessionResponseSchema,
      'POST',
      '/v1/sessions',
      { accountId, deviceId, challenge: toBase64url(challenge), signature: toBase64url(signature) },
      { signal },
    );
    const value = toBase64url(session.bearer);
    this.#bearer = { value, until: this.#clock.now() + session.expiresInSeconds * 1000 - renewBeforeMs };
    return value;
  }

  async #send(request: TransportRequest, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const { status, body, retryAfterSeconds } = await this.#transport.request(request, signal);
    if (status >= 200 && status < 300) return body;
    throw new RelayError(
      codeOf(body) ?? (status >= 500 ? 'ERR_RELAY_FAILED' : 'ERR_RELAY_ANSWER'),
      status,
      restOf(retryAfterSeconds),
    );
  }
}

function credentialOf(right: Exclude<DeliveryRight, 'session'> | AccessRight): Record<string, string> {
  return 'access' in right
    ? { [groupAccessHeader]: toBase64url(right.access) }
    : { [capabilityHeader]: toBase64url(right.capability) };
}

/**
 * Only what a relay may say. Another code would pass for one of our own: for a broken vault, which ends the engine,
 * or for a fork, which ends a conversation.
 */
function codeOf(body: Uint8Array): string | undefined {
  try {
    const { code } = v.parse(errorResponseSchema, JSON.parse(fromUtf8(body)));
    return Object.hasOwn(relayErrors, code) ? code : undefined;
  } catch {
    return undefined;
  }
}

function restOf(seconds: number | undefined): number | undefined {
  return seconds !== undefined && seconds > 0 ? Math.min(seconds * 1000, maxRetryAfterMs) : undefined;
}

function decodeAnswer<T>(decode: () => T): T {
  try {
    return decode();
  } catch {
    throw new CodedError('ERR_RELAY_ANSWER', 'the relay answered something else than it was asked');
  }
}
