/**
 * What every part of the engine shares: the vault, time, chance, and the changes that are told to the outside.
 * A change is told only once the transaction that made it is durable, and never when it was undone.
 */
import type { Vault } from './vault/index.ts';
import { toHex } from '../bytes/index.ts';
import { CodedError } from '../errors/index.ts';
import {
  decodeIdentity,
  type DeviceId,
  deviceIdOf,
  type DeviceSecrets,
  type Identity,
  publicKeysOf,
} from '../identity/index.ts';
import type { LogHead } from '../log/index.ts';
import { deriveDhKeyPair, deriveSigningKeyPair, type Randomness } from '../primitives/index.ts';
import type { Clock } from '../clock/index.ts';
import { accountKey, accounts, type AccountRecord } from './records.ts';
import type { EngineChange } from './types.ts';

export class Core {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly #listeners = new Set<(change: EngineChange) => void>();
  readonly #workers = new Set<(conversation: Uint8Array) => void>();
  readonly #afterCommit: (() => void)[] = [];
  /** What is done once behind all of these, however often the transaction asks for it. */
  readonly #lastly = new Map<string, () => void>();
  readonly #identities = new WeakMap<Uint8Array, Identity>();
  readonly #devices = new WeakMap<AccountRecord['device'], DeviceSecrets>();

  #prekeySpent = false;
  readonly #ownHeads = new Map<string, { readonly account: Uint8Array; readonly head: LogHead }>();

  constructor(vault: Vault, clock: Clock, randomness: Randomness) {
    this.vault = vault;
    this.clock = clock;
    this.randomness = randomness;
  }

  subscribe(listener: (change: EngineChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What the loops listen to: something may be to be done in a conversation. @returns what ends it. */
  onTouched(worker: (conversation: Uint8Array) => void): () => void {
    this.#workers.add(worker);
    return () => this.#workers.delete(worker);
  }

  /** Something may be to be done in the conversation, once the present transaction is durable. */
  touch(conversation: Uint8Array): void {
    this.afterCommit(() => {
      for (const worker of this.#workers) worker(conversation);
    });
  }

  /** One durable step; {@link afterCommit} and {@link announce} within it wait for its end. */
  transaction<T>(work: () => T): T {
    const mark = this.#afterCommit.length;
    const markLastly = this.#lastly.size;
    let result: T;
    try {
      result = this.vault.transaction(work);
    } catch (error) {
      this.#afterCommit.length = mark;
      for (const key of [...this.#lastly.keys()].slice(markLastly)) this.#lastly.delete(key);
      throw error;
    }
    if (!this.vault.inTransaction) {
      const acts = [...this.#afterCommit.splice(0), ...this.#lastly.values()];
      this.#lastly.clear();
      for (const act of acts) act();
    }
    return result;
  }

  afterCommit(act: () => void): void {
    if (this.vault.inTransaction) this.#afterCommit.push(act);
    else act();
  }

  /** As {@link afterCommit}, but once for each `key`, and behind everything else. */
  afterCommitOnce(key: string, act: () => void): void {
    if (!this.vault.inTransaction) act();
    else if (!this.#lastly.has(key)) this.#lastly.set(key, act);
  }

  announce(change: EngineChange): void {
    this.afterCommit(() => {
      for (const listener of this.#listeners) listener(change);
    });
  }

  /** A one-time key was used up: there may be few left at the relay. */
  notePrekeySpent(): void {
    this.#prekeySpent = true;
  }

  takePrekeySpent(): boolean {
    const spent = this.#prekeySpent;
    this.#prekeySpent = false;
    return spent;
  }

  /** A contact says that they have seen more of our own log than we have. */
  noteOwnHead(account: Uint8Array, head: LogHead): void {
    this.#ownHeads.set(toHex(account), { account, head });
  }

  takeOwnHeads(): { readonly account: Uint8Array; readonly head: LogHead }[] {
    const heads = [...this.#ownHeads.values()];
    this.#ownHeads.clear();
    return heads;
  }

  get account(): AccountRecord | undefined {
    return this.vault.get(accounts, accountKey);
  }

  /** @throws CodedError `ERR_NO_ACCOUNT`. */
  requireAccount(): AccountRecord {
    const account = this.account;
    if (!account) throw new CodedError('ERR_NO_ACCOUNT', 'there is no account yet');
    return account;
  }

  updateAccount(update: Partial<AccountRecord>): void {
    this.vault.put(accounts, { ...this.requireAccount(), ...update });
  }

  replaceAccount(account: AccountRecord): void {
    this.vault.put(accounts, account);
  }

  /** The verified log that a record of the vault holds. */
  identityOf(record: { readonly identity: Uint8Array }): Identity {
    let identity = this.#identities.get(record.identity);
    if (!identity) this.#identities.set(record.identity, (identity = decodeIdentity(record.identity)));
    return identity;
  }

  deviceOf({ device }: AccountRecord): DeviceSecrets {
    let secrets = this.#devices.get(device);
    if (!secrets) {
      secrets = { sign: deriveSigningKeyPair(device.sign), dh: deriveDhKeyPair(device.dh) };
      this.#devices.set(device, secrets);
    }
    return secrets;
  }

  deviceIdOf(account: AccountRecord): DeviceId {
    return deviceIdOf(publicKeysOf(this.deviceOf(account)));
  }
}
