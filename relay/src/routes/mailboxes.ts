import type { Context } from 'koa';
import type Router from 'koa-router';
import { equalBytes } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import {
  capabilityRequestSchema,
  cborMediaType,
  deliverRequestSchema,
  ephemeralRequestSchema,
  limits,
  routes,
} from '@crypt2chat/shared/wire';
import { capabilityHashOf, invalidCapability, readCbor, readJson } from '../middleware/index.ts';
import { Refusal } from '../refusal.ts';
import { deviceOf, idInPath, type Services } from './services.ts';

const maxCapabilityBodyBytes = 256;
/** The frame around an ephemeral envelope. */
const frameBytes = 64;
/** For who has no capability yet: compared in its place, so that both take the same time. */
const noCapability = new Uint8Array(32);

/** Protocol §9: the path of a message. Parse, check the right, append, answer when it is durable. */
export function addMailboxRoutes(router: Router, services: Services): void {
  const { config, store, arrivals, metrics } = services;

  router.post(routes.mailbox, async (ctx) => {
    const deviceId = idInPath(ctx);
    await checkRight(ctx, deviceId);
    const envelopes = await readCbor(ctx, deliverRequestSchema, limits.requestBytes);
    const results = await store.deliver({
      deviceId,
      envelopes,
      at: arrivals.now(),
      maxWaiting: config.envelopesPerMailbox,
      maxAccountBytes: config.bytesPerAccount,
    });
    if (results === undefined) throw unknownMailbox();
    metrics?.delivered(results);
    ctx.type = cborMediaType;
    ctx.body = Buffer.from(encodeCbor({ results }));
  });

  router.post(routes.ephemeral, async (ctx) => {
    const deviceId = idInPath(ctx);
    await checkRight(ctx, deviceId);
    const { envelope } = await readCbor(ctx, ephemeralRequestSchema, limits.ephemeralBytes + frameBytes);
    await store.pass(deviceId, envelope);
    ctx.status = 202;
    ctx.body = null;
    ctx.status = 202;
  });

  router.put(routes.capability, async (ctx) => {
    const { deviceId } = await deviceOf(ctx, services);
    const { capabilityHash } = await readJson(ctx, capabilityRequestSchema, maxCapabilityBodyBytes);
    await store.setCapability(deviceId, capabilityHash);
    ctx.body = {};
  });

  /** A capability that the mailbox takes or, for a first contact, a session of whatever account. */
  async function checkRight(ctx: Context, deviceId: Uint8Array): Promise<void> {
    const capabilityHash = capabilityHashOf(ctx);
    if (capabilityHash === undefined) await deviceOf(ctx, services);
    const mailbox = await store.mailbox(deviceId);
    if (mailbox === undefined) throw unknownMailbox();
    if (capabilityHash === undefined) return;
    const isRight = equalBytes(capabilityHash, mailbox.capabilityHash ?? noCapability);
    if (!isRight || mailbox.capabilityHash === null) throw invalidCapability();
  }
}

function unknownMailbox(): Refusal {
  return new Refusal('ERR_MAILBOX_UNKNOWN', 'There is no such mailbox.');
}
