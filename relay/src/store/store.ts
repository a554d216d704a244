/**
 * What the relay keeps, as a contract that every driver fulfils in the same way; `storeContract` in the tests is
 * the same contract as code.
 *
 * - Every method is one transaction: it happens as a whole or, when it rejects, not at all.
 * - A method that changes something resolves only when the change is durable: a crash or a power loss afterwards
 *   does not undo it. Drivers may put methods that are called together into one transaction, each still whole.
 * - Methods that are called at the same time, by any process on the same data, behave as if they had been called
 *   one after the other.
 * - Nothing here judges: signatures, capabilities and limits on requests have been checked by the caller. Expected
 *   outcomes are returned. What rejects is a Refusal `ERR_STORAGE_FULL` (nothing was written; later calls may go
 *   well again), `ERR_STORAGE_UNAVAILABLE` (whether it was written is unknown; likewise) or `ERR_RATE_LIMITED` (too
 *   much is under way), or a failure of the storage.
 * - Ids, hashes and keys are byte strings. Times are milliseconds since 1970 and come from the caller.
 */
import type { GroupStore } from './group-store.ts';
import type { InviteUse, OperatorStore } from './operator-store.ts';

/** A device of an account, as the account's identity log says. */
export interface DeviceKeys {
  /** 32 bytes; also the name of the device's mailbox. */
  readonly deviceId: Uint8Array;
  /** Ed448, 57 bytes. */
  readonly signKey: Uint8Array;
}

export interface NewAccount {
  readonly accountId: Uint8Array;
  readonly username: string;
  /** The first link. */
  readonly link: Uint8Array;
  readonly devices: readonly DeviceKeys[];
}

export interface Account {
  readonly accountId: Uint8Array;
  readonly username: string;
  /** The operator has blocked it. */
  readonly blocked: boolean;
  /** The whole log, from the first link. */
  readonly links: readonly Uint8Array[];
}

export interface NewLink {
  readonly accountId: Uint8Array;
  /** The link's place. It is appended only if the log holds exactly the links before it. */
  readonly seq: number;
  readonly link: Uint8Array;
  /** All devices that are active after this link. */
  readonly devices: readonly DeviceKeys[];
}

export interface Device extends DeviceKeys {
  readonly accountId: Uint8Array;
  readonly revoked: boolean;
  /** The operator has blocked the account. */
  readonly blocked: boolean;
}

export interface NewSession {
  /** A session is kept by the hash of its bearer, 32 bytes. */
  readonly bearerHash: Uint8Array;
  readonly deviceId: Uint8Array;
  readonly expiresAt: number;
  /** The challenge that was answered, which is thereby spent. */
  readonly challenge: Uint8Array;
  /** Until then the challenge must be remembered as spent. */
  readonly challengeExpiresAt: number;
}

export interface NewPrekeys {
  readonly deviceId: Uint8Array;
  /** Names the request: the same once more changes nothing and is a success. 32 bytes. */
  readonly requestHash: Uint8Array;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  /** The keys in the signed part. Each has an id above all earlier ones, or stands in the part it replaces. */
  readonly signedKeys: readonly Prekey[];
  /** The hashes that the signed part lists; stored one-time KEM keys that are not among them are dropped. */
  readonly kemHashes: readonly Uint8Array[];
  /** Ids above all earlier ones of the device. */
  readonly oneTimePrekeys: readonly Prekey[];
  readonly oneTimeKemKeys: readonly (Prekey & { readonly hash: Uint8Array })[];
  /** The most that may be there afterwards. */
  readonly maxOneTimePrekeys: number;
  readonly maxOneTimeKemKeys: number;
}

export interface Prekey {
  readonly id: number;
  readonly key: Uint8Array;
}

export interface PrekeyCount {
  readonly oneTimePrekeys: number;
  readonly oneTimeKemKeys: number;
}

export interface Bundle {
  readonly deviceId: Uint8Array;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  readonly oneTimePrekey?: Prekey;
  readonly oneTimeKem?: Prekey;
}

export interface Delivery {
  readonly deviceId: Uint8Array;
  readonly envelopes: readonly { readonly id: Uint8Array; readonly envelope: Uint8Array }[];
  readonly at: number;
  /** With so many waiting, the mailbox is full. */
  readonly maxWaiting: number;
  /** So many bytes may wait for all devices of the account together; what comes at once may go a little over it. */
  readonly maxAccountBytes: number;
}

/**
 * The lowest place that an envelope may have that comes at this time. Places grow with the clock, so that a cursor
 * from before the data was set back to a backup acknowledges nothing that came after.
 */
export function firstPlaceAt(at: number): number {
  return at * 1024;
}

export type DeliveryResult = 'stored' | 'duplicate' | 'mailbox-full';

export interface StoredEnvelope {
  /** The place in the mailbox: {@link firstPlaceAt} its arrival, or one more than the last where that is higher. */
  readonly seq: number;
  readonly id: Uint8Array;
  readonly envelope: Uint8Array;
}

