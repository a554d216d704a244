import { join } from 'node:path';
import { type Database, openDatabase } from '@crypt2chat/shared/database';
import { hasCode } from '@crypt2chat/shared/errors';
import type { Randomness } from '@crypt2chat/shared/primitives';
import type { Clock } from '@crypt2chat/shared/clock';
import { Refusal } from '../refusal.ts';
import { type FolderGuard, guardFolder } from './folder-guard.ts';
import { GroupCommit, isStorageFailure } from './group-commit.ts';
import type {
  GroupAccess,
  GroupRead,
  GroupReadLimits,
  NewGroup,
  NewGroupLink,
  NewGroupMessages,
} from './group-store.ts';
import type { InviteUse, NewInvite } from './operator-store.ts';
import { migrations } from './migrations/index.ts';
import { bytesOf } from './rows.ts';
import * as accounts from './sqlite-accounts.ts';
import * as groups from './sqlite-groups.ts';
import * as invites from './sqlite-invites.ts';
import * as mailboxes from './sqlite-mailboxes.ts';
import * as prekeys from './sqlite-prekeys.ts';
import type { Delivery, NewAccount, NewLink, NewPrekeys, NewSession, Store, StoreListener } from './store.ts';

/** 'C2Cr' */
const applicationId = 0x43324372;
const cacheBytes = 64 * 1024 * 1024;
const secretBytes = 32;
const incarnationBytes = 16;
/** After a write that found no room, the next one is tried this much later. */
const fullForMs = 1000;

export interface SqliteOptions {
  /** Made when it is missing. Holds `relay.db`, its log, and the guard's socket. */
  readonly folder: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Path of SQLite's WebAssembly module, where it does not stand in node_modules. */
  readonly wasm?: string | undefined;
  /** The storage failed in a way that only a new start can mend: end the process. Called at most once. */
  readonly onFatal: (error: unknown) => void;
}

/**
 * The store in one SQLite file, for one process. Writes that come together share a transaction and its fsync; reads
 * go to the file at once and see what has been committed.
 *
 * A full disk refuses writes with `ERR_STORAGE_FULL` and goes on: the file is opened anew, and a second later
 * writes are tried again. Any other failure of the storage ends the process (`onFatal`): what is durable can only be
 * told by opening the file again, and a supervisor does that best.
 */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const fatal = once(options.onFatal);
  const guard = await guardFolder(options.folder, () => fatal(new Error('the data folder was taken over')));
  try {
    const open = (): Promise<Database> => openFile(options);
    const db = await open();
    initialise(db, options.randomness);
    return new SqliteStore({ db, open, guard, clock: options.clock, onFatal: fatal });
  } catch (error) {
    await guard.release();
    throw error;
  }
}

function openFile({ folder, wasm }: SqliteOptions): Promise<Database> {
  return openDatabase({
    file: join(folder, 'relay.db'),
    ...(wasm === undefined ? {} : { wasm }),
    schema: migrations,
    applicationId,
    cacheBytes,
  });
}

function initialise(db: Database, randomness: Randomness): void {
  db.transaction(() => {
    for (const [key, size] of [
      ['secret', secretBytes],
      ['incarnation', incarnationBytes],
    ] as const) {
      db.run('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING', [
        key,
        randomness.bytes(size),
      ]);
    }
  });
}

