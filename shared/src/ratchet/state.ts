import * as v from 'valibot';
import { decodeCbor, encodeCbor } from '../cbor/index.ts';
import { bytesSchema, uintSchema } from '../log/index.ts';
import { dhKeyBytes, type DhKeyPair, generateDhKeyPair, type Randomness } from '../primitives/index.ts';
import { copyOf, deriveRoot } from './derive.ts';
import { maxCount, maxSkippedChains, maxSkippedPerChain } from './limits.ts';

/** A chain of message keys and the key that its headers are sealed under, 32 bytes each. */
export interface SendingChain {
  readonly chainKey: Uint8Array;
  readonly headerKey: Uint8Array;
  /** The number of the next message. */
  readonly count: number;
}

export type ReceivingChain = SendingChain;

/** The key of a message that has been passed over and not yet been seen. */
export interface SkippedKey {
  readonly number: number;
  readonly messageKey: Uint8Array;
  readonly skippedAtMs: number;
}

/** The keys skipped in one chain, in the order of their numbers; never none. */
export interface SkippedChain {
  readonly headerKey: Uint8Array;
  readonly keys: readonly SkippedKey[];
}

/**
 * One side of a session: an immutable value. Each state encrypts or decrypts once; what comes back with the result
 * is the state to go on with. (Used twice, two messages get one number, and the second is a duplicate to the peer;
 * keys and nonces differ even then, by the salts.)
 */
export interface RatchetState {
  /** Of the handshake, 64 bytes; public. */
  readonly ad: Uint8Array;
  readonly rootKey: Uint8Array;
  /** DHs. */
  readonly ours: DhKeyPair;
  /** CKs, HKs, Ns. Null at the responder until it has opened a message. */
  readonly sending: SendingChain | null;
  /** CKr, HKr, Nr. Null until a message has been opened. */
  readonly receiving: ReceivingChain | null;
  /** NHKs. */
  readonly nextSendingHeaderKey: Uint8Array;
  /** NHKr. */
  readonly nextReceivingHeaderKey: Uint8Array;
  /** PN: how many messages the previous sending chain had. */
  readonly previousCount: number;
  /** MKSKIPPED, oldest first. */
  readonly skipped: readonly SkippedChain[];
}

/** What a handshake hands to the ratchet: 32 bytes each. */
export interface SessionKeys {
  readonly rootKey: Uint8Array;
  readonly headerKeyA: Uint8Array;
  readonly nextHeaderKeyB: Uint8Array;
}

/**
 * The side that began the handshake (Double Ratchet §4.3, RatchetInitAliceHE). It can send at once.
 * @param start.ad 64 bytes. @param start.signedPrekeyPublic the responder's, 56 bytes.
 * @throws CodedError `ERR_CRYPTO_KEY` for a prekey that X448 refuses.
 */
export function startAsInitiator(start: {
  readonly ad: Uint8Array;
  readonly keys: SessionKeys;
  readonly signedPrekeyPublic: Uint8Array;
  readonly randomness: Randomness;
}): RatchetState {
  const { ad, keys, signedPrekeyPublic, randomness } = start;
  const ours = generateDhKeyPair(randomness);
  const { rootKey, chainKey, nextHeaderKey } = deriveRoot(keys.rootKey, ours, signedPrekeyPublic);
  return {
    ad: copyOf(ad),
    rootKey,
    ours,
    sending: { chainKey, headerKey: copyOf(keys.headerKeyA), count: 0 },
    receiving: null,
    nextSendingHeaderKey: nextHeaderKey,
    nextReceivingHeaderKey: copyOf(keys.nextHeaderKeyB),
    previousCount: 0,
    skipped: [],
  };
}

