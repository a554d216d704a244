/**
 * HPKE (RFC 9180), base mode, single shot, for one suite: DHKEM(X448, HKDF-SHA512) 0x0021, HKDF-SHA512 0x0003,
 * AES-256-GCM 0x0002.
 */
import { concat, toUtf8, wipe } from '../bytes/index.ts';
import { aeadKeyBytes, aeadNonceBytes, cannotOpen, openAead, sealAead } from './aead.ts';
import { deriveDhKeyPair, dh, dhKeyBytes, type DhKeyPair } from './dh.ts';
import { hkdfExpand, hkdfExtract } from './kdf.ts';
import type { Randomness } from './randomness.ts';
import { requireSize } from './sizes.ts';

const version = toUtf8('HPKE-v1');
const kemSuite = concat(toUtf8('KEM'), Uint8Array.of(0x00, 0x21));
const suite = concat(toUtf8('HPKE'), Uint8Array.of(0x00, 0x21, 0x00, 0x03, 0x00, 0x02));
const empty = new Uint8Array(0);
const secretBytes = 64;

/**
 * SealBase (§6.1). The ephemeral private key is 56 bytes of `randomness`, used as they are: DeriveKeyPair
 * (§7.1.3) would only hash them first.
 * @param publicKey the recipient's, 56 bytes.
 * @returns `enc[56] || ciphertext`, `plaintext.length + 72` bytes.
 * @throws CodedError `ERR_CRYPTO_KEY` for a public key that X448 refuses.
 */
export function sealHpke(
  publicKey: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
  randomness: Randomness,
): Uint8Array<ArrayBuffer> {
  const ephemeral = deriveDhKeyPair(randomness.bytes(dhKeyBytes));
  try {
    const shared = dh(ephemeral.privateKey, publicKey);
    return withKeys(shared, ephemeral.publicKey, publicKey, info, (key, nonce) =>
      concat(ephemeral.publicKey, sealAead(key, nonce, aad, plaintext)),
    );
  } finally {
    wipe(ephemeral.privateKey);
  }
}

/**
 * OpenBase (§6.1).
 * @param recipient both halves of the key that was sealed to.
 * @throws CodedError `ERR_CRYPTO_OPEN`, whatever the reason.
 */
export function openHpke(
  recipient: DhKeyPair,
  info: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  requireSize('private key', recipient.privateKey, dhKeyBytes);
  const encapsulated = sealed.subarray(0, dhKeyBytes);
  let shared: Uint8Array;
  try {
    shared = dh(recipient.privateKey, encapsulated);
  } catch {
    throw cannotOpen();
  }
  return withKeys(shared, encapsulated, recipient.publicKey, info, (key, nonce) =>
    openAead(key, nonce, aad, sealed.subarray(dhKeyBytes)),
  );
}

/** DHKEM's ExtractAndExpand (§4.1), then KeySchedule (§5.1) for mode_base. Wipes what it derives, and `dhOutput`. */
function withKeys<T>(
  dhOutput: Uint8Array,
  encapsulated: Uint8Array,
  publicKey: Uint8Array,
  info: Uint8Array,
  use: (key: Uint8Array, nonce: Uint8Array) => T,
): T {
  const prk = extract(kemSuite, empty, 'eae_prk', dhOutput);
  const sharedSecret = expand(kemSuite, prk, 'shared_secret', concat(encapsulated, publicKey), secretBytes);
  const context = concat(
    Uint8Array.of(0x00),
    extract(suite, empty, 'psk_id_hash', empty),
    extract(suite, empty, 'info_hash', info),
  );
  const secret = extract(suite, sharedSecret, 'secret', empty);
  const key = expand(suite, secret, 'key', context, aeadKeyBytes);
  const nonce = expand(suite, secret, 'base_nonce', context, aeadNonceBytes);
  try {
    return use(key, nonce);
  } finally {
    wipe(dhOutput, prk, sharedSecret, secret, key, nonce);
  }
}

/** LabeledExtract (§4). The labelled copy of `ikm` goes at once. */
function extract(suiteId: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  const labelled = concat(version, suiteId, toUtf8(label), ikm);
  try {
    return hkdfExtract(salt, labelled);
  } finally {
    wipe(labelled);
  }
}

/** LabeledExpand (§4). */
function expand(
  suiteId: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  size: number,
): Uint8Array {
  return hkdfExpand(
    prk,
    concat(Uint8Array.of(size >> 8, size & 0xff), version, suiteId, toUtf8(label), info),
    size,
  );
}
