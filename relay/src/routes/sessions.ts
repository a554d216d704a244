import type Router from 'koa-router';
import type * as v from 'valibot';
import { equalBytes, toBase64url } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { generateSigningKeyPair, verify } from '@crypt2chat/shared/primitives';
import {
  challengeRequestSchema,
  type challengeResponseSchema,
  limits,
  routes,
  sessionRequestSchema,
  type sessionResponseSchema,
} from '@crypt2chat/shared/wire';
import { assertActive, bearerHash, readJson } from '../middleware/index.ts';
import { deviceRevoked, Refusal } from '../refusal.ts';
import { Challenges } from './challenges.ts';
import { clientAddress, type Services } from './services.ts';

const maxBodyBytes = 1024;
const bearerBytes = 32;

/** Protocol §10: a challenge, answered by the device's signature, gives a bearer. */
export function addSessionRoutes(router: Router, services: Services): void {
  const { config, store, clock, randomness } = services;
  const challenges = new Challenges(store.secret, clock, randomness);
  // Nobody keeps the private half: a signature by a device that is not there costs what any wrong one costs.
  const nobodysKey = generateSigningKeyPair(randomness).publicKey;

  router.post(routes.challenges, async (ctx) => {
    const { accountId, deviceId } = await readJson(ctx, challengeRequestSchema, maxBodyBytes);
    // Whether there is such a device is not asked: the answer would be the same.
    const challenge = challenges.issue(accountId, deviceId);
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { challenge: toBase64url(challenge) } satisfies v.InferInput<typeof challengeResponseSchema>;
  });

  router.post(routes.sessions, async (ctx) => {
    const request = await readJson(ctx, sessionRequestSchema, maxBodyBytes);
    const { accountId, deviceId, challenge } = request;
    services.limits.signIns.take(clientAddress(ctx, services));
    const challengeExpiresAt = challenges.expiryOf(challenge, accountId, deviceId);
    if (challengeExpiresAt === undefined) throw challengeInvalid();

    const device = await store.device(deviceId);
    const isKnown = device !== undefined && equalBytes(device.accountId, accountId);
    const statement = encodeCbor([config.origin, challenge, accountId, deviceId]);
    const key = isKnown ? device.signKey : nobodysKey;
    const isSigned = verify(key, 'crypt2chat/v1/relay/session', statement, request.signature);
    if (!isKnown || !isSigned)
      throw new Refusal('ERR_UNAUTHENTICATED', 'The device did not sign this challenge.');
    assertActive(device);

    const bearer = randomness.bytes(bearerBytes);
    const outcome = await store.createSession({
      bearerHash: bearerHash(bearer),
      deviceId,
      expiresAt: clock.now() + limits.bearerMs,
      challenge,
      challengeExpiresAt,
    });
    if (outcome === 'challenge-spent') throw challengeInvalid();
    if (outcome === 'unknown') throw deviceRevoked();
    ctx.status = 201;
    ctx.set('Cache-Control', 'no-store');
    ctx.body = {
      bearer: toBase64url(bearer),
      expiresInSeconds: limits.bearerMs / 1000,
    } satisfies v.InferInput<typeof sessionResponseSchema>;
  });
}

function challengeInvalid(): Refusal {
  return new Refusal(
    'ERR_CHALLENGE_INVALID',
    'The challenge is over, spent, or was given to another device.',
  );
}
