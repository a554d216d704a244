import type { Context } from 'koa';
import type Router from 'koa-router';
import * as v from 'valibot';
import { equalBytes, toBase64url } from '@crypt2chat/shared/bytes';
import { extendIdentity, type Identity, verifyIdentity } from '@crypt2chat/shared/identity';
import {
  type accountResponseSchema,
  appendLinkRequestSchema,
  type appendLinkResponseSchema,
  registerRequestSchema,
  type registerResponseSchema,
  routes,
  usernameSchema,
} from '@crypt2chat/shared/wire';
import { accountIdOf } from '../account-name.ts';
import { inviteHash } from '../invites.ts';
import { parseValue, readJson, readQuery } from '../middleware/index.ts';
import { accountBlocked, Refusal } from '../refusal.ts';
import type { Account, DeviceKeys } from '../store/index.ts';
import { clientAddress, idInPath, type Services } from './services.ts';

/** A link in base64url, and what stands around it. */
const maxBodyBytes = 4096;
const inviteHashBytes = 32;

export const lookupQuery = v.strictObject({
  after: v.optional(v.pipe(v.string(), v.regex(/^[0-9]{1,4}$/), v.transform(Number))),
});
const nameParams = v.object({ name: v.pipe(v.string(), v.maxLength(64)) });

export function addAccountRoutes(router: Router, services: Services): void {
  const { config, store, identities, clock } = services;

  router.post(routes.accounts, async (ctx) => {
    const { username, link, invite } = await readJson(ctx, registerRequestSchema, maxBodyBytes);
    services.limits.registrations.take(clientAddress(ctx, services));
    const identity = verifyIdentity([link]);
    if (identity.username !== username) throw new Refusal('ERR_LOG_INVALID', 'The link has another name.');
    if (identity.relay !== config.origin)
      throw new Refusal('ERR_LOG_INVALID', 'The link is for another relay.');
    const { accountId } = identity;
    if (config.registration === 'closed' && (await store.accountById(accountId)) === undefined) {
      throw new Refusal('ERR_REGISTRATION_CLOSED', 'This relay takes no new accounts.');
    }
    const outcome = await store.register(
      { accountId, username, link, devices: devicesOf(identity) },
      config.registration === 'invite' ? { codeHash: codeHashOf(invite), at: clock.now() } : undefined,
    );
    switch (outcome) {
      case 'invite-invalid':
        throw new Refusal('ERR_INVITE_INVALID', 'This invite code lets nobody in.');
      case 'name-taken':
        throw new Refusal('ERR_NAME_TAKEN', 'The name is taken.');
      case 'device-taken':
        throw deviceTaken();
      case 'created':
      case 'exists':
        ctx.status = outcome === 'created' ? 201 : 200;
        ctx.body = { accountId: toBase64url(accountId) } satisfies v.InferInput<
          typeof registerResponseSchema
        >;
    }
  });

  router.get(routes.account, async (ctx) => {
    const { name } = parseValue(nameParams, ctx.params);
    const { after } = readQuery(ctx, lookupQuery);
    const account = await findAccount(ctx, name);
    ctx.set('Cache-Control', 'no-store');
    ctx.body = {
      accountId: toBase64url(account.accountId),
      username: account.username,
      links: account.links.slice(after === undefined ? 0 : after + 1).map(toBase64url),
    } satisfies v.InferInput<typeof accountResponseSchema>;
  });

  router.post(routes.links, async (ctx) => {
    const accountId = idInPath(ctx);
    const { link } = await readJson(ctx, appendLinkRequestSchema, maxBodyBytes);
    services.limits.signIns.take(clientAddress(ctx, services));
    const account = await store.accountById(accountId);
    if (account === undefined) throw unknownAccount();
    if (account.blocked) throw accountBlocked();
    const known = identities.of(account);
    const there = account.links.findIndex((stored) => equalBytes(stored, link));
    if (there >= 0) {
      ctx.body = headBody(there, known.hashAt(there)!);
      return;
    }
    const identity = extendIdentity(known, [link]);
    const { seq, hash } = identity.head;
    // The same link with other signatures: it is the one that stands there, as far as anybody can tell.
    const outcome =
      identity === known
        ? 'exists'
        : await store.appendLink({ accountId, seq, link, devices: devicesOf(identity) });
    switch (outcome) {
      case 'conflict':
        throw new Refusal('ERR_LOG_CONFLICT', 'Another link stands at this place.');
      case 'device-taken':
        throw deviceTaken();
      case 'unknown':
        throw unknownAccount();
      case 'appended':
      case 'exists':
        ctx.status = outcome === 'appended' ? 201 : 200;
        ctx.body = headBody(seq, hash);
    }
  });

  async function findAccount(ctx: Context, name: string): Promise<Account> {
    const id = accountIdOf(name);
    const username = id === undefined ? parseValue(usernameSchema, name) : '';
    if (id === undefined) services.limits.nameLookups.take(clientAddress(ctx, services));
    const account = id === undefined ? await store.accountByName(username) : await store.accountById(id);
    if (account === undefined) throw unknownAccount();
    return account;
  }
}

/** What is no code is the hash of none. */
function codeHashOf(invite: string | undefined): Uint8Array {
  return inviteHash(invite ?? '') ?? new Uint8Array(inviteHashBytes);
}

function devicesOf(identity: Identity): DeviceKeys[] {
  return identity.devices.map(({ id, keys }) => ({ deviceId: id, signKey: keys.sign }));
}

function headBody(seq: number, hash: Uint8Array): v.InferInput<typeof appendLinkResponseSchema> {
  return { head: { seq, hash: toBase64url(hash) } };
}

function deviceTaken(): Refusal {
  return new Refusal('ERR_LOG_INVALID', 'The device belongs to another account.');
}

export function unknownAccount(): Refusal {
  return new Refusal('ERR_ACCOUNT_UNKNOWN', 'There is no such account.');
}