class SqliteStore implements Store {
  readonly secret: Uint8Array;
  readonly incarnation: Uint8Array;
  readonly #open: () => Promise<Database>;
  readonly #guard: FolderGuard;
  readonly #clock: Clock;
  readonly #onFatal: (error: unknown) => void;
  readonly #commits: GroupCommit;
  readonly #listeners = new Set<Partial<StoreListener>>();
  #db: Database;
  #fullUntil = 0;
  #reopening: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: {
    readonly db: Database;
    readonly open: () => Promise<Database>;
    readonly guard: FolderGuard;
    readonly clock: Clock;
    readonly onFatal: (error: unknown) => void;
  }) {
    this.#db = options.db;
    this.#open = options.open;
    this.#guard = options.guard;
    this.#clock = options.clock;
    this.#onFatal = options.onFatal;
    this.secret = this.#meta('secret');
    this.incarnation = this.#meta('incarnation');
    this.#commits = new GroupCommit(
      (work) => this.#db.transaction(work),
      (error) => this.#failed(error),
    );
  }

  async register(account: NewAccount, invite?: InviteUse) {
    return this.#write((db) => accounts.register(db, account, invite));
  }

  async accountByName(username: string) {
    return this.#read((db) => accounts.accountByName(db, username));
  }

  async accountById(accountId: Uint8Array) {
    return this.#read((db) => accounts.accountById(db, accountId));
  }

  async appendLink(link: NewLink) {
    const { kind } = await this.#write(
      (db) => accounts.appendLink(db, link),
      ({ revoked }) => {
        for (const deviceId of revoked) this.#tell((listener) => listener.revoked?.(deviceId));
      },
    );
    return kind;
  }

  async device(deviceId: Uint8Array) {
    return this.#read((db) => accounts.device(db, deviceId));
  }

  async createSession(session: NewSession) {
    return this.#write((db) => accounts.createSession(db, session));
  }

  async session(bearerHash: Uint8Array, now: number) {
    return this.#read((db) => accounts.session(db, bearerHash, now));
  }

  async publishPrekeys(published: NewPrekeys) {
    return this.#write((db) => prekeys.publishPrekeys(db, published));
  }

  async countPrekeys(deviceId: Uint8Array) {
    return this.#read((db) => prekeys.countPrekeys(db, deviceId));
  }

  async claimBundles(accountId: Uint8Array) {
    return this.#write((db) => prekeys.claimBundles(db, accountId));
  }

  async mailbox(deviceId: Uint8Array) {
    return this.#read((db) => mailboxes.mailbox(db, deviceId));
  }

  async setCapability(deviceId: Uint8Array, capabilityHash: Uint8Array) {
    return this.#write((db) => mailboxes.setCapability(db, deviceId, capabilityHash));
  }

  async deliver(delivery: Delivery) {
    return this.#write(
      (db) => mailboxes.deliver(db, delivery),
      (results) => {
        if (results?.includes('stored')) this.#tell((listener) => listener.delivered?.(delivery.deviceId));
      },
    );
  }

  async acknowledge(deviceId: Uint8Array, seq: number) {
    if (!this.#read((db) => mailboxes.hasEnvelopesUpTo(db, deviceId, seq))) return;
    await this.#write((db) => mailboxes.acknowledge(db, deviceId, seq));
  }

  async envelopes(deviceId: Uint8Array, seq: number, limit: number) {
    return this.#read((db) => mailboxes.envelopes(db, deviceId, seq, limit));
  }

  async addInvite(invite: NewInvite) {
    return this.#write((db) => invites.addInvite(db, invite));
  }

  async addFirstInvite(invite: NewInvite) {
    return this.#write((db) => invites.addFirstInvite(db, invite));
  }

  async invites() {
    return this.#read((db) => invites.invites(db));
  }

  async revokeInvite(number: number) {
    return this.#write((db) => invites.revokeInvite(db, number));
  }

  async pass(deviceId: Uint8Array, envelope: Uint8Array) {
    this.#tell((listener) => listener.ephemeral?.(deviceId, envelope));
  }

  async createGroup(group: NewGroup) {
    return this.#write((db) => groups.createGroup(db, group));
  }

  async groupAccess(access: GroupAccess) {
    return this.#read((db) => groups.groupAccess(db, access));
  }

  async appendGroupMessages(messages: NewGroupMessages) {
    return this.#append(messages, (db) => groups.appendGroupMessages(db, messages));
  }

  async appendGroupLink(link: NewGroupLink) {
    return this.#append(link, (db) => groups.appendGroupLink(db, link));
  }

  async #append<T>(
    { groupId, accessHash }: GroupAccess,
    work: (db: Database) => groups.Appended<T>,
  ): Promise<T> {
    const { outcome } = await this.#write(work, ({ grew }) => {
      if (grew) this.#tell((listener) => listener.grew?.(groupId, accessHash));
    });
    return outcome;
  }

  async groupWelcome(access: GroupAccess) {
    return this.#read((db) => groups.groupWelcome(db, access));
  }

  async readGroups(reads: readonly GroupRead[], limits: GroupReadLimits) {
    return this.#read((db) => groups.readGroups(db, reads, limits));
  }

  async passToGroup(access: GroupAccess, envelope: Uint8Array) {
    const right = await this.groupAccess(access);
    if (right === 'former') return 'stale';
    if (right !== 'current') return right;
    this.#tell((listener) => listener.groupEphemeral?.(access.groupId, access.accessHash, envelope));
    return 'passed';
  }

  listen(listener: Partial<StoreListener>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async sweep(options: mailboxes.SweepOptions) {
    return this.#write((db) => {
      const parts = [mailboxes.sweep, groups.sweepGroups, invites.sweepInvites];
      return parts.map((sweep) => sweep(db, options)).includes(true);
    });
  }

  async ping() {
    this.#read((db) => db.get('SELECT 1 AS one'));
  }

  async close() {
    if (this.#isClosed) return;
    await this.#commits.drain();
    this.#isClosed = true;
    await this.#reopening;
    this.#db.close();
    await this.#guard.release();
  }

  #meta(key: string): Uint8Array {
    return bytesOf(this.#db.get('SELECT value FROM meta WHERE key = ?', [key])!, 'value');
  }

  #read<T>(work: (db: Database) => T): T {
    this.#assertUsable();
    try {
      return work(this.#db);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #write<T>(work: (db: Database) => T, then?: (result: T) => void): Promise<T> {
    this.#assertUsable();
    if (this.#clock.now() < this.#fullUntil) throw storageFull();
    return this.#commits.enqueue(() => work(this.#db), then);
  }

  #assertUsable(): void {
    if (this.#isClosed) throw new TypeError('the store is closed');
    if (this.#reopening !== undefined) throw storageFull();
  }

  /** What callers are told of a failure; looks after the database where it is dead. */
  #failed(error: unknown): Error {
    if (hasCode(error, 'ERR_DATABASE_FULL')) {
      this.#fullUntil = this.#clock.now() + fullForMs;
      this.#reopening ??= this.#reopen();
      return storageFull();
    }
    if (isStorageFailure(error)) this.#onFatal(error);
    return error instanceof Error ? error : new Error('not an error');
  }

  async #reopen(): Promise<void> {
    while (!this.#isClosed) {
      try {
        this.#db = await this.#open();
        break;
      } catch (error) {
        if (!hasCode(error, 'ERR_DATABASE_FULL')) {
          this.#onFatal(error);
          break;
        }
        await new Promise<void>((resolve) => this.#clock.setTimer(fullForMs, resolve));
      }
    }
    this.#reopening = undefined;
  }

  #tell(say: (listener: Partial<StoreListener>) => void): void {
    for (const listener of this.#listeners) say(listener);
  }
}

function storageFull(): Refusal {
  return new Refusal('ERR_STORAGE_FULL', 'The relay has no room left.', 30);
}

function once(act: (error: unknown) => void): (error: unknown) => void {
  let isDone = false;
  return (error) => {
    if (!isDone) act(error);
    isDone = true;
  };
}
