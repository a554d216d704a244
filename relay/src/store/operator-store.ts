/** The part of the contract in store.ts that the operator uses: who is let in, who is there, what is kept of them. */

/** A right to register, and when it is used. */
export interface InviteUse {
  /** 32 bytes. */
  readonly codeHash: Uint8Array;
  readonly at: number;
}

export interface NewInvite {
  /** An invite is kept by the hash of its code, 32 bytes. */
  readonly codeHash: Uint8Array;
  /** What the operator wants to remember of it. */
  readonly note: string;
  readonly madeAt: number;
  readonly expiresAt: number;
  readonly maxUses: number;
}

export interface Invite extends NewInvite {
  /** What the operator calls it by; never given twice. */
  readonly number: number;
  readonly uses: number;
  readonly revoked: boolean;
}

/** What waits to be fetched. */
export interface Waiting {
  readonly envelopes: number;
  /** Of the envelopes alone. */
  readonly bytes: number;
}

export interface AccountSummary {
  readonly accountId: Uint8Array;
  readonly username: string;
  readonly blocked: boolean;
  /** Active ones. */
  readonly devices: number;
  readonly waiting: Waiting;
}

export interface DeviceSummary {
  readonly deviceId: Uint8Array;
  readonly revoked: boolean;
  /** That have not expired. */
  readonly sessions: number;
  readonly hasPrekeys: boolean;
  readonly oneTimePrekeys: number;
  readonly oneTimeKemKeys: number;
  readonly waiting: Waiting;
}

/** How much there is of everything. */
export interface StoreStats {
  /** Of the schema. */
  readonly schemaVersion: number;
  /** What the database takes up, with what in it is free to be used again. */
  readonly databaseBytes: number;
  readonly accounts: number;
  readonly blockedAccounts: number;
  /** Active ones. */
  readonly devices: number;
  /** That have not expired. */
  readonly sessions: number;
  readonly waiting: Waiting;
  readonly groups: number;
  /** Messages in the logs of groups. */
  readonly groupMessages: number;
  /** That are good. */
  readonly invites: number;
  /** How many relays run on these data, where there can be several. */
  readonly relays?: number;
}

/** More entries of one group than a backup can lack. */
export const maxLostEntries = 2 ** 32;

/** Rows of one table that are about an account, column by column as they stand there. */
export interface AuditedTable {
  readonly table: string;
  readonly rows: readonly Readonly<Record<string, AuditedValue>>[];
}

/** Of what is sealed or large, the size alone. */
export type AuditedValue = string | number | null | Uint8Array | { readonly bytes: number };

export interface OperatorStore {
  /** @returns its number. */
  addInvite(invite: NewInvite): Promise<number>;
  /** Only where there is no account yet, and no other invite that is good: says whether it was added. */
  addFirstInvite(invite: NewInvite): Promise<boolean>;
  /** In the order in which they were made. */
  invites(): Promise<readonly Invite[]>;
  /** It lets nobody in from now on; who came by it stays. False where there is none with this number. */
  revokeInvite(number: number): Promise<boolean>;

  /** The first `limit` accounts whose names come after `after`, in the order of their names (by code points). */
  accounts(after: string, limit: number): Promise<readonly AccountSummary[]>;
  /** In the order in which they came, revoked ones among them; none where there is no such account. */
  devicesOf(accountId: Uint8Array, now: number): Promise<readonly DeviceSummary[]>;
  /**
   * {@link Device} says so from now on. Blocking an account ends its sessions; what waits in its mailboxes stays, and
   * more may come. False where there is no such account.
   */
  setBlocked(accountId: Uint8Array, blocked: boolean): Promise<boolean>;
  /** Deletes what waits for the devices of an account; the ids are remembered. @returns how much it was. */
  emptyMailboxes(accountId: Uint8Array): Promise<Waiting>;
  /**
   * Deletes an account and everything that is kept about it; its name and its devices can be registered again. False
   * where there is none.
   */
  deleteAccount(accountId: Uint8Array): Promise<boolean>;

  stats(now: number): Promise<StoreStats>;
  /**
   * Every row about an account, from every table that has rows about accounts, in the order of `auditedTables`.
   * Undefined where there is no such account.
   * @throws TypeError where the database has a table of which nobody said whether it has
   */
  audit(accountId: Uint8Array): Promise<readonly AuditedTable[] | undefined>;

  /**
   * Writes a consistent copy of everything, as one file that must not be there. Only where the data are in a file of
   * ours: a database server has its own ways.
   * @throws AdminError
   */
  backup?(file: string): Promise<{ readonly bytes: number }>;

  /**
   * For data that were set back to an earlier state, before anybody uses them again: another secret and incarnation,
   * and what may have been given out since then is void, that is, one-time keys, sessions and challenges. Groups go on
   * at places that none of their entries can have had. The store is of no use afterwards but to be closed.
   * @throws CodedError `ERR_DATABASE_IN_USE` where relays run on the data
   */
  beginAnew(): Promise<void>;
}
