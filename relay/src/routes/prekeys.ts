import type Router from 'koa-router';
import type * as v from 'valibot';
import { equalBytes, toBase64url, toHex } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { deviceId as toDeviceId, kemHashOf, verifySignedPrekeys } from '@crypt2chat/shared/identity';
import { hash32 } from '@crypt2chat/shared/primitives';
import {
  bundlesRequestSchema,
  type bundlesResponseSchema,
  limits,
  type prekeyCountResponseSchema,
  prekeysRequestSchema,
  routes,
} from '@crypt2chat/shared/wire';
import { readJson } from '../middleware/index.ts';
import { deviceRevoked, Refusal } from '../refusal.ts';
import type { Bundle, Device, NewPrekeys, Prekey } from '../store/index.ts';
import { unknownAccount } from './accounts.ts';
import { deviceOf, idInPath, type Services } from './services.ts';

/** A signed part, 100 one-time prekeys and 20 KEM keys are some 75 KiB of JSON. */
const maxPrekeysBytes = 256 * 1024;
const maxClaimBytes = 64;
/** A device that refills before it knows what was claimed may have twice the usual number. */
const slack = 2;

/** Protocol §4. */
export function addPrekeyRoutes(router: Router, services: Services): void {
  const { store, identities } = services;

  router.put(routes.prekeys, async (ctx) => {
    const device = await deviceOf(ctx, services);
    const request = await readJson(ctx, prekeysRequestSchema, maxPrekeysBytes);
    const account = await store.accountById(device.accountId);
    if (account === undefined) throw unknownAccount();
    const outcome = await store.publishPrekeys(check(device, request, account));
    if (outcome === 'invalid')
      throw invalidPrekeys('Ids must be above all earlier ones, and the keys not too many.');
    if (outcome === 'unknown') throw deviceRevoked();
    ctx.body = outcome satisfies v.InferInput<typeof prekeyCountResponseSchema>;
  });

  router.get(routes.prekeyCount, async (ctx) => {
    const { deviceId } = await deviceOf(ctx, services);
    ctx.set('Cache-Control', 'no-store');
    const count = await store.countPrekeys(deviceId);
    ctx.body = count satisfies v.InferInput<typeof prekeyCountResponseSchema>;
  });

  router.post(routes.bundles, async (ctx) => {
    const claimant = await deviceOf(ctx, services);
    const accountId = idInPath(ctx);
    await readJson(ctx, bundlesRequestSchema, maxClaimBytes);
    const claimantKey = toHex(claimant.accountId);
    services.limits.claims.take(claimantKey);
    services.limits.claimTargets.take(`${claimantKey}>${toHex(accountId)}`);
    const bundles = await store.claimBundles(accountId);
    if (bundles === undefined) throw unknownAccount();
    if (bundles.length === 0)
      throw new Refusal('ERR_NO_PREKEYS', 'No device of this account has published prekeys.');
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { bundles: bundles.map(encodeBundle) } satisfies v.InferInput<typeof bundlesResponseSchema>;
  });

  function check(
    device: Device,
    request: v.InferOutput<typeof prekeysRequestSchema>,
    account: Parameters<typeof identities.of>[0],
  ): NewPrekeys {
    const { signed, signature, oneTimePrekeys, oneTimeKemKeys } = request;
    const prekeys = verifySignedPrekeys(request, identities.of(account), toDeviceId(device.deviceId));
    const signedKeys = [prekeys.signedPrekey, prekeys.sealingKey, prekeys.lastResortKem];
    const ids = [...signedKeys, ...oneTimePrekeys, ...oneTimeKemKeys].map(({ id }) => id);
    if (new Set(ids).size < ids.length) throw invalidPrekeys('An id stands twice.');
    const kems = oneTimeKemKeys.map((kem) => ({ ...kem, hash: kemHashOf(kem.key) }));
    if (!kems.every(({ hash }) => prekeys.oneTimeKemHashes.some((listed) => equalBytes(listed, hash)))) {
      throw invalidPrekeys('A one-time KEM key is not in the signed part.');
    }
    return {
      deviceId: device.deviceId,
      requestHash: hash32(
        'crypt2chat/v1/relay/prekeys',
        encodeCbor([signed, signature, oneTimePrekeys, oneTimeKemKeys]),
      ),
      signed,
      signature,
      signedKeys,
      kemHashes: prekeys.oneTimeKemHashes,
      oneTimePrekeys,
      oneTimeKemKeys: kems,
      maxOneTimePrekeys: slack * limits.oneTimePrekeys,
      maxOneTimeKemKeys: slack * limits.oneTimeKemKeys,
    };
  }
}

function encodeBundle(bundle: Bundle): v.InferInput<typeof bundlesResponseSchema>['bundles'][number] {
  const { oneTimePrekey, oneTimeKem } = bundle;
  return {
    deviceId: toBase64url(bundle.deviceId),
    signed: toBase64url(bundle.signed),
    signature: toBase64url(bundle.signature),
    ...(oneTimePrekey && { oneTimePrekey: encodePrekey(oneTimePrekey) }),
    ...(oneTimeKem && { oneTimeKem: encodePrekey(oneTimeKem) }),
  };
}

function encodePrekey({ id, key }: Prekey): { id: number; key: string } {
  return { id, key: toBase64url(key) };
}

function invalidPrekeys(message: string): Refusal {
  return new Refusal('ERR_PREKEYS_INVALID', message);
}
