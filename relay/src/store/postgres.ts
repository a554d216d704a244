import type { Clock } from '@crypt2chat/shared/clock';
import { toHex } from '@crypt2chat/shared/bytes';
import type { Randomness } from '@crypt2chat/shared/primitives';
import type { Log } from '../log.ts';
import type {
  GroupAccess,
  GroupRead,
  GroupReadLimits,
  NewGroup,
  NewGroupLink,
  NewGroupMessages,
} from './group-store.ts';
import type { InviteUse, NewInvite } from './operator-store.ts';
import * as accounts from './postgres-accounts.ts';
import { Connections, statement } from './postgres-connections.ts';
import { failureOf } from './postgres-failures.ts';
import * as groupReaders from './postgres-group-readers.ts';
import * as groups from './postgres-groups.ts';
import * as invites from './postgres-invites.ts';
import { Listening } from './postgres-listening.ts';
import * as mailboxes from './postgres-mailboxes.ts';
import { Notices } from './postgres-notices.ts';
import * as operator from './postgres-operator.ts';
import * as prekeys from './postgres-prekeys.ts';
import { countRelays, enter, enterAlone } from './postgres-presence.ts';
import { type Meta, prepareSchema } from './postgres-schema.ts';
import { sweep } from './postgres-sweep.ts';
import { Traffic } from './postgres-traffic.ts';
import type { Row } from './postgres-values.ts';
import type { Delivery, NewAccount, NewLink, NewPrekeys, NewSession, Store, StoreListener } from './store.ts';

