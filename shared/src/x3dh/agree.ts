import { concat, equalBytes, toUtf8, wipe } from '../bytes/index.ts';
import { CodedError, hasCode } from '../errors/index.ts';
import {
  type AccountId,
  type DeviceId,
  deviceIdOf,
  type DeviceKeys,
  type DeviceSecrets,
  publicKeysOf,
  type VerifiedBundle,
} from '../identity/index.ts';
import {
  decapsulate,
  dh,
  type DhKeyPair,
  encapsulate,
  generateDhKeyPair,
  hkdf,
  type Randomness,
} from '../primitives/index.ts';
import {
  associatedDataOf,
  type Handshake,
  handshakeHashOf,
  type HandshakePrekeys,
  maxRound,
} from './handshake.ts';

/** What both sides derive: 32 bytes each, for the double ratchet. */
export interface SharedKeys {
  readonly rootKey: Uint8Array;
  readonly headerKeyA: Uint8Array;
  readonly nextHeaderKeyB: Uint8Array;
}

export interface Agreement {
  /** 32 bytes, as `handshakeHashOf` gives it. */
  readonly handshakeHash: Uint8Array;
  /** 64 bytes. */
  readonly ad: Uint8Array;
  readonly keys: SharedKeys;
}

export interface Initiation extends Agreement {
  readonly handshake: Handshake;
  /** SPK_B, 56 bytes: the first ratchet key of the other side. */
  readonly signedPrekeyPublic: Uint8Array;
}

/** X3DH §3.3: as many bytes as an Ed448 public key, so that the key material is like no encoded point. */
const domainSeparator = new Uint8Array(57).fill(0xff);
const info = toUtf8('crypt2chat/v1/x3dh');

/**
 * The initiator's side (X3DH §3.3, with the KEM secret of PQXDH §3.3). Four or five X448 and one encapsulation.
 * The bundle was verified against the log that `theirs` comes from.
 * @param options.round below 2^32.
 * @throws CodedError `ERR_BUNDLE_INVALID` where a key in it cannot be used; RangeError for a bundle of somebody
 *   else, or a round out of range.
 */
export function initiate(options: {
  readonly ours: { readonly accountId: AccountId; readonly device: DeviceSecrets };
  readonly theirs: {
    readonly accountId: AccountId;
    readonly deviceId: DeviceId;
    readonly keys: DeviceKeys;
    readonly bundle: VerifiedBundle;
  };
  readonly round: number;
  readonly randomness: Randomness;
}): Initiation {
  const { ours, theirs, round, randomness } = options;
  const { bundle } = theirs;
  if (!equalBytes(bundle.accountId, theirs.accountId) || !equalBytes(bundle.deviceId, theirs.deviceId)) {
    throw new RangeError('the bundle belongs to another device');
  }
  if (!Number.isInteger(round) || round < 0 || round > maxRound)
    throw new RangeError('the round is out of range');

  const ephemeral = generateDhKeyPair(randomness);
  try {
    const { ciphertext, sharedSecret } = encapsulate(bundle.kem.key, randomness);
    const handshake: Handshake = {
      ephemeral: ephemeral.publicKey,
      signedPrekeyId: bundle.signedPrekey.id,
      ...(bundle.oneTimePrekey && { oneTimePrekeyId: bundle.oneTimePrekey.id }),
      kemId: bundle.kem.id,
      kemCiphertext: ciphertext,
      round,
    };
    const ad = associatedDataOf({
      initiator: { accountId: ours.accountId, keys: publicKeysOf(ours.device) },
      responder: {
        accountId: theirs.accountId,
        keys: theirs.keys,
        signedPrekey: bundle.signedPrekey.key,
        oneTimePrekey: bundle.oneTimePrekey?.key,
        kem: bundle.kem.key,
      },
      handshake,
    });
    const secrets = [
      dh(ours.device.dh.privateKey, bundle.signedPrekey.key),
      dh(ephemeral.privateKey, theirs.keys.dh),
      dh(ephemeral.privateKey, bundle.signedPrekey.key),
      ...(bundle.oneTimePrekey ? [dh(ephemeral.privateKey, bundle.oneTimePrekey.key)] : []),
      sharedSecret,
    ];
    const initiator = { accountId: ours.accountId, deviceId: deviceIdOf(publicKeysOf(ours.device)) };
    return {
      handshakeHash: handshakeHashOf(initiator, handshake),
      ...agree(ad, secrets),
      handshake,
      signedPrekeyPublic: bundle.signedPrekey.key,
    };
  } catch (error) {
    if (hasCode(error, 'ERR_CRYPTO_KEY')) throw new CodedError('ERR_BUNDLE_INVALID', 'a key cannot be used');
    throw error;
  } finally {
    wipe(ephemeral.privateKey);
  }
}

