import type Router from 'koa-router';
import type * as v from 'valibot';
import { type aboutResponseSchema, limits, routes } from '@crypt2chat/shared/wire';
import { Refusal } from '../refusal.ts';
import type { Services } from './services.ts';

/** What the relay says of itself: to clients, and to what watches over it. */
export function addStatusRoutes(router: Router, services: Services): void {
  const { config, store, version, metrics } = services;

  router.get(routes.about, (ctx) => {
    ctx.body = {
      name: 'crypt2chat-relay',
      version,
      api: 1,
      registration: config.registration,
      retentionDays: config.retentionDays,
      limits: {
        envelopeBytes: limits.envelopeBytes,
        requestBytes: limits.requestBytes,
        envelopesPerBatch: limits.envelopesPerBatch,
        envelopesPerMailbox: config.envelopesPerMailbox,
        pollWaitMaxSeconds: limits.pollWaitMaxSeconds,
      },
    } satisfies v.InferInput<typeof aboutResponseSchema>;
  });

  if (config.metrics === 'on') {
    router.get('/metrics', async (ctx) => {
      const { type, text } = await metrics!.exposition();
      ctx.set('Content-Type', type);
      ctx.body = text;
    });
  }

  /** Alive: the process answers. */
  router.get('/healthz', (ctx) => {
    ctx.body = {};
  });

  /** Ready: the store answers, and the relay is not about to stop. */
  router.get('/readyz', async (ctx) => {
    if (services.isStopping()) throw new Refusal('ERR_SHUTTING_DOWN', 'The relay is about to stop.');
    await store.ping();
    ctx.body = {};
  });
}
