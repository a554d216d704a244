import type { Context } from 'koa';
import type Router from 'koa-router';
import * as v from 'valibot';
import { toHex } from '@crypt2chat/shared/bytes';
import type { Randomness } from '@crypt2chat/shared/primitives';
import { base64urlOf } from '@crypt2chat/shared/wire';
import type { Clock } from '@crypt2chat/shared/clock';
import type { Arrivals } from '../arrivals.ts';
import type { Config } from '../config/index.ts';
import type { Cursors, DeliveryHub } from '../delivery/index.ts';
import type { Identities } from '../identities.ts';
import type { Metrics } from '../metrics/index.ts';
import { addressOf, authenticate, parseValue, RateLimit } from '../middleware/index.ts';
import type { Device, Store } from '../store/index.ts';

/** What the routes work with. */
export interface Services {
  readonly config: Config & { readonly origin: string };
  readonly store: Store;
  readonly hub: DeliveryHub;
  readonly cursors: Cursors;
  readonly identities: Identities;
  readonly clock: Clock;
  /** The time to store what arrives with. */
  readonly arrivals: Arrivals;
  readonly randomness: Randomness;
  readonly limits: RateLimits;
  /** Undefined where nobody wants figures. */
  readonly metrics: Metrics | undefined;
  /** Of the program, for `/v1/about`. */
  readonly version: string;
  isStopping(): boolean;
}

export interface RateLimits {
  readonly addresses: RateLimit;
  readonly accounts: RateLimit;
  readonly signIns: RateLimit;
  readonly registrations: RateLimit;
  readonly nameLookups: RateLimit;
  readonly claims: RateLimit;
  readonly claimTargets: RateLimit;
  readonly newGroups: RateLimit;
  readonly groups: RateLimit;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export function createRateLimits(clock: Clock, rates: Config['rates']): RateLimits {
  return {
    addresses: new RateLimit(clock, rates.requestsPerMinutePerAddress, minuteMs),
    accounts: new RateLimit(clock, rates.requestsPerMinutePerAccount, minuteMs),
    signIns: new RateLimit(clock, rates.signInsPerMinutePerAddress, minuteMs),
    registrations: new RateLimit(clock, rates.registrationsPerHourPerAddress, hourMs),
    nameLookups: new RateLimit(clock, rates.nameLookupsPerHourPerAddress, hourMs),
    claims: new RateLimit(clock, rates.claimsPerHourPerAccount, hourMs),
    claimTargets: new RateLimit(clock, rates.claimsPerHourPerTarget, hourMs),
    newGroups: new RateLimit(clock, rates.groupsPerHourPerAccount, hourMs),
    groups: new RateLimit(clock, rates.requestsPerMinutePerGroup, minuteMs),
  };
}

export type RouteContext = Context & Router.RouterContext;

const idSchema = base64urlOf(32);
const paramsSchema = v.object({ id: idSchema });

/** The 32-byte id in the path. @throws Refusal `ERR_REQUEST_INVALID`. */
export function idInPath(ctx: RouteContext): Uint8Array {
  return parseValue(paramsSchema, ctx.params).id;
}

/** The device that asks, within its account's rate. */
export async function deviceOf(ctx: Context, { store, clock, limits }: Services): Promise<Device> {
  const device = await authenticate(ctx, store, clock);
  limits.accounts.take(toHex(device.accountId));
  return device;
}

export function clientAddress(ctx: Context, { config }: Services): string {
  return addressOf(ctx, config.trustedProxies);
}
