import type { Context } from 'koa';
import type Router from 'koa-router';
import type * as v from 'valibot';
import { toHex } from '@crypt2chat/shared/bytes';
import { encodeCbor, type CborValue } from '@crypt2chat/shared/cbor';
import {
  cborMediaType,
  createGroupRequestSchema,
  groupEphemeralRequestSchema,
  groupLinkRequestSchema,
  type groupLinkResponseSchema,
  groupMessagesRequestSchema,
  type groupMessagesResponseSchema,
  type groupWelcomeResponseSchema,
  limits,
  routes,
} from '@crypt2chat/shared/wire';
import { groupAccessHashOf, invalidGroupAccess, readCbor } from '../middleware/index.ts';
import { Refusal } from '../refusal.ts';
import type { GroupAccess } from '../store/index.ts';
import { deviceOf, idInPath, type RouteContext, type Services } from './services.ts';

/** What stands around the one large value of a request. */
const frameBytes = 256;

/**
 * The logs of groups (protocol §12). Who begins one shows a session; everybody else shows an epoch's access secret
 * and nothing that names them.
 */
export function addGroupRoutes(router: Router, services: Services): void {
  const { config, store, arrivals, metrics } = services;

  router.post(routes.groups, async (ctx) => {
    const { accountId } = await deviceOf(ctx, services);
    services.limits.newGroups.take(toHex(accountId));
    const group = await readCbor(ctx, createGroupRequestSchema, limits.groupWelcomeBytes + frameBytes);
    const { id: groupId, accessHash, welcome } = group;
    const outcome = await store.createGroup({ groupId, accessHash, welcome, at: arrivals.now() });
    if (outcome === 'taken') throw new Refusal('ERR_GROUP_EXISTS', 'There is another group with this id.');
    answer(ctx, {});
    ctx.status = outcome === 'created' ? 201 : 200;
  });

  router.post(routes.groupMessages, async (ctx) => {
    const access = await accessOf(ctx);
    const { epoch, entries } = await readCbor(ctx, groupMessagesRequestSchema, limits.requestBytes);
    const outcome = await store.appendGroupMessages({
      ...access,
      epoch,
      entries,
      at: arrivals.now(),
      maxMessages: config.entriesPerGroup,
      maxBytes: config.bytesPerGroup,
    });
    if (typeof outcome === 'string') throw refusalOf(outcome);
    metrics?.appended('message', outcome.length);
    answer(ctx, { places: [...outcome] } satisfies v.InferInput<typeof groupMessagesResponseSchema>);
  });

  router.post(routes.groupLinks, async (ctx) => {
    const access = await accessOf(ctx);
    const link = await readCbor(ctx, groupLinkRequestSchema, limits.requestBytes);
    const outcome = await store.appendGroupLink({
      ...access,
      ...link,
      at: arrivals.now(),
      maxLinks: config.entriesPerGroup,
      maxBytes: config.bytesPerGroup,
    });
    if (typeof outcome === 'string') throw refusalOf(outcome);
    metrics?.appended('link', 1);
    answer(ctx, { place: outcome } satisfies v.InferInput<typeof groupLinkResponseSchema>);
  });

  router.get(routes.groupWelcome, async (ctx) => {
    const outcome = await store.groupWelcome(await accessOf(ctx));
    if (typeof outcome === 'string') throw refusalOf(outcome);
    const { welcome, ...where } = outcome;
    ctx.set('Cache-Control', 'no-store');
    answer(ctx, { ...where, ...(welcome && { welcome }) } satisfies v.InferInput<
      typeof groupWelcomeResponseSchema
    >);
  });

  router.post(routes.groupEphemeral, async (ctx) => {
    const access = await accessOf(ctx);
    const maxBytes = limits.ephemeralBytes + frameBytes;
    const { envelope } = await readCbor(ctx, groupEphemeralRequestSchema, maxBytes);
    const outcome = await store.passToGroup(access, envelope);
    if (outcome !== 'passed') throw refusalOf(outcome);
    // Koa makes 204 of an empty body; the last word has the status.
    ctx.body = null;
    ctx.status = 202;
  });

  /** The right to read or write, told before the body is read, and within the rate of all who have it. */
  async function accessOf(ctx: RouteContext): Promise<GroupAccess> {
    const access = { groupId: idInPath(ctx), accessHash: groupAccessHashOf(ctx) };
    const right = await store.groupAccess(access);
    if (right === 'unknown' || right === 'denied') throw refusalOf(right);
    services.limits.groups.take(toHex(access.groupId) + toHex(access.accessHash));
    return access;
  }
}

function answer(ctx: Context, body: CborValue): void {
  ctx.type = cborMediaType;
  ctx.body = Buffer.from(encodeCbor(body));
}

function refusalOf(outcome: 'unknown' | 'denied' | 'stale' | 'full' | 'spent'): Refusal {
  switch (outcome) {
    case 'unknown':
      return new Refusal('ERR_GROUP_UNKNOWN', 'There is no such group.');
    case 'denied':
      return invalidGroupAccess();
    case 'stale':
      return new Refusal('ERR_EPOCH_STALE', 'The group has moved on.');
    case 'full':
      return new Refusal('ERR_GROUP_FULL', 'The group has no room for more.');
    case 'spent':
      return new Refusal('ERR_REQUEST_INVALID', 'The group has had this access secret before.');
  }
}
