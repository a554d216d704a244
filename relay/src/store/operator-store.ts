/** The part of the contract in store.ts that the operator uses: who is let in. */

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

export interface OperatorStore {
  /** @returns its number. */
  addInvite(invite: NewInvite): Promise<number>;
  /** Only where there is no account yet, and no other invite that is good: says whether it was added. */
  addFirstInvite(invite: NewInvite): Promise<boolean>;
  /** In the order in which they were made. */
  invites(): Promise<readonly Invite[]>;
  /** It lets nobody in from now on; who came by it stays. False where there is none with this number. */
  revokeInvite(number: number): Promise<boolean>;
}
