import type { Context } from 'koa';
import type Router from 'koa-router';
import * as v from 'valibot';
import { toHex } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { cborMediaType, groupEventsRequestSchema, limits, routes } from '@crypt2chat/shared/wire';
import type { Client } from '../delivery/index.ts';
import { groupAccessHash, readCbor, readQuery, refuseCredentials } from '../middleware/index.ts';
import { Refusal } from '../refusal.ts';
import { deviceOf, type Services } from './services.ts';

/** 256 groups, each with an id, a secret and a place. */
const maxGroupsBodyBytes = 32 * 1024;

const wait = v.optional(
  v.pipe(v.string(), v.regex(/^[0-9]{1,2}$/), v.transform(Number), v.maxValue(limits.pollWaitMaxSeconds)),
  String(limits.pollWaitSeconds),
);
export const mailboxQuery = v.strictObject({ after: v.optional(v.pipe(v.string(), v.maxLength(200))), wait });
export const groupsQuery = v.strictObject({ wait });

/** Long polling: of the device's mailbox, where the cursor acknowledges, and of the logs of groups. */
export function addEventRoutes(router: Router, services: Services): void {
  const { hub, cursors, metrics } = services;

  router.get(routes.events, async (ctx) => {
    const { deviceId } = await deviceOf(ctx, services);
    const { after: cursor, wait: waitSeconds } = readQuery(ctx, mailboxQuery);
    const after = cursor === undefined ? 0 : cursors.parse(deviceId, cursor);
    const { envelopes, ephemeral, more } = await hub.poll({
      deviceId,
      after,
      waitMs: waitSeconds * 1000,
      client: clientOf(ctx),
    });
    metrics?.fetched(envelopes.length);
    const answer = {
      cursor: cursors.encode(deviceId, envelopes.at(-1)?.seq ?? after),
      envelopes: envelopes.map(({ id, envelope }) => ({ id, envelope })),
      ephemeral: [...ephemeral],
      more,
    };
    // `eventsResponseSchema` is what the client reads it with.
    ctx.set('Cache-Control', 'no-store');
    ctx.type = cborMediaType;
    ctx.body = Buffer.from(encodeCbor(answer));
  });

  // By POST, because a query stands in the logs of whatever is between, and these are secrets.
  router.post(routes.groupEvents, async (ctx) => {
    refuseCredentials(ctx);
    const { wait: waitSeconds } = readQuery(ctx, groupsQuery);
    const { groups } = await readCbor(ctx, groupEventsRequestSchema, maxGroupsBodyBytes);
    if (new Set(groups.map(({ id }) => toHex(id))).size < groups.length)
      throw new Refusal('ERR_REQUEST_INVALID', 'A group stands in the request twice.');
    const reads = groups.map(({ id: groupId, access, after }) => ({
      groupId,
      accessHash: groupAccessHash(access),
      after,
    }));
    const found = await hub.pollGroups({ reads, waitMs: waitSeconds * 1000, client: clientOf(ctx) });
    // `groupEventsResponseSchema` is what the client reads it with.
    const answer = {
      groups: found.map(({ groupId: id, entries, ephemeral, ...rest }) => ({
        id,
        entries: entries.map(({ isLink: link, ...entry }) => ({ ...entry, link })),
        ephemeral: [...ephemeral],
        ...rest,
      })),
    };
    ctx.set('Cache-Control', 'no-store');
    ctx.type = cborMediaType;
    ctx.body = Buffer.from(encodeCbor(answer));
  });
}

function clientOf({ req, res }: Context): Client {
  return {
    get isGone() {
      return req.socket.destroyed;
    },
    onGone(listener) {
      res.once('close', listener);
      return () => res.off('close', listener);
    },
  };
}