/** What happened, in any process on the same data, once it is durable. Called soon after, and may be called twice. */
export interface StoreListener {
  /** Envelopes came into the mailbox. */
  delivered(deviceId: Uint8Array): void;
  /** Something passed through {@link Store.pass}. */
  ephemeral(deviceId: Uint8Array, envelope: Uint8Array): void;
  revoked(deviceId: Uint8Array): void;
  /** The device's account has been blocked. */
  blocked(deviceId: Uint8Array): void;
  /** There are new entries for who reads the group with this access secret. */
  grew(groupId: Uint8Array, accessHash: Uint8Array): void;
  /** Something passed through {@link Store.passToGroup}. */
  groupEphemeral(groupId: Uint8Array, accessHash: Uint8Array, envelope: Uint8Array): void;
  /** Any of it may have happened in another process without having been told: whoever waits looks again. */
  missed(): void;
}

export interface Store extends GroupStore, OperatorStore {
  /** Random values made with the database: the key of everything that the relay signs for itself (32 bytes), and
   * the name of this life of the data (16 bytes), which changes when a backup is restored. */
  readonly secret: Uint8Array;
  readonly incarnation: Uint8Array;

  /**
   * `exists`: this account id is registered already. `device-taken`: one of the devices is another account's.
   * With an invite, an account is made only if the invite is good at the time (else `invite-invalid`, whatever the
   * name), and takes one of its uses; no other outcome does.
   */
  register(
    account: NewAccount,
    invite?: InviteUse,
  ): Promise<'created' | 'exists' | 'name-taken' | 'device-taken' | 'invite-invalid'>;
  accountByName(username: string): Promise<Account | undefined>;
  accountById(accountId: Uint8Array): Promise<Account | undefined>;
  /**
   * `exists`: this very link stands at its place. `conflict`: another one does, or links before it are missing.
   * A device that is no longer active is revoked for good: its sessions, prekeys, mailbox and envelopes are gone
   * with it.
   */
  appendLink(link: NewLink): Promise<'appended' | 'exists' | 'conflict' | 'device-taken' | 'unknown'>;
  device(deviceId: Uint8Array): Promise<Device | undefined>;

  /** At most one session for a challenge, ever. */
  createSession(session: NewSession): Promise<'created' | 'challenge-spent' | 'unknown'>;
  /** The device behind a bearer whose session has not expired at `now`. */
  session(bearerHash: Uint8Array, now: number): Promise<Device | undefined>;

  /** `invalid`: an id that is not above the earlier ones, or more keys than there may be. */
  publishPrekeys(prekeys: NewPrekeys): Promise<PrekeyCount | 'invalid' | 'unknown'>;
  countPrekeys(deviceId: Uint8Array): Promise<PrekeyCount>;
  /**
   * One bundle for each active device that has published prekeys. A one-time key is in one bundle, ever; the
   * lowest id goes first. Undefined for an account that is not there.
   */
  claimBundles(accountId: Uint8Array): Promise<readonly Bundle[] | undefined>;

  /** The capability's hash, or null where none was set; undefined where no active device has this id. */
  mailbox(deviceId: Uint8Array): Promise<{ readonly capabilityHash: Uint8Array | null } | undefined>;
  setCapability(deviceId: Uint8Array, capabilityHash: Uint8Array): Promise<void>;
  /**
   * One result for each envelope, in order. Where one finds no room, those behind it find none either, so that they
   * are not stored before it. An id that the mailbox has had before is a duplicate, also after it was
   * acknowledged, until {@link sweep} forgets it. Undefined where no active device has this id.
   */
  deliver(delivery: Delivery): Promise<readonly DeliveryResult[] | undefined>;
  /** Deletes what stands at or before `seq`. Where there is nothing, it costs no write. */
  acknowledge(deviceId: Uint8Array, seq: number): Promise<void>;
  /** The first `limit` envelopes after `seq`. */
  envelopes(deviceId: Uint8Array, seq: number, limit: number): Promise<readonly StoredEnvelope[]>;

  /** Gives an envelope to the listeners of all processes and to nothing that lasts. */
  pass(deviceId: Uint8Array, envelope: Uint8Array): Promise<void>;
  /** @returns what ends it. */
  listen(listener: Partial<StoreListener>): () => void;

  /**
   * Forgets envelopes that came, ids that were first seen, and invites that expired before `keepFrom`; messages and
   * welcomes of groups that came before it; sessions and spent challenges that expired before `now`. At most `limit`
   * of each in one call.
   * @returns whether there may be more.
   */
  sweep(options: {
    readonly now: number;
    readonly keepFrom: number;
    readonly limit: number;
  }): Promise<boolean>;

  /** The latest time at which something came that is over its time one day; 0 where there is nothing. */
  newest(): Promise<number>;

  /** Resolves when the storage answers. */
  ping(): Promise<void>;
  /** Finishes what is under way. Later calls reject. */
  close(): Promise<void>;
}