/** The side that answers (RatchetInitBobHE). It opens a message before it can send. @param start.ad 64 bytes. */
export function startAsResponder(start: {
  readonly ad: Uint8Array;
  readonly keys: SessionKeys;
  /** The private half belongs to the vault and may serve other handshakes; it is copied. */
  readonly signedPrekey: DhKeyPair;
}): RatchetState {
  const { ad, keys, signedPrekey } = start;
  return {
    ad: copyOf(ad),
    rootKey: copyOf(keys.rootKey),
    ours: { publicKey: copyOf(signedPrekey.publicKey), privateKey: copyOf(signedPrekey.privateKey) },
    sending: null,
    receiving: null,
    nextSendingHeaderKey: copyOf(keys.nextHeaderKeyB),
    nextReceivingHeaderKey: copyOf(keys.headerKeyA),
    previousCount: 0,
    skipped: [],
  };
}

const key = bytesSchema(32);
const count = uintSchema(maxCount);
const chain = v.strictObject({ chainKey: key, headerKey: key, count });
const skippedKey = v.strictTuple([count, key, uintSchema()]);
const stateSchema = v.strictObject({
  v: v.literal(1),
  ad: bytesSchema(64),
  rootKey: key,
  ours: v.strictObject({ publicKey: bytesSchema(dhKeyBytes), privateKey: bytesSchema(dhKeyBytes) }),
  sending: v.nullable(chain),
  receiving: v.nullable(chain),
  nextSendingHeaderKey: key,
  nextReceivingHeaderKey: key,
  previousCount: count,
  skipped: v.pipe(
    v.array(
      v.strictObject({
        headerKey: key,
        keys: v.pipe(v.array(skippedKey), v.minLength(1), v.maxLength(maxSkippedPerChain)),
      }),
    ),
    v.maxLength(maxSkippedChains),
  ),
});

/** A state with 2,000 skipped keys has some 100 KB. */
const maxStateBytes = 200 * 1024;

/** For the vault, which seals it. O(skipped keys): some 500 bytes and 50 for each. */
export function encodeRatchet(state: RatchetState): Uint8Array {
  return encodeCbor({
    v: 1,
    ad: state.ad,
    rootKey: state.rootKey,
    ours: { publicKey: state.ours.publicKey, privateKey: state.ours.privateKey },
    sending: state.sending && { ...state.sending },
    receiving: state.receiving && { ...state.receiving },
    nextSendingHeaderKey: state.nextSendingHeaderKey,
    nextReceivingHeaderKey: state.nextReceivingHeaderKey,
    previousCount: state.previousCount,
    skipped: state.skipped.map(({ headerKey, keys }) => ({
      headerKey,
      keys: keys.map(({ number, messageKey, skippedAtMs }) => [number, messageKey, skippedAtMs]),
    })),
  });
}

/** @throws CodedError `ERR_FORMAT` for anything that {@link encodeRatchet} does not give. */
export function decodeRatchet(bytes: Uint8Array): RatchetState {
  const { v: _, skipped, ...state } = decodeCbor(stateSchema, bytes, maxStateBytes);
  return {
    ...state,
    skipped: skipped.map(({ headerKey, keys }) => ({
      headerKey,
      keys: keys.map(([number, messageKey, skippedAtMs]) => ({ number, messageKey, skippedAtMs })),
    })),
  };
}

/** What of `before` is secret and not part of `after`: to be wiped once `after` is stored. O(skipped keys). */
export function spentBetween(before: RatchetState, after: RatchetState): Uint8Array[] {
  const kept = new Set(secretsOf(after));
  return secretsOf(before).filter((secret) => !kept.has(secret));
}

function secretsOf(state: RatchetState): Uint8Array[] {
  const secrets = [
    state.rootKey,
    state.ours.privateKey,
    state.nextSendingHeaderKey,
    state.nextReceivingHeaderKey,
  ];
  if (state.sending) secrets.push(state.sending.chainKey, state.sending.headerKey);
  if (state.receiving) secrets.push(state.receiving.chainKey, state.receiving.headerKey);
  for (const { headerKey, keys } of state.skipped) {
    secrets.push(headerKey);
    for (const { messageKey } of keys) secrets.push(messageKey);
  }
  return secrets;
}
