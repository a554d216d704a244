import { equalBytes } from '../bytes/index.ts';
import { cosignLink, invalidLog, type LinkBytes, parseLink, signLink } from '../log/index.ts';
import type { SigningKeyPair } from '../primitives/index.ts';
import { type DeviceId, deviceIdOf, type DeviceKeys, type DeviceSecrets, publicKeysOf } from './ids.ts';
import { extendIdentity, type Identity, verifyIdentity } from './identity.ts';
import { type IdentityBody, identityKind } from './rules.ts';

/** A new link and what the log is with it. It counts once the relay has taken it. */
export interface Change {
  readonly link: LinkBytes;
  readonly identity: Identity;
}

/**
 * The first link of a new account.
 * @param options.username as `parseUsername` gives it; `relay` as `parseRelayOrigin`; `recoveryPublicKey` Ed448,
 *   57 bytes; `at` milliseconds since 1970.
 * @throws CodedError `ERR_LOG_INVALID` where a link of this content would be refused.
 */
export function createIdentity(options: {
  readonly username: string;
  readonly relay: string;
  readonly device: DeviceSecrets;
  readonly recoveryPublicKey: Uint8Array;
  readonly at: number;
}): Change {
  const { username, relay, device, recoveryPublicKey, at } = options;
  const body: IdentityBody = {
    type: 'create',
    username,
    relay,
    device: publicKeysOf(device),
    recovery: recoveryPublicKey,
  };
  const link = signLink(identityKind, { seq: 0, prev: null, at, body }, device.sign);
  return { link, identity: verifyIdentity([link]) };
}

/**
 * An active device's half of `add-device`: the new device's keys are known here, its secrets are not. The new
 * device completes it with {@link acceptDevice}.
 */
export function proposeDevice(
  identity: Identity,
  signer: DeviceSecrets,
  device: DeviceKeys,
  at: number,
): LinkBytes {
  return next(
    identity,
    signer.sign,
    { type: 'add-device', device: { sign: device.sign, dh: device.dh } },
    at,
  );
}

/**
 * The new device's half of `add-device`.
 * @param identity the log as the new device has verified it.
 * @throws CodedError `ERR_LOG_INVALID` where the proposal is for another log, place or device, or breaks a rule.
 */
export function acceptDevice(identity: Identity, proposal: LinkBytes, device: DeviceSecrets): Change {
  const { body, seq, prev } = parseLink(identityKind, proposal);
  const follows = seq === identity.length && prev !== null && equalBytes(prev, identity.head.hash);
  const ours =
    body.type === 'add-device' && equalBytes(deviceIdOf(body.device), deviceIdOf(publicKeysOf(device)));
  if (!follows || !ours) throw invalidLog('not the proposal to add this device');
  return change(identity, cosignLink(identityKind, proposal, device.sign));
}

/** Both halves of `add-device`, for who holds the secrets of both devices. */
export function addDevice(
  identity: Identity,
  signer: DeviceSecrets,
  device: DeviceSecrets,
  at: number,
): Change {
  return acceptDevice(identity, proposeDevice(identity, signer, publicKeysOf(device), at), device);
}

/** @throws CodedError `ERR_LOG_INVALID`, for example for the last active device. */
export function revokeDevice(
  identity: Identity,
  signer: DeviceSecrets,
  revoked: DeviceId,
  at: number,
): Change {
  return change(identity, next(identity, signer.sign, { type: 'revoke-device', device: revoked }, at));
}

/** @param recovery the current recovery key. @param replacement the new public key, Ed448, 57 bytes. */
export function replaceRecovery(
  identity: Identity,
  recovery: SigningKeyPair,
  replacement: Uint8Array,
  at: number,
): Change {
  return change(identity, next(identity, recovery, { type: 'replace-recovery', recovery: replacement }, at));
}

/** Revokes all active devices and puts `device` in their place. */
export function recoverIdentity(
  identity: Identity,
  recovery: SigningKeyPair,
  device: DeviceSecrets,
  at: number,
): Change {
  const revoke = identity.devices.map(({ id }) => id);
  const link = next(identity, recovery, { type: 'recover', revoke, device: publicKeysOf(device) }, at);
  return change(identity, cosignLink(identityKind, link, device.sign));
}

/** A clock behind the head's, or a thief's link from the far future, does not stop a log: time only stands still. */
function next(identity: Identity, signer: SigningKeyPair, body: IdentityBody, at: number): LinkBytes {
  const { length: seq, head } = identity;
  return signLink(identityKind, { seq, prev: head.hash, at: Math.max(at, identity.at), body }, signer);
}

function change(identity: Identity, link: LinkBytes): Change {
  return { link, identity: extendIdentity(identity, [link]) };
}
