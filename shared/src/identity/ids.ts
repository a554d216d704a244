import * as v from 'valibot';
import { type Branded, brandBytes } from '../bytes/index.ts';
import { encodeCbor } from '../cbor/index.ts';
import { bytesSchema } from '../log/index.ts';
import {
  dhKeyBytes,
  type DhKeyPair,
  generateDhKeyPair,
  generateSigningKeyPair,
  hash32,
  hash32Bytes,
  type Randomness,
  signingKeyBytes,
  type SigningKeyPair,
} from '../primitives/index.ts';

/** The hash of the first link of an account's log, 32 bytes. */
export type AccountId = Branded<Uint8Array, 'AccountId'>;

/** The hash of a device's public keys, 32 bytes. It also names the device's mailbox. */
export type DeviceId = Branded<Uint8Array, 'DeviceId'>;

/** @throws RangeError for another length than 32 bytes. */
export const accountId: (bytes: Uint8Array) => AccountId = brandBytes('AccountId', hash32Bytes);

/** @throws RangeError for another length than 32 bytes. */
export const deviceId: (bytes: Uint8Array) => DeviceId = brandBytes('DeviceId', hash32Bytes);

/** A device's public identity keys: `sign` (IKsig, Ed448, 57 bytes) and `dh` (IK, X448, 56 bytes). */
export interface DeviceKeys {
  readonly sign: Uint8Array;
  readonly dh: Uint8Array;
}

export interface DeviceSecrets {
  readonly sign: SigningKeyPair;
  readonly dh: DhKeyPair;
}

export const deviceKeysSchema = v.strictObject({
  sign: bytesSchema(signingKeyBytes),
  dh: bytesSchema(dhKeyBytes),
});

export function generateDevice(randomness: Randomness): DeviceSecrets {
  return { sign: generateSigningKeyPair(randomness), dh: generateDhKeyPair(randomness) };
}

export function publicKeysOf(secrets: DeviceSecrets): DeviceKeys {
  return { sign: secrets.sign.publicKey, dh: secrets.dh.publicKey };
}

export function deviceIdOf(keys: DeviceKeys): DeviceId {
  return deviceId(hash32('crypt2chat/v1/device', encodeCbor({ sign: keys.sign, dh: keys.dh })));
}
