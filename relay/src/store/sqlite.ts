import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, openDatabase } from '@crypt2chat/shared/database';
import type { Randomness } from '@crypt2chat/shared/primitives';
import type { Clock } from '@crypt2chat/shared/clock';
import { type FolderGuard, guardFolder } from './folder-guard.ts';
import type {
  GroupAccess,
  GroupRead,
  GroupReadLimits,
  NewGroup,
  NewGroupLink,
  NewGroupMessages,
} from './group-store.ts';
import type { RequestHandler } from './guard-socket.ts';
import type { InviteUse, NewInvite } from './operator-store.ts';
import { migrations } from './migrations/index.ts';
import { bytesOf } from './rows.ts';
import * as accounts from './sqlite-accounts.ts';
import { SqliteFile, type SqliteFileOptions } from './sqlite-file.ts';
import * as groups from './sqlite-groups.ts';
import * as invites from './sqlite-invites.ts';
import { MailboxMemory } from './sqlite-mailbox-memory.ts';
import * as mailboxes from './sqlite-mailboxes.ts';
import * as operator from './sqlite-operator.ts';
import * as prekeys from './sqlite-prekeys.ts';
import type { Delivery, NewAccount, NewLink, NewPrekeys, NewSession, Store, StoreListener } from './store.ts';

/** In the data folder, with the endings of SQLite's own files beside it. */
export const databaseFile = 'relay.db';
/** 'C2Cr' */
const applicationId = 0x43324372;
const cacheBytes = 64 * 1024 * 1024;

export interface SqliteOptions {
  /** Made when it is missing. Holds `relay.db`, its log, and the guard's socket. */
  readonly folder: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Path of SQLite's WebAssembly module, where it does not stand in node_modules. */
  readonly wasm?: string | undefined;
  /** Answers the command line. */
  readonly answer?: RequestHandler | undefined;
  /** The storage failed in a way that only a new start can mend: end the process. Called at most once. */
  readonly onFatal: (error: unknown) => void;
}

/**
 * The store in one SQLite file, for one process. Writes that come together share a transaction and its flush; reads
 * go to the file at once and see what has been committed.
 *
 * A full disk refuses writes with `ERR_STORAGE_FULL` and goes on: the file is opened anew, and a second later
 * writes are tried again. Any other failure of the storage ends the process (`onFatal`): what is durable can only be
 * told by opening the file again, and a supervisor does that best.
 */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const fatal = once(options.onFatal);
  const lost = (): void => fatal(new Error('the data folder was taken over'));
  const guard = await guardFolder(options.folder, lost, options.answer);
  try {
    const file = join(options.folder, databaseFile);
    const open = (): Promise<Database> => openFile({ ...options, file });
    const db = await open();
    db.transaction(() => operator.makeSecrets(db, options.randomness));
    await db.flush();
    return new SqliteStore({ ...options, db, open, onFatal: fatal }, guard);
  } catch (error) {
    await guard.release();
    throw error;
  }
}

/** @param options.file of whatever name */
export function openFile({ file, wasm }: { file: string; wasm?: string | undefined }): Promise<Database> {
  return openDatabase({
    file,
    ...(wasm === undefined ? {} : { wasm }),
    schema: migrations,
    applicationId,
    cacheBytes,
    durableAt: 'flush',
  });
}

class SqliteStore implements Store {
  readonly secret: Uint8Array;
  readonly incarnation: Uint8Array;
  readonly #file: SqliteFile;
  readonly #guard: FolderGuard;
  readonly #randomness: Randomness;
  readonly #listeners = new Set<Partial<StoreListener>>();
  readonly #mailboxes = new MailboxMemory();

  constructor(
    options: Omit<SqliteFileOptions, 'onReopened'> & { readonly randomness: Randomness },
    guard: FolderGuard,
  ) {
    // What was refused may be there all the same, and nobody was told of it.
    const onReopened = (): void => this.#tell((listener) => listener.missed?.());
    this.#file = new SqliteFile({ ...options, onReopened });
    this.#guard = guard;
    this.#randomness = options.randomness;
    this.secret = meta(options.db, 'secret');
    this.incarnation = meta(options.db, 'incarnation');
  }

  async register(account: NewAccount, invite?: InviteUse) {
    return this.#change((db) => accounts.register(db, account, invite));
  }

  async accountByName(username: string) {
    return this.#file.read((db) => accounts.accountByName(db, username));
  }

  async accountById(accountId: Uint8Array) {
    return this.#file.read((db) => accounts.accountById(db, accountId));
  }