const againMs = 1000;
const one = statement('one', 'SELECT 1');
/** Found at the end of the indexes by age. */
const newest = statement(
  'newest',
  `SELECT greatest(
     (SELECT max(seen_at) FROM envelope_ids),
     (SELECT max(came_at) FROM group_entries WHERE NOT is_link)
   ) AS newest`,
);

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?…` */
  readonly url: string;
  /** So many connections, and one more that listens. */
  readonly maxConnections: number;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  /** A relay hears of what other processes do, and counts as one; a command does not. */
  readonly isRelay: boolean;
  /** The data have begun a new life, which only a new start can take part in: end the process. */
  readonly onFatal: (error: unknown) => void;
}

/**
 * The store in PostgreSQL, for any number of processes. What comes together to this process goes into one statement,
 * and waiting polls of all processes hear of it.
 *
 * While the server does not answer, everything is refused with `ERR_STORAGE_UNAVAILABLE`, also what was under way, of
 * which nobody knows then whether it was done. It goes on by itself when the server is back. A relay that cannot
 * listen refuses likewise: it would neither hear the others nor be counted.
 */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const meta = await prepareSchema(options);
  const store = new PostgresStore(options, meta);
  try {
    await store.open();
  } catch (error) {
    await store.close();
    throw failureOf(error);
  }
  return store;
}

class PostgresStore implements Store {
  readonly secret: Uint8Array;
  readonly incarnation: Uint8Array;
  readonly #options: PostgresOptions;
  readonly #connections: Connections;
  readonly #notices: Notices;
  readonly #listeners = new Set<Partial<StoreListener>>();
  readonly #traffic: Traffic;
  #listening: Listening | undefined;
  #owesNotice = false;
  #isClosed = false;

  constructor(options: PostgresOptions, { secret, incarnation }: Meta) {
    this.#options = options;
    this.secret = secret;
    this.incarnation = incarnation;
    this.#notices = new Notices(`crypt2chat_${toHex(incarnation)}`, options.randomness);
    this.#connections = new Connections({
      url: options.url,
      max: options.maxConnections,
      log: options.log,
      onAfterFailed: () => void this.#oweNotice(),
      // A relay that does not hear does not count either: the data may begin a new life without it.
      isOpen: () => this.#listening?.hears !== false,
    });
    this.#traffic = new Traffic(this.#connections, this.#notices);
  }

  async open(): Promise<void> {
    const { url, clock, log, onFatal, isRelay } = this.#options;
    if (!isRelay) return;
    this.#listening = await Listening.open({
      url,
      channel: this.#notices.channel,
      clock,
      log,
      enter: (run) => enter(run, this.incarnation),
      onFatal,
      heard: (payload) => this.#notices.hear(payload, (say) => this.#tell(say)),
      missed: () => this.#tell((listener) => listener.missed?.()),
    });
  }

  async register(account: NewAccount, invite?: InviteUse) {
    return this.#connections.transaction((run) => accounts.register(run, account, invite));
  }

  async accountByName(username: string) {
    return accounts.accountByName(this.#connections, username);
  }

  async accountById(accountId: Uint8Array) {
    return accounts.accountById(this.#connections, accountId);
  }

  async appendLink(link: NewLink) {
    const { kind, revoked } = await this.#connections.transaction(
      (run) => accounts.appendLink(run, link),
      (appended) => this.#notices.revoked(appended.revoked),
    );
    for (const deviceId of revoked) this.#tell((listener) => listener.revoked?.(deviceId));
    return kind;
  }

  async device(deviceId: Uint8Array) {
    return this.#traffic.devices.submit(deviceId);
  }

  async createSession(session: NewSession) {
    return accounts.createSession(this.#connections, session);
  }

  async session(bearerHash: Uint8Array, now: number) {
    return this.#traffic.sessions.submit({ bearerHash, now });
  }

  async publishPrekeys(published: NewPrekeys) {
    return this.#connections.transaction((run) => prekeys.publishPrekeys(run, published));
  }

  async countPrekeys(deviceId: Uint8Array) {
    return prekeys.countPrekeys(this.#connections, deviceId);
  }

  async claimBundles(accountId: Uint8Array) {
    return prekeys.claimBundles(this.#connections, accountId);
  }

  async mailbox(deviceId: Uint8Array) {
    return this.#traffic.mailboxes.submit(deviceId);
  }

  async setCapability(deviceId: Uint8Array, capabilityHash: Uint8Array) {
    await mailboxes.setCapability(this.#connections, deviceId, capabilityHash);
  }

  async deliver(delivery: Delivery) {
    const results = await this.#traffic.deliveries.submit(delivery);
    if (results?.includes('stored')) this.#tell((listener) => listener.delivered?.(delivery.deviceId));
    return results;
  }

  async acknowledge(deviceId: Uint8Array, seq: number) {
    await this.#traffic.acknowledgements.submit({ deviceId, seq });
  }

  async envelopes(deviceId: Uint8Array, seq: number, limit: number) {
    return mailboxes.envelopes(this.#connections, deviceId, seq, limit);
  }

  async addInvite(invite: NewInvite) {
    return invites.addInvite(this.#connections, invite);
  }

  async addFirstInvite(invite: NewInvite) {
    return this.#connections.transaction((run) => invites.addFirstInvite(run, invite));
  }

  async invites() {
    return invites.invites(this.#connections);
  }

  async revokeInvite(number: number) {
    return invites.revokeInvite(this.#connections, number);
  }

  async accounts(after: string, limit: number) {
    return operator.accounts(this.#connections, after, limit);
  }

  async devicesOf(accountId: Uint8Array, now: number) {
    return operator.devicesOf(this.#connections, accountId, now);
  }

  async setBlocked(accountId: Uint8Array, blocked: boolean) {
    const devices = await this.#connections.transaction(
      (run) => operator.setBlocked(run, accountId, blocked),
      (ids = []) => this.#notices.blocked(blocked ? ids : []),
    );
    for (const id of blocked ? (devices ?? []) : []) this.#tell((listener) => listener.blocked?.(id));
    return devices !== undefined;
  }

  async emptyMailboxes(accountId: Uint8Array) {
    return this.#connections.transaction((run) => operator.emptyMailboxes(run, accountId));
  }

  async deleteAccount(accountId: Uint8Array) {
    const devices = await this.#connections.transaction(
      (run) => operator.deleteAccount(run, accountId),
      (ids = []) => this.#notices.revoked(ids),
    );
    for (const id of devices ?? []) this.#tell((listener) => listener.revoked?.(id));
    return devices !== undefined;
  }

  async stats(now: number) {
    return this.#connections.transaction(async (run) => ({
      ...(await operator.stats(run, now)),
      relays: await countRelays(run),
    }));
  }

  async audit(accountId: Uint8Array) {
    return this.#connections.transaction((run) => operator.audit(run, accountId));
  }

  async beginAnew() {
    await this.#connections.transaction(async (run) => {
      await enterAlone(run);
      await operator.beginAnew(run, this.#options.randomness);
    });
  }

  async createGroup(group: NewGroup) {
    return this.#connections.transaction((run) => groups.createGroup(run, group));
  }

  async groupAccess(access: GroupAccess) {
    return this.#traffic.groupAccesses.submit(access);
  }

  async appendGroupMessages(messages: NewGroupMessages) {
    return this.#append(groups.messagesToAppend(messages), (rows) => groups.messagesAppended(messages, rows));
  }

  async appendGroupLink(link: NewGroupLink) {
    return this.#append(groups.linkToAppend(link), groups.linkAppended);
  }

  async #append<T>(
    append: groups.GroupAppend,
    appendedOf: (rows: readonly Row[]) => groups.Appended<T>,
  ): Promise<T> {
    const { outcome, grew } = appendedOf(await this.#traffic.appends.submit(append));
    const { groupId, accessHash } = append.access;
    if (grew) this.#tell((listener) => listener.grew?.(groupId, accessHash));
    return outcome;
  }

  async groupWelcome(access: GroupAccess) {
    return groupReaders.groupWelcome(this.#connections, access);
  }

  async readGroups(reads: readonly GroupRead[], limits: GroupReadLimits) {
    return groupReaders.readGroups(this.#connections, reads, limits);
  }

  async passToGroup(access: GroupAccess, envelope: Uint8Array) {
    const right = await this.groupAccess(access);
    if (right === 'former') return 'stale';
    if (right !== 'current') return right;
    this.#tell((listener) => listener.groupEphemeral?.(access.groupId, access.accessHash, envelope));
    await this.#connections.query(...this.#notices.groupEphemeral(access, envelope));
    return 'passed';
  }

  async pass(deviceId: Uint8Array, envelope: Uint8Array) {
    this.#tell((listener) => listener.ephemeral?.(deviceId, envelope));
    await this.#connections.query(...this.#notices.ephemeral(deviceId, envelope));
  }

  listen(listener: Partial<StoreListener>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async sweep(options: Parameters<Store['sweep']>[0]) {
    return this.#connections.transaction((run) => sweep(run, options));
  }

  async newest() {
    const [row] = await this.#connections.query(newest);
    return Number(row?.['newest'] ?? 0);
  }

  async ping() {
    await this.#connections.query(one);
  }

  async close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#traffic.drain();
    await this.#connections.close();
    await this.#listening?.close();
  }

  /** Others have not heard what they should have: they read everything again, as soon as they can be told. */
  async #oweNotice(): Promise<void> {
    if (this.#owesNotice) return;
    this.#owesNotice = true;
    while (!this.#isClosed) {
      try {
        await this.#connections.query(...this.#notices.missed());
        break;
      } catch {
        await new Promise<void>((resolve) => this.#options.clock.setTimer(againMs, resolve));
      }
    }
    this.#owesNotice = false;
  }

  #tell(say: (listener: Partial<StoreListener>) => void): void {
    for (const listener of this.#listeners) say(listener);
  }
}
