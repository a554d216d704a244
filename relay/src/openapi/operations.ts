/**
 * What the relay takes and gives, route by route, by the schemas that check it. The document is made of this table;
 * a test holds it against the router and against real answers.
 */
import type * as v from 'valibot';
import * as wire from '@crypt2chat/shared/wire';
import { groupsQuery, lookupQuery, mailboxQuery } from '../routes/index.ts';

/** What a request has to show; several: one of them. */
export type Credential = 'session' | 'capability' | 'groupAccess';

export interface Body {
  readonly type: 'json' | 'cbor';
  readonly schema: v.GenericSchema;
}

export interface Operation {
  readonly method: 'get' | 'post' | 'put';
  /** As koa-router reads it. */
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  readonly credentials?: readonly Credential[];
  readonly query?: v.GenericSchema;
  readonly request?: Body;
  /** By status; null: an empty body. */
  readonly answers: Readonly<Record<number, Body | null>>;
  /** Beside those of {@link everywhere} and of the credentials. */
  readonly refusals: readonly wire.RelayErrorCode[];
}

/** What every route under /v1 may answer. */
export const everywhere: readonly wire.RelayErrorCode[] = [
  'ERR_RATE_LIMITED',
  'ERR_INTERNAL',
  'ERR_SHUTTING_DOWN',
  'ERR_STORAGE_UNAVAILABLE',
  'ERR_STORAGE_FULL',
];

/** What a credential may be answered with. */
export const ofCredential: Readonly<Record<Credential, readonly wire.RelayErrorCode[]>> = {
  session: ['ERR_UNAUTHENTICATED', 'ERR_DEVICE_REVOKED', 'ERR_ACCOUNT_BLOCKED', 'ERR_REQUEST_INVALID'],
  capability: ['ERR_CAPABILITY_INVALID', 'ERR_REQUEST_INVALID'],
  groupAccess: ['ERR_ACCESS_INVALID', 'ERR_REQUEST_INVALID'],
};

/** What a body may be answered with. */
export const ofBody: readonly wire.RelayErrorCode[] = [
  'ERR_REQUEST_INVALID',
  'ERR_TOO_LARGE',
  'ERR_MEDIA_TYPE',
];

const json = (schema: v.GenericSchema): Body => ({ type: 'json', schema });
const cbor = (schema: v.GenericSchema): Body => ({ type: 'cbor', schema });
const empty = json(wire.emptyResponseSchema);
const emptyCbor = cbor(wire.emptyResponseSchema);
const { routes } = wire;

