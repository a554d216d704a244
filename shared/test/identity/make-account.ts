import {
  addDevice,
  createIdentity,
  type DeviceSecrets,
  generateDevice,
  generateOneTimeKems,
  generateOneTimePrekeys,
  generateSignedPrekeys,
  type Identity,
  publicPrekeyOf,
  signPrekeys,
} from '@crypt2chat/shared/identity';
import type { LinkBytes } from '@crypt2chat/shared/log';
import { generateSigningKeyPair, type Randomness, type SigningKeyPair } from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';

export const startMs = 1_750_000_000_000;
export const dayMs = 24 * 3600 * 1000;

/** An account as its owner holds it. */
export interface Account {
  readonly links: readonly LinkBytes[];
  readonly identity: Identity;
  readonly device: DeviceSecrets;
  readonly recovery: SigningKeyPair;
}

export function makeAccount(username: string, randomness: Randomness = seededRandomness(username)): Account {
  const device = generateDevice(randomness);
  const recovery = generateSigningKeyPair(randomness);
  const { link, identity } = createIdentity({
    username,
    relay: 'https://relay.example',
    device,
    recoveryPublicKey: recovery.publicKey,
    at: startMs,
  });
  return { links: [link], identity, device, recovery };
}

/** The account with as many devices more. */
export function withDevices(
  account: Account,
  count: number,
  randomness: Randomness,
): Account & { readonly added: readonly DeviceSecrets[] } {
  let { identity } = account;
  const links = [...account.links];
  const added: DeviceSecrets[] = [];
  for (let i = 0; i < count; i++) {
    const device = generateDevice(randomness);
    const change = addDevice(identity, account.device, device, startMs);
    identity = change.identity;
    links.push(change.link);
    added.push(device);
  }
  return { ...account, identity, links, added };
}

/** The prekeys of an account's device, and what the relay gives of them. */
export function makePrekeys({ identity, device }: Account, randomness: Randomness) {
  const set = generateSignedPrekeys(1, randomness);
  const [oneTimePrekey] = generateOneTimePrekeys(4, 1, randomness);
  const oneTimeKems = generateOneTimeKems(5, 2, randomness);
  const upload = signPrekeys({
    ...set,
    accountId: identity.accountId,
    device,
    head: identity.head,
    oneTimeKems,
    notAfter: startMs + 21 * dayMs,
  });
  return {
    ...set,
    oneTimePrekey: oneTimePrekey!,
    oneTimeKem: oneTimeKems[0]!,
    upload,
    bundle: {
      ...upload,
      oneTimePrekey: publicPrekeyOf(oneTimePrekey!),
      oneTimeKem: publicPrekeyOf(oneTimeKems[0]!),
    },
    /** What is left when all one-time keys have been claimed. */
    bareBundle: upload,
  };
}
