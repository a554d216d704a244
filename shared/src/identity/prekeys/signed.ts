import * as v from 'valibot';
import { equalBytes } from '../../bytes/index.ts';
import { encodeCbor } from '../../cbor/index.ts';
import { CodedError } from '../../errors/index.ts';
import { bytesSchema, decodeVersioned, headSchema, type LogHead, uintSchema } from '../../log/index.ts';
import { hash32Bytes, sign, verify } from '../../primitives/index.ts';
import {
  type AccountId,
  accountId,
  type DeviceId,
  deviceId,
  deviceIdOf,
  type DeviceSecrets,
  publicKeysOf,
} from '../ids.ts';
import { activeDevice, type Identity } from '../identity.ts';
import {
  kemHashOf,
  type KemPrekey,
  publicDhPrekeySchema,
  publicKemPrekeySchema,
  publicPrekeyOf,
  type PublicPrekey,
  type SignedPrekeySet,
} from './keys.ts';

const label = 'crypt2chat/v1/prekeys';

/** One-time KEM keys that a device may have out at a time. */
export const maxOneTimeKems = 200;

/** `signedPrekeys` with all its one-time hashes has some 9 KiB. */
export const maxSignedPrekeysBytes = 16_384;

const signedPrekeysSchema = v.strictObject({
  v: v.literal(1),
  account: bytesSchema(hash32Bytes),
  device: bytesSchema(hash32Bytes),
  head: headSchema,
  signedPrekey: publicDhPrekeySchema,
  sealingKey: publicDhPrekeySchema,
  lastResortKem: publicKemPrekeySchema,
  oneTimeKemHashes: v.pipe(v.array(bytesSchema(hash32Bytes)), v.maxLength(maxOneTimeKems)),
  notAfter: uintSchema(),
});

/** What a device's one signature over its prekeys covers (docs/protocol.md §4). */
export interface SignedPrekeys {
  readonly accountId: AccountId;
  readonly deviceId: DeviceId;
  /** The device's view of its own log when it signed. */
  readonly head: LogHead;
  readonly signedPrekey: PublicPrekey;
  readonly sealingKey: PublicPrekey;
  readonly lastResortKem: PublicPrekey;
  readonly oneTimeKemHashes: readonly Uint8Array[];
  /** Milliseconds since 1970. */
  readonly notAfter: number;
}

/** @param options.notAfter milliseconds since 1970; three weeks from now. @throws RangeError for too many KEM keys. */
export function signPrekeys(
  options: SignedPrekeySet & {
    readonly accountId: AccountId;
    readonly device: DeviceSecrets;
    readonly head: LogHead;
    readonly oneTimeKems: readonly Pick<KemPrekey, 'publicKey'>[];
    readonly notAfter: number;
  },
): { readonly signed: Uint8Array; readonly signature: Uint8Array } {
  const { device, head, oneTimeKems, notAfter } = options;
  if (oneTimeKems.length > maxOneTimeKems) throw new RangeError('too many one-time KEM keys');
  const signed = encodeCbor({
    v: 1,
    account: options.accountId,
    device: deviceIdOf(publicKeysOf(device)),
    head: { seq: head.seq, hash: head.hash },
    signedPrekey: { ...publicPrekeyOf(options.signedPrekey) },
    sealingKey: { ...publicPrekeyOf(options.sealingKey) },
    lastResortKem: { ...publicPrekeyOf(options.lastResortKem) },
    oneTimeKemHashes: oneTimeKems.map(({ publicKey }) => kemHashOf(publicKey)),
    notAfter,
  });
  return { signed, signature: sign(device.sign.privateKey, label, signed) };
}

/**
 * Checks the form of untrusted bytes; the signature is another matter.
 * @throws CodedError `ERR_FORMAT`, `ERR_NEWER_VERSION`.
 */
export function parseSignedPrekeys(signed: Uint8Array): SignedPrekeys {
  const { account, device, ...rest } = decodeVersioned(signedPrekeysSchema, signed, maxSignedPrekeysBytes);
  const { head, signedPrekey, sealingKey, lastResortKem, oneTimeKemHashes, notAfter } = rest;
  return {
    accountId: accountId(account),
    deviceId: deviceId(device),
    head,
    signedPrekey,
    sealingKey,
    lastResortKem,
    oneTimeKemHashes,
    notAfter,
  };
}

/**
 * Checks that the device `id` of `identity` signed these prekeys for itself and for this account: what the relay
 * asks of an upload, and the first half of what a claimant asks of a bundle.
 * @throws CodedError `ERR_BUNDLE_INVALID`; `ERR_NEWER_VERSION`.
 */
export function verifySignedPrekeys(
  upload: { readonly signed: Uint8Array; readonly signature: Uint8Array },
  identity: Identity,
  id: DeviceId,
): SignedPrekeys {
  const device = activeDevice(identity, id);
  if (device === undefined) throw invalidBundle('not an active device');
  if (!verify(device.keys.sign, label, upload.signed, upload.signature))
    throw invalidBundle('the signature is wrong');
  const prekeys = parseSignedPrekeysOfBundle(upload.signed);
  if (!equalBytes(prekeys.accountId, identity.accountId) || !equalBytes(prekeys.deviceId, id)) {
    throw invalidBundle('prekeys of somebody else');
  }
  return prekeys;
}

export function invalidBundle(why: string): CodedError {
  return new CodedError('ERR_BUNDLE_INVALID', why);
}

function parseSignedPrekeysOfBundle(signed: Uint8Array): SignedPrekeys {
  try {
    return parseSignedPrekeys(signed);
  } catch (error) {
    if (error instanceof CodedError && error.code === 'ERR_NEWER_VERSION') throw error;
    throw invalidBundle('not signed prekeys');
  }
}