export const operations: readonly Operation[] = [
  {
    method: 'get',
    path: routes.about,
    name: 'about',
    summary: 'What this relay is, and its limits',
    answers: { 200: json(wire.aboutResponseSchema) },
    refusals: [],
  },
  {
    method: 'post',
    path: routes.accounts,
    name: 'register',
    summary:
      'Register a name with the first link of an identity log; 200 where the same was registered before',
    request: json(wire.registerRequestSchema),
    answers: { 200: json(wire.registerResponseSchema), 201: json(wire.registerResponseSchema) },
    refusals: [
      'ERR_LOG_INVALID',
      'ERR_NEWER_VERSION',
      'ERR_NAME_TAKEN',
      'ERR_REGISTRATION_CLOSED',
      'ERR_INVITE_INVALID',
    ],
  },
  {
    method: 'get',
    path: routes.account,
    name: 'lookUp',
    summary: 'The identity log of a name or an account id, behind `after` where that is given',
    query: lookupQuery,
    answers: { 200: json(wire.accountResponseSchema) },
    refusals: ['ERR_ACCOUNT_UNKNOWN', 'ERR_REQUEST_INVALID'],
  },
  {
    method: 'post',
    path: routes.links,
    name: 'appendLink',
    summary:
      'Append a link to an identity log, which its own signature allows; 200 where it stands there already',
    request: json(wire.appendLinkRequestSchema),
    answers: { 200: json(wire.appendLinkResponseSchema), 201: json(wire.appendLinkResponseSchema) },
    refusals: [
      'ERR_ACCOUNT_UNKNOWN',
      'ERR_ACCOUNT_BLOCKED',
      'ERR_LOG_INVALID',
      'ERR_LOG_CONFLICT',
      'ERR_NEWER_VERSION',
    ],
  },
  {
    method: 'post',
    path: routes.challenges,
    name: 'challenge',
    summary: 'A challenge for a device to sign, good for a minute',
    request: json(wire.challengeRequestSchema),
    answers: { 200: json(wire.challengeResponseSchema) },
    refusals: [],
  },
  {
    method: 'post',
    path: routes.sessions,
    name: 'signIn',
    summary: 'A session of an hour, for the signature under a challenge',
    request: json(wire.sessionRequestSchema),
    answers: { 201: json(wire.sessionResponseSchema) },
    refusals: ['ERR_CHALLENGE_INVALID', 'ERR_UNAUTHENTICATED', 'ERR_DEVICE_REVOKED', 'ERR_ACCOUNT_BLOCKED'],
  },
  {
    method: 'put',
    path: routes.prekeys,
    name: 'publishPrekeys',
    summary: 'Replace the signed prekeys of the device, and add one-time keys',
    credentials: ['session'],
    request: json(wire.prekeysRequestSchema),
    answers: { 200: json(wire.prekeyCountResponseSchema) },
    refusals: [
      'ERR_PREKEYS_INVALID',
      'ERR_ACCOUNT_UNKNOWN',
      'ERR_LOG_INVALID',
      'ERR_LOG_CONFLICT',
      'ERR_NEWER_VERSION',
    ],
  },
  {
    method: 'get',
    path: routes.prekeyCount,
    name: 'countPrekeys',
    summary: 'How many one-time keys of the device are left',
    credentials: ['session'],
    answers: { 200: json(wire.prekeyCountResponseSchema) },
    refusals: [],
  },
  {
    method: 'post',
    path: routes.bundles,
    name: 'claimBundles',
    summary: 'One bundle of prekeys for each device of an account; a one-time key is in one bundle, ever',
    credentials: ['session'],
    request: json(wire.bundlesRequestSchema),
    answers: { 200: json(wire.bundlesResponseSchema) },
    refusals: ['ERR_ACCOUNT_UNKNOWN', 'ERR_NO_PREKEYS'],
  },
  {
    method: 'put',
    path: routes.capability,
    name: 'setCapability',
    summary: 'The hash of the capability that the mailbox of the device takes from now on',
    credentials: ['session'],
    request: json(wire.capabilityRequestSchema),
    answers: { 200: empty },
    refusals: [],
  },
  {
    method: 'post',
    path: routes.mailbox,
    name: 'deliver',
    summary: 'Put sealed envelopes into a mailbox; one result for each, in order',
    credentials: ['capability', 'session'],
    request: cbor(wire.deliverRequestSchema),
    answers: { 200: cbor(wire.deliverResponseSchema) },
    refusals: ['ERR_MAILBOX_UNKNOWN'],
  },
  {
    method: 'post',
    path: routes.ephemeral,
    name: 'deliverEphemeral',
    summary: 'Give an envelope to a poll that waits, or to nobody',
    credentials: ['capability', 'session'],
    request: cbor(wire.ephemeralRequestSchema),
    answers: { 202: null },
    refusals: ['ERR_MAILBOX_UNKNOWN'],
  },
  {
    method: 'get',
    path: routes.events,
    name: 'poll',
    summary:
      'What is in the mailbox of the device behind the cursor, which acknowledges; else what comes within `wait` seconds (0 to 55)',
    credentials: ['session'],
    query: mailboxQuery,
    answers: { 200: cbor(wire.eventsResponseSchema) },
    refusals: ['ERR_CURSOR_INVALID', 'ERR_POLLS_EXHAUSTED'],
  },
  {
    method: 'post',
    path: routes.groups,
    name: 'beginGroup',
    summary: 'Begin the log of a group; 200 where the same was begun before',
    credentials: ['session'],
    request: cbor(wire.createGroupRequestSchema),
    answers: { 200: emptyCbor, 201: emptyCbor },
    refusals: ['ERR_GROUP_EXISTS'],
  },
  {
    method: 'post',
    path: routes.groupMessages,
    name: 'appendMessages',
    summary: 'Append sealed messages to the log of a group: all of them or none',
    credentials: ['groupAccess'],
    request: cbor(wire.groupMessagesRequestSchema),
    answers: { 200: cbor(wire.groupMessagesResponseSchema) },
    refusals: ['ERR_GROUP_UNKNOWN', 'ERR_EPOCH_STALE', 'ERR_GROUP_FULL'],
  },
  {
    method: 'post',
    path: routes.groupLinks,
    name: 'appendGroupLink',
    summary:
      'Append a link to the log of a group, if the epoch and the number of links are those that it names',
    credentials: ['groupAccess'],
    request: cbor(wire.groupLinkRequestSchema),
    answers: { 200: cbor(wire.groupLinkResponseSchema) },
    refusals: ['ERR_GROUP_UNKNOWN', 'ERR_EPOCH_STALE', 'ERR_GROUP_FULL'],
  },
  {
    method: 'get',
    path: routes.groupWelcome,
    name: 'welcome',
    summary: 'Where the epoch of the access secret begins, and what came with the link that opened it',
    credentials: ['groupAccess'],
    answers: { 200: cbor(wire.groupWelcomeResponseSchema) },
    refusals: ['ERR_GROUP_UNKNOWN'],
  },
  {
    method: 'post',
    path: routes.groupEphemeral,
    name: 'passToGroup',
    summary: 'Give an envelope to polls that wait, or to nobody',
    credentials: ['groupAccess'],
    request: cbor(wire.groupEphemeralRequestSchema),
    answers: { 202: null },
    refusals: ['ERR_GROUP_UNKNOWN', 'ERR_EPOCH_STALE'],
  },
  {
    method: 'post',
    path: routes.groupEvents,
    name: 'pollGroups',
    summary:
      'What stands in the logs of several groups behind a place in each; else what comes within `wait` seconds (0 to 55)',
    query: groupsQuery,
    request: cbor(wire.groupEventsRequestSchema),
    answers: { 200: cbor(wire.groupEventsResponseSchema) },
    refusals: ['ERR_POLLS_EXHAUSTED'],
  },
];
