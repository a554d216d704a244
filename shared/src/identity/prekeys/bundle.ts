import { type Branded, equalBytes } from '../../bytes/index.ts';
import { CodedError } from '../../errors/index.ts';
import type { LogHead } from '../../log/index.ts';
import { dhKeyBytes } from '../../primitives/index.ts';
import type { AccountId, DeviceId } from '../ids.ts';
import type { Identity } from '../identity.ts';
import { kemHashOf, type PublicPrekey } from './keys.ts';
import { invalidBundle, verifySignedPrekeys } from './signed.ts';

/** What the relay gives who wants to begin with a device, as it came. */
export interface Bundle {
  /** The encoding of `signedPrekeys`, and the device's signature over it, 114 bytes. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  /** X448, 56 bytes. */
  readonly oneTimePrekey?: PublicPrekey;
  /** ML-KEM-1024, 1,568 bytes. */
  readonly oneTimeKem?: PublicPrekey;
}

/** A bundle that its device signed, and that belongs to the log that was verified. */
export type VerifiedBundle = Branded<
  {
    readonly accountId: AccountId;
    readonly deviceId: DeviceId;
    readonly signedPrekey: PublicPrekey;
    readonly sealingKey: PublicPrekey;
    /** Unsigned: the handshake does not rest on it. */
    readonly oneTimePrekey?: PublicPrekey;
    /** The one-time KEM key, else the last-resort one. */
    readonly kem: PublicPrekey;
    readonly notAfter: number;
  },
  'VerifiedBundle'
>;

export type BundleOutcome =
  | { readonly kind: 'verified'; readonly bundle: VerifiedBundle }
  /** The device knows a later state of its log: fetch the log, then ask again. Not served, it is a fork. */
  | { readonly kind: 'log-behind'; readonly head: LogHead };

/**
 * The claimant's checks, in the order of docs/protocol.md §4. One signature check.
 * @param identity the owner's log, as far as it is known. @param id the device that was asked for.
 * @param nowMs milliseconds since 1970.
 * @throws CodedError `ERR_BUNDLE_INVALID`; `ERR_BUNDLE_EXPIRED`; `ERR_LOG_FORK` where the head under the signature
 *   is not in the log; `ERR_NEWER_VERSION`.
 */
export function verifyBundle(bundle: Bundle, identity: Identity, id: DeviceId, nowMs: number): BundleOutcome {
  const prekeys = verifySignedPrekeys(bundle, identity, id);
  const known = identity.hashAt(prekeys.head.seq);
  if (known === undefined) return { kind: 'log-behind', head: prekeys.head };
  if (!equalBytes(known, prekeys.head.hash)) {
    throw new CodedError('ERR_LOG_FORK', 'the device signed another log');
  }
  if (nowMs > prekeys.notAfter) throw new CodedError('ERR_BUNDLE_EXPIRED', 'the bundle is too old');
  const { oneTimePrekey, oneTimeKem } = bundle;
  if (oneTimePrekey !== undefined && oneTimePrekey.key.length !== dhKeyBytes)
    throw invalidBundle('not a prekey');
  if (oneTimeKem !== undefined) {
    const hash = kemHashOf(oneTimeKem.key);
    if (!prekeys.oneTimeKemHashes.some((one) => equalBytes(one, hash)))
      throw invalidBundle('not a signed KEM key');
  }
  const verified = {
    accountId: prekeys.accountId,
    deviceId: prekeys.deviceId,
    signedPrekey: prekeys.signedPrekey,
    sealingKey: prekeys.sealingKey,
    ...(oneTimePrekey && { oneTimePrekey }),
    kem: oneTimeKem ?? prekeys.lastResortKem,
    notAfter: prekeys.notAfter,
  };
  return { kind: 'verified', bundle: Object.freeze(verified) as VerifiedBundle };
}
