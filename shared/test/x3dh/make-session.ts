import assert from 'node:assert/strict';
import {
  type Bundle,
  deviceIdOf,
  publicKeysOf,
  type VerifiedBundle,
  verifyBundle,
} from '@crypt2chat/shared/identity';
import type { Randomness } from '@crypt2chat/shared/primitives';
import { type RatchetState, startAsInitiator, startAsResponder } from '@crypt2chat/shared/ratchet';
import { type Agreement, initiate, type Initiation, respond } from '@crypt2chat/shared/x3dh';
import { type Account, makeAccount, makePrekeys, startMs } from '../identity/make-account.ts';

export type Prekeys = ReturnType<typeof makePrekeys>;

export function verified(owner: Account, bundle: Bundle): VerifiedBundle {
  const outcome = verifyBundle(bundle, owner.identity, deviceIdOf(publicKeysOf(owner.device)), startMs);
  assert.ok(outcome.kind === 'verified');
  return outcome.bundle;
}

export function begin(
  from: Account,
  to: Account,
  bundle: Bundle,
  randomness: Randomness,
  round = 0,
): Initiation {
  const keys = publicKeysOf(to.device);
  return initiate({
    ours: { accountId: from.identity.accountId, device: from.device },
    theirs: {
      accountId: to.identity.accountId,
      deviceId: deviceIdOf(keys),
      keys,
      bundle: verified(to, bundle),
    },
    round,
    randomness,
  });
}

export function answer(
  to: Account,
  prekeys: Prekeys,
  from: Account,
  { handshake }: Pick<Initiation, 'handshake'>,
): Agreement {
  const { signedPrekey, oneTimePrekey, oneTimeKem, lastResortKem } = prekeys;
  return respond({
    ours: { accountId: to.identity.accountId, device: to.device },
    prekeys: {
      signedPrekey,
      ...(handshake.oneTimePrekeyId !== undefined && { oneTimePrekey }),
      kem: handshake.kemId === oneTimeKem.id ? oneTimeKem : lastResortKem,
    },
    theirs: { accountId: from.identity.accountId, keys: publicKeysOf(from.device) },
    handshake,
  });
}

export interface Session {
  readonly alice: Account;
  readonly bob: Account;
  readonly prekeys: Prekeys;
  readonly initiation: Initiation;
  readonly agreement: Agreement;
  /** Alice's ratchet, who began, and Bob's, who answers. */
  readonly ours: RatchetState;
  readonly theirs: RatchetState;
}

/** Two accounts, and a session between them in which nothing has been said yet. */
export function makeSession(randomness: Randomness): Session {
  const alice = makeAccount('alice', randomness);
  const bob = makeAccount('bob', randomness);
  const prekeys = makePrekeys(bob, randomness);
  const initiation = begin(alice, bob, prekeys.bundle, randomness);
  const agreement = answer(bob, prekeys, alice, initiation);
  return {
    alice,
    bob,
    prekeys,
    initiation,
    agreement,
    ours: startAsInitiator({ ...initiation, randomness }),
    theirs: startAsResponder({ ...agreement, signedPrekey: prekeys.signedPrekey }),
  };
}
