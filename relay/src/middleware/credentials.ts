/** Who asks: the bearer of a session, or the capability of a mailbox, and never both. */
import type { Context } from 'koa';
import { fromBase64url } from '@crypt2chat/shared/bytes';
import { hash32 } from '@crypt2chat/shared/primitives';
import { capabilityHeader } from '@crypt2chat/shared/wire';
import type { Clock } from '@crypt2chat/shared/clock';
import { Refusal } from '../refusal.ts';
import type { Device, Store } from '../store/index.ts';

const secretBytes = 32;

export function bearerHash(bearer: Uint8Array): Uint8Array {
  return hash32('crypt2chat/v1/relay/bearer', bearer);
}

/**
 * The device behind the request's bearer, as it stands now: a device that was revoked a moment ago is refused. The
 * bearer is found by its hash, so that the time of the search says nothing about it.
 * @throws Refusal `ERR_UNAUTHENTICATED`, `ERR_DEVICE_REVOKED`; `ERR_REQUEST_INVALID` with a capability beside it.
 */
export async function authenticate(ctx: Context, store: Store, clock: Clock): Promise<Device> {
  if (ctx.get(capabilityHeader) !== '') throw bothCredentials();
  const [scheme, token, ...rest] = ctx.get('Authorization').split(' ');
  const bearer = decodeSecret(token);
  if (scheme?.toLowerCase() !== 'bearer' || bearer === undefined || rest.length > 0) throw unauthenticated();
  const device = await store.session(bearerHash(bearer), clock.now());
  if (device === undefined) throw unauthenticated();
  if (device.revoked) throw new Refusal('ERR_DEVICE_REVOKED', 'This device has been revoked.');
  return device;
}

/**
 * The hash of the capability that the request carries; undefined where it carries none.
 * @throws Refusal `ERR_CAPABILITY_INVALID`; `ERR_REQUEST_INVALID` with a bearer beside it.
 */
export function capabilityHashOf(ctx: Context): Uint8Array | undefined {
  const header = ctx.get(capabilityHeader);
  if (header === '') return undefined;
  if (ctx.get('Authorization') !== '') throw bothCredentials();
  const capability = decodeSecret(header);
  if (capability === undefined) throw invalidCapability();
  return hash32('crypt2chat/v1/capability', capability);
}

export function invalidCapability(): Refusal {
  return new Refusal('ERR_CAPABILITY_INVALID', 'The mailbox does not take this capability.');
}

function decodeSecret(text: string | undefined): Uint8Array | undefined {
  try {
    const bytes = fromBase64url(text ?? '');
    return bytes.length === secretBytes ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function unauthenticated(): Refusal {
  return new Refusal('ERR_UNAUTHENTICATED', 'This request needs a session.');
}

function bothCredentials(): Refusal {
  return new Refusal('ERR_REQUEST_INVALID', 'A request carries a capability or a bearer, not both.');
}
