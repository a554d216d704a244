/**
 * What the command line can ask of a relay. The same operations run inside the relay, when it asks through the socket
 * in the data folder, and in the command's own process, when it opens the database itself. Arguments and results are
 * JSON: ids are base64url, times milliseconds since 1970.
 */
import * as v from 'valibot';
import { toBase64url } from '@crypt2chat/shared/bytes';
import type { Clock } from '@crypt2chat/shared/clock';
import { accountIdOf } from '../account-name.ts';
import type { Config } from '../config/index.ts';
import { generateInviteCode, inviteHash } from '../invites.ts';
import type { Randomness } from '@crypt2chat/shared/primitives';
import { type Account, type Invite, type Store, tablesAboutNobody, auditedTables } from '../store/index.ts';
import { AdminError } from './admin-error.ts';

/** What the operations work with. */
export interface AdminContext {
  readonly store: Store;
  readonly config: Config;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** The relay in whose process they run, if one runs. */
  readonly running?: { readonly since: number; waitingPolls(): number } | undefined;
}

const dayMs = 24 * 3600 * 1000;
/** How many accounts are given at once. */
export const accountsPerPage = 500;
const sweepLimit = 1000;

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
const named = v.strictObject({ name });
const nothing = v.strictObject({});

function operation<Schema extends v.GenericSchema, Result>(
  schema: Schema,
  run: (context: AdminContext, args: v.InferOutput<Schema>) => Promise<Result>,
) {
  return { schema, run };
}

export const operations = {
  makeInvite: operation(
    v.strictObject({
      uses: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000)),
      days: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(3650)),
      note: v.pipe(v.string(), v.maxLength(200)),
    }),
    async ({ store, clock, randomness, config }, { uses, days, note }) => {
      const code = generateInviteCode(randomness);
      const madeAt = clock.now();
      const expiresAt = madeAt + days * dayMs;
      const codeHash = inviteHash(code)!;
      const number = await store.addInvite({ codeHash, note, madeAt, expiresAt, maxUses: uses });
      return { number, code, uses, expiresAt, note, registration: config.registration };
    },
  ),
  invites: operation(nothing, async ({ store, clock }) => {
    const now = clock.now();
    return (await store.invites()).map((invite) => ({
      number: invite.number,
      state: stateOf(invite, now),
      uses: invite.uses,
      maxUses: invite.maxUses,
      madeAt: invite.madeAt,
      expiresAt: invite.expiresAt,
      note: invite.note,
    }));
  }),
  revokeInvite: operation(v.strictObject({ number: v.number() }), async ({ store }, { number }) => {
    if (!(await store.revokeInvite(number))) throw new AdminError(`There is no invite ${number}.`);
    return { number };
  }),

  accounts: operation(v.strictObject({ after: v.string() }), async ({ store }, { after }) => {
    const found = await store.accounts(after, accountsPerPage);
    return found.map(({ accountId, ...summary }) => ({ accountId: toBase64url(accountId), ...summary }));
  }),
  account: operation(named, async (context, args) => {
    const account = await find(context, args.name);
    const devices = await devicesOf(context, account);
    return { ...describe(account), links: account.links.length, devices };
  }),
  setBlocked: operation(v.strictObject({ name, blocked: v.boolean() }), async (context, args) => {
    const account = await find(context, args.name);
    await context.store.setBlocked(account.accountId, args.blocked);
    return describe({ ...account, blocked: args.blocked });
  }),

  emptyMailboxes: operation(named, async (context, args) => {
    const account = await find(context, args.name);
    return { ...describe(account), deleted: await context.store.emptyMailboxes(account.accountId) };
  }),
  deleteAccount: operation(named, async (context, args) => {
    const account = await find(context, args.name);
    await context.store.deleteAccount(account.accountId);
    return describe(account);
  }),
  forgetOlder: operation(
    v.strictObject({ days: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(3650)) }),
    async ({ store, clock }, { days }) => {
      const now = clock.now();
      const before = await store.stats(now);
      while (await store.sweep({ now, keepFrom: now - days * dayMs, limit: sweepLimit }));
      const after = await store.stats(now);
      return {
        envelopes: before.waiting.envelopes - after.waiting.envelopes,
        bytes: before.waiting.bytes - after.waiting.bytes,
        groupMessages: before.groupMessages - after.groupMessages,
      };
    },
  ),

  stats: operation(nothing, async ({ store, clock, running }) => {
    const now = clock.now();
    const live = running && {
      since: running.since,
      waitingPolls: running.waitingPolls(),
      memory: process.memoryUsage().rss,
    };
    return {
      ...(await store.stats(now)),
      incarnation: toBase64url(store.incarnation),
      running: live ?? null,
    };
  }),
  audit: operation(named, async (context, args) => {
    const account = await find(context, args.name);
    const tables = (await context.store.audit(account.accountId)) ?? [];
    return {
      ...describe(account),
      tables: tables.map(({ table, rows }) => ({
        table,
        words: auditedTables[table]?.words ?? '',
        columns: auditedTables[table]?.columns ?? {},
        rows: rows.map((row) =>
          Object.fromEntries(
            Object.entries(row).map(([column, value]) => [
              column,
              value instanceof Uint8Array ? toBase64url(value) : value,
            ]),
          ),
        ),
      })),
      aboutNobody: tablesAboutNobody,
    };
  }),
  backup: operation(v.strictObject({ file: v.string() }), async ({ store }, { file }) => {
    if (store.backup === undefined) {
      throw new AdminError(
        'The data are in PostgreSQL: back them up with pg_dump, or as your provider does it.',
      );
    }
    return store.backup(file);
  }),
} as const;

export type OperationName = keyof typeof operations;
export type ArgsOf<Name extends OperationName> = v.InferInput<(typeof operations)[Name]['schema']>;
export type ResultOf<Name extends OperationName> = Awaited<ReturnType<(typeof operations)[Name]['run']>>;

/** @param given a name, or an account id in base64url */
async function find({ store }: AdminContext, given: string): Promise<Account> {
  const id = accountIdOf(given);
  const account = id === undefined ? await store.accountByName(given) : await store.accountById(id);
  if (account === undefined) throw new AdminError(`There is no account ${given}.`);
  return account;
}

function describe({ accountId, username, blocked }: Account) {
  return { accountId: toBase64url(accountId), username, blocked };
}

async function devicesOf({ store, clock }: AdminContext, { accountId }: Account) {
  const devices = await store.devicesOf(accountId, clock.now());
  return devices.map(({ deviceId, ...device }) => ({ deviceId: toBase64url(deviceId), ...device }));
}

function stateOf(invite: Invite, now: number): 'good' | 'revoked' | 'used up' | 'over' {
  if (invite.revoked) return 'revoked';
  if (invite.uses >= invite.maxUses) return 'used up';
  return invite.expiresAt > now ? 'good' : 'over';
}