/**
 * The responder's side (X3DH §3.4), once the handshake hash has been found to be new. Nothing is known to be
 * genuine until a message opens in the session that starts from it; the one-time private halves are deleted in the
 * transaction that stores that message.
 * @param options.prekeys the private halves with the ids that the handshake names.
 * @throws CodedError `ERR_CRYPTO_OPEN` for keys that X448 refuses; RangeError for other prekeys than those named.
 */
export function respond(options: {
  readonly ours: { readonly accountId: AccountId; readonly device: DeviceSecrets };
  readonly prekeys: HandshakePrekeys;
  readonly theirs: { readonly accountId: AccountId; readonly keys: DeviceKeys };
  readonly handshake: Handshake;
}): Agreement {
  const { ours, prekeys, theirs, handshake } = options;
  const { signedPrekey, oneTimePrekey, kem } = prekeys;
  const named = [handshake.signedPrekeyId, handshake.oneTimePrekeyId, handshake.kemId];
  const given = [signedPrekey.id, oneTimePrekey?.id, kem.id];
  if (named.some((id, i) => id !== given[i]))
    throw new RangeError('not the prekeys that the handshake names');
  const ad = associatedDataOf({
    initiator: theirs,
    responder: {
      accountId: ours.accountId,
      keys: publicKeysOf(ours.device),
      signedPrekey: signedPrekey.publicKey,
      oneTimePrekey: oneTimePrekey?.publicKey,
      kem: kem.publicKey,
    },
    handshake,
  });
  const withEphemeral = ({ privateKey }: Pick<DhKeyPair, 'privateKey'>): Uint8Array =>
    dh(privateKey, handshake.ephemeral);
  try {
    const secrets = [
      dh(signedPrekey.privateKey, theirs.keys.dh),
      withEphemeral(ours.device.dh),
      withEphemeral(signedPrekey),
      ...(oneTimePrekey ? [withEphemeral(oneTimePrekey)] : []),
      decapsulate(kem.seed, handshake.kemCiphertext),
    ];
    const initiator = { accountId: theirs.accountId, deviceId: deviceIdOf(theirs.keys) };
    return { handshakeHash: handshakeHashOf(initiator, handshake), ...agree(ad, secrets) };
  } catch (error) {
    if (hasCode(error, 'ERR_CRYPTO_KEY'))
      throw new CodedError('ERR_CRYPTO_OPEN', 'the handshake could not be opened');
    throw error;
  }
}

function agree(ad: Uint8Array, secrets: readonly Uint8Array[]): Omit<Agreement, 'handshakeHash'> {
  const material = concat(domainSeparator, ...secrets);
  const derived = hkdf(material, ad, info, 96);
  try {
    const keys = {
      rootKey: derived.slice(0, 32),
      headerKeyA: derived.slice(32, 64),
      nextHeaderKeyB: derived.slice(64, 96),
    };
    return { ad, keys };
  } finally {
    wipe(material, derived, ...secrets);
  }
}