  async appendLink(link: NewLink) {
    const { kind } = await this.#change(
      (db) => accounts.appendLink(db, link),
      ({ revoked }) => {
        for (const deviceId of revoked) this.#tell((listener) => listener.revoked?.(deviceId));
      },
    );
    return kind;
  }

  async device(deviceId: Uint8Array) {
    return this.#file.read((db) => accounts.device(db, deviceId));
  }

  async createSession(session: NewSession) {
    return this.#file.write((db) => accounts.createSession(db, session));
  }

  async session(bearerHash: Uint8Array, now: number) {
    return this.#file.read((db) => accounts.session(db, bearerHash, now));
  }

  async publishPrekeys(published: NewPrekeys) {
    return this.#file.write((db) => prekeys.publishPrekeys(db, published));
  }

  async countPrekeys(deviceId: Uint8Array) {
    return this.#file.read((db) => prekeys.countPrekeys(db, deviceId));
  }

  async claimBundles(accountId: Uint8Array) {
    return this.#file.write((db) => prekeys.claimBundles(db, accountId));
  }

  async mailbox(deviceId: Uint8Array) {
    const mailbox = this.#mailboxes.get(deviceId) ?? (await this.#readMailbox(deviceId));
    return mailbox === undefined ? undefined : { capabilityHash: mailbox.capabilityHash };
  }

  async #readMailbox(deviceId: Uint8Array) {
    const { changes } = this.#mailboxes;
    const mailbox = await this.#file.read((db) => mailboxes.mailbox(db, deviceId));
    if (mailbox !== undefined) this.#mailboxes.remember(deviceId, mailbox, changes);
    return mailbox;
  }

  async setCapability(deviceId: Uint8Array, capabilityHash: Uint8Array) {
    return this.#change((db) => mailboxes.setCapability(db, deviceId, capabilityHash));
  }

  async deliver(delivery: Delivery) {
    return this.#file.write(
      (db) => {
        const mailbox = this.#mailboxes.get(delivery.deviceId) ?? mailboxes.mailbox(db, delivery.deviceId);
        return mailbox === undefined ? undefined : mailboxes.deliver(db, delivery, mailbox);
      },
      (results) => {
        if (results?.includes('stored')) this.#tell((listener) => listener.delivered?.(delivery.deviceId));
      },
    );
  }

  async acknowledge(deviceId: Uint8Array, seq: number) {
    if (!(await this.#file.read((db) => mailboxes.hasEnvelopesUpTo(db, deviceId, seq)))) return;
    await this.#file.write((db) => mailboxes.acknowledge(db, deviceId, seq));
  }

  async envelopes(deviceId: Uint8Array, seq: number, limit: number) {
    return this.#file.read((db) => mailboxes.envelopes(db, deviceId, seq, limit));
  }

  async addInvite(invite: NewInvite) {
    return this.#file.write((db) => invites.addInvite(db, invite));
  }

  async addFirstInvite(invite: NewInvite) {
    return this.#file.write((db) => invites.addFirstInvite(db, invite));
  }

  async invites() {
    return this.#file.read((db) => invites.invites(db));
  }

  async revokeInvite(number: number) {
    return this.#file.write((db) => invites.revokeInvite(db, number));
  }

  async accounts(after: string, limit: number) {
    return this.#file.read((db) => operator.accounts(db, after, limit));
  }

  async devicesOf(accountId: Uint8Array, now: number) {
    return this.#file.read((db) => operator.devicesOf(db, accountId, now));
  }

  async setBlocked(accountId: Uint8Array, blocked: boolean) {
    const devices = await this.#change(
      (db) => operator.setBlocked(db, accountId, blocked),
      (ids = []) => {
        for (const id of blocked ? ids : []) this.#tell((listener) => listener.blocked?.(id));
      },
    );
    return devices !== undefined;
  }

  async emptyMailboxes(accountId: Uint8Array) {
    return this.#change((db) => operator.emptyMailboxes(db, accountId));
  }

  async deleteAccount(accountId: Uint8Array) {
    const devices = await this.#change(
      (db) => operator.deleteAccount(db, accountId),
      (ids = []) => {
        for (const id of ids) this.#tell((listener) => listener.revoked?.(id));
      },
    );
    return devices !== undefined;
  }

  async stats(now: number) {
    return this.#file.read((db) => operator.stats(db, now));
  }

  async audit(accountId: Uint8Array) {
    return this.#file.read((db) => operator.audit(db, accountId));
  }

  async backup(file: string) {
    this.#file.backup(file);
    return { bytes: statSync(file).size };
  }

  async beginAnew() {
    return this.#change((db) => operator.beginAnew(db, this.#randomness));
  }

  async pass(deviceId: Uint8Array, envelope: Uint8Array) {
    this.#tell((listener) => listener.ephemeral?.(deviceId, envelope));
  }

  async createGroup(group: NewGroup) {
    return this.#file.write((db) => groups.createGroup(db, group));
  }

  async groupAccess(access: GroupAccess) {
    return this.#file.read((db) => groups.groupAccess(db, access));
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
    const { outcome } = await this.#file.write(work, ({ grew }) => {
      if (grew) this.#tell((listener) => listener.grew?.(groupId, accessHash));
    });
    return outcome;
  }

  async groupWelcome(access: GroupAccess) {
    return this.#file.read((db) => groups.groupWelcome(db, access));
  }

  async readGroups(reads: readonly GroupRead[], limits: GroupReadLimits) {
    return this.#file.read((db) => groups.readGroups(db, reads, limits));
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
    return this.#file.write((db) => {
      const parts = [mailboxes.sweep, groups.sweepGroups, invites.sweepInvites];
      return parts.map((sweep) => sweep(db, options)).includes(true);
    });
  }

  async newest() {
    return this.#file.read((db) => mailboxes.newest(db));
  }

  async ping() {
    await this.#file.read((db) => db.get('SELECT 1 AS one'));
  }

  async close() {
    await this.#file.close();
    await this.#guard.release();
  }

  /** A write that may change what is remembered of mailboxes. */
  #change<T>(work: (db: Database) => T, then?: (result: T) => void): Promise<T> {
    return this.#file.write((db) => {
      this.#mailboxes.forgetAll();
      return work(db);
    }, then);
  }

  #tell(say: (listener: Partial<StoreListener>) => void): void {
    for (const listener of this.#listeners) say(listener);
  }
}

function meta(db: Database, key: string): Uint8Array {
  return bytesOf(db.get('SELECT value FROM meta WHERE key = ?', [key])!, 'value');
}

function once(act: (error: unknown) => void): (error: unknown) => void {
  let isDone = false;
  return (error) => {
    if (!isDone) act(error);
    isDone = true;
  };
}
