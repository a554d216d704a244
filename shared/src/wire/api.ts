/**
 * The relay's control interface: JSON bodies, binary values in base64url. A schema's *input* is what travels, its
 * *output* is what the receiver works with. Paths are in {@link routes}.
 */
import * as v from 'valibot';
import { base64urlOf, base64urlUpTo, uint } from './encoding.ts';
import { limits, usernamePattern } from './limits.ts';

/** Path templates as koa-router reads them. `{name}` is a username or an account id: their shapes differ. */
export const routes = {
  about: '/v1/about',
  openapi: '/v1/openapi.json',
  accounts: '/v1/accounts',
  account: '/v1/accounts/:name',
  links: '/v1/accounts/:id/links',
  bundles: '/v1/accounts/:id/bundles',
  challenges: '/v1/challenges',
  sessions: '/v1/sessions',
  prekeys: '/v1/device/prekeys',
  prekeyCount: '/v1/device/prekeys/count',
  capability: '/v1/device/capability',
  mailbox: '/v1/mailboxes/:id',
  ephemeral: '/v1/mailboxes/:id/ephemeral',
  events: '/v1/events',
  groups: '/v1/groups',
  groupEvents: '/v1/groups/events',
  groupMessages: '/v1/groups/:id/messages',
  groupLinks: '/v1/groups/:id/links',
  groupWelcome: '/v1/groups/:id/welcome',
  groupEphemeral: '/v1/groups/:id/ephemeral',
} as const;

/** The header that carries a delivery capability (32 bytes, base64url). Never together with `Authorization`. */
export const capabilityHeader = 'delivery-capability';

const id = base64urlOf(32);
const link = base64urlUpTo(limits.linkBytes);
const head = v.strictObject({ seq: uint(), hash: base64urlOf(32) });

export const usernameSchema = v.pipe(v.string(), v.regex(usernamePattern));

/** `GET /v1/about`, without credentials. */
export const aboutResponseSchema = v.object({
  name: v.literal('crypt2chat-relay'),
  version: v.pipe(v.string(), v.maxLength(40)),
  api: v.literal(1),
  registration: v.picklist(['open', 'invite', 'closed']),
  retentionDays: uint(3650),
  limits: v.object({
    envelopeBytes: uint(),
    requestBytes: uint(),
    envelopesPerBatch: uint(),
    envelopesPerMailbox: uint(),
    pollWaitMaxSeconds: uint(),
  }),
});

export const inviteSchema = v.pipe(v.string(), v.maxLength(64));

/** `POST /v1/accounts`: 201; 200 when the same link is already registered. */
export const registerRequestSchema = v.strictObject({
  username: usernameSchema,
  link,
  invite: v.exactOptional(inviteSchema),
});
export const registerResponseSchema = v.object({ accountId: id });

/** `GET /v1/accounts/{name or id}?after=SEQ`: the links after `after` (all without it), without credentials. */
export const accountResponseSchema = v.object({
  accountId: id,
  username: usernameSchema,
  links: v.pipe(v.array(link), v.maxLength(limits.linksPerIdentity)),
});

/** `POST /v1/accounts/{id}/links`: 201; 200 when it already stands there. The link's own signature is the credential. */
export const appendLinkRequestSchema = v.strictObject({ link });
export const appendLinkResponseSchema = v.object({ head });

/** `POST /v1/challenges` */
export const challengeRequestSchema = v.strictObject({ accountId: id, deviceId: id });
export const challengeResponseSchema = v.object({ challenge: base64urlOf(32) });

/** `POST /v1/sessions`: protocol §10. The answer's bearer goes as `Authorization: Bearer …` (base64url). */
export const sessionRequestSchema = v.strictObject({
  accountId: id,
  deviceId: id,
  challenge: base64urlOf(32),
  signature: base64urlOf(114),
});
export const sessionResponseSchema = v.object({ bearer: base64urlOf(32), expiresInSeconds: uint() });

const oneTimePrekey = v.strictObject({ id: uint(), key: base64urlOf(56) });
const oneTimeKem = v.strictObject({ id: uint(), key: base64urlOf(1568) });
const signedPrekeys = base64urlUpTo(16 * 1024);

/** `PUT /v1/device/prekeys`: replaces the signed part, adds to the one-time keys. Ids must exceed all earlier ones. */
export const prekeysRequestSchema = v.strictObject({
  signed: signedPrekeys,
  signature: base64urlOf(114),
  oneTimePrekeys: v.pipe(v.array(oneTimePrekey), v.maxLength(limits.oneTimePrekeys)),
  oneTimeKemKeys: v.pipe(v.array(oneTimeKem), v.maxLength(limits.oneTimeKemKeys)),
});

/** `GET /v1/device/prekeys/count` and the answer to `PUT /v1/device/prekeys`. */
export const prekeyCountResponseSchema = v.object({ oneTimePrekeys: uint(), oneTimeKemKeys: uint() });

/** `POST /v1/accounts/{id}/bundles`, body `{}`: one bundle for each active device that has prekeys. */
export const bundlesRequestSchema = v.strictObject({});
export const bundleSchema = v.object({
  deviceId: id,
  signed: signedPrekeys,
  signature: base64urlOf(114),
  oneTimePrekey: v.exactOptional(oneTimePrekey),
  oneTimeKem: v.exactOptional(oneTimeKem),
});
export const bundlesResponseSchema = v.object({
  bundles: v.pipe(v.array(bundleSchema), v.maxLength(limits.devicesPerAccount)),
});

/** `PUT /v1/device/capability`: the hash that the mailbox checks from now on. */
export const capabilityRequestSchema = v.strictObject({ capabilityHash: base64urlOf(32) });

/** Answers that say nothing but yes. */
export const emptyResponseSchema = v.object({});
