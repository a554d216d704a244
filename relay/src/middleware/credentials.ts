/** Who asks: the bearer of a session, the capability of a mailbox or the access secret of a group, and never two. */
import type { Context } from 'koa';
import { fromBase64url } from '@crypt2chat/shared/bytes';
import { hash32 } from '@crypt2chat/shared/primitives';
import { capabilityHeader, groupAccessHeader } from '@crypt2chat/shared/wire';
import type { Clock } from '@crypt2chat/shared/clock';
import { accountBlocked, deviceRevoked, Refusal } from '../refusal.ts';
import type { Device, Store } from '../store/index.ts';

const secretBytes = 32;
const bearerHeader = 'authorization';
const credentialHeaders = [bearerHeader, capabilityHeader, groupAccessHeader];

export function bearerHash(bearer: Uint8Array): Uint8Array {
  return hash32('crypt2chat/v1/relay/bearer', bearer);
}

/**
 * The device behind the request's bearer, as it stands now: a device that was revoked a moment ago is refused. The
 * bearer is found by its hash, so that the time of the search says nothing about it.
 * @throws Refusal `ERR_UNAUTHENTICATED`, `ERR_DEVICE_REVOKED`, `ERR_ACCOUNT_BLOCKED`; `ERR_REQUEST_INVALID` with
 * another credential beside it.
 */
export async function authenticate(ctx: Context, store: Store, clock: Clock): Promise<Device> {
  requireAlone(ctx, bearerHeader);
  const [scheme, token, ...rest] = ctx.get(bearerHeader).split(' ');
  const bearer = decodeSecret(token);
  if (scheme?.toLowerCase() !== 'bearer' || bearer === undefined || rest.length > 0) throw unauthenticated();
  const device = await store.session(bearerHash(bearer), clock.now());
  if (device === undefined) throw unauthenticated();
  assertActive(device);
  return device;
}

/** @throws Refusal `ERR_DEVICE_REVOKED`, `ERR_ACCOUNT_BLOCKED`. */
export function assertActive(device: Device): void {
  if (device.revoked) throw deviceRevoked();
  if (device.blocked) throw accountBlocked();
}

/**
 * The hash of the capability that the request carries; undefined where it carries none.
 * @throws Refusal `ERR_CAPABILITY_INVALID`; `ERR_REQUEST_INVALID` with another credential beside it.
 */
export function capabilityHashOf(ctx: Context): Uint8Array | undefined {
  const header = ctx.get(capabilityHeader);
  if (header === '') return undefined;
  requireAlone(ctx, capabilityHeader);
  const capability = decodeSecret(header);
  if (capability === undefined) throw invalidCapability();
  return hash32('crypt2chat/v1/capability', capability);
}

export function invalidCapability(): Refusal {
  return new Refusal('ERR_CAPABILITY_INVALID', 'The mailbox does not take this capability.');
}

/**
 * The hash of the access secret that the request carries. Like a bearer, it is looked for by its hash.
 * @throws Refusal `ERR_ACCESS_INVALID`; `ERR_REQUEST_INVALID` with another credential beside it.
 */
export function groupAccessHashOf(ctx: Context): Uint8Array {
  requireAlone(ctx, groupAccessHeader);
  const access = decodeSecret(ctx.get(groupAccessHeader));
  if (access === undefined) throw invalidGroupAccess();
  return groupAccessHash(access);
}

/** What the relay keeps of an access secret of 32 bytes. */
export function groupAccessHash(access: Uint8Array): Uint8Array {
  return hash32('crypt2chat/v1/group/access', access);
}

/** For requests that carry their secrets in the body. @throws Refusal `ERR_REQUEST_INVALID`. */
export function refuseCredentials(ctx: Context): void {
  requireAlone(ctx, 'none');
}

export function invalidGroupAccess(): Refusal {
  return new Refusal('ERR_ACCESS_INVALID', 'The group does not take this access secret.');
}

/** @throws Refusal `ERR_REQUEST_INVALID` where a credential stands in another header than `own`. */
function requireAlone(ctx: Context, own: string): void {
  if (credentialHeaders.some((header) => header !== own && ctx.get(header) !== ''))
    throw new Refusal('ERR_REQUEST_INVALID', 'A request carries one credential, not two.');
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
