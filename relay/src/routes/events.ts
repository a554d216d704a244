import type { Context } from 'koa';
import type Router from 'koa-router';
import * as v from 'valibot';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { cborMediaType, limits, routes } from '@crypt2chat/shared/wire';
import { readQuery } from '../middleware/index.ts';
import { deviceOf, type Services } from './services.ts';

const querySchema = v.strictObject({
  after: v.optional(v.pipe(v.string(), v.maxLength(200))),
  wait: v.optional(
    v.pipe(v.string(), v.regex(/^[0-9]{1,2}$/), v.transform(Number), v.maxValue(limits.pollWaitMaxSeconds)),
    String(limits.pollWaitSeconds),
  ),
});

/** The device's mailbox by long polling; the cursor acknowledges. */
export function addEventRoutes(router: Router, services: Services): void {
  const { hub, cursors } = services;

  router.get(routes.events, async (ctx) => {
    const { deviceId } = await deviceOf(ctx, services);
    const { after: cursor, wait } = readQuery(ctx, querySchema);
    const after = cursor === undefined ? 0 : cursors.parse(deviceId, cursor);
    const { envelopes, ephemeral, more } = await hub.poll({
      deviceId,
      after,
      waitMs: wait * 1000,
      gone: goneSignal(ctx),
    });
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
}

function goneSignal(ctx: Context): AbortSignal {
  const controller = new AbortController();
  if (ctx.req.socket.destroyed) controller.abort();
  ctx.res.once('close', () => controller.abort());
  return controller.signal;
}
