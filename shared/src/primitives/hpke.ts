/**
 * HPKE (RFC 9180), base mode, single shot, for one suite: DHKEM(X448, HKDF-SHA512) 0x0021, HKDF-SHA512 0x0003,
 * AES-256-GCM 0x0002.
 */
import { concat, toUtf8 } from '../bytes/index.ts';
import { CodedError } from '../errors/index.ts';
import { openAead, sealAead } from './aead.ts';
import { deriveDhKeyPair, dh, dhKeyBytes, type DhKeyPair } from './dh.ts';
import { hkdfExpand, hkdfExtract } from './kdf.ts';
import type { Randomness } from './randomness.ts';

const version = toUtf8('HPKE-v1');
const kemSuite = concat(toUtf8('KEM'), Uint8Array.of(0x00, 0x21));
const suite = concat(toUtf8('HPKE'), Uint8Array.of(0x00, 0x21, 0x00, 0x03, 0x00, 0x02));
const empty = new Uint8Array(0);
const [secretBytes, keyBytes, nonceBytes] = [64, 32, 12];

/**
 * SealBase (§6.1).
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
  const sharedSecret = deriveShared(dh(ephemeral.privateKey, publicKey), ephemeral.publicKey, publicKey);
  const { key, nonce } = deriveKeys(sharedSecret, info);
  return concat(ephemeral.publicKey, sealAead(key, nonce, aad, plaintext));
}

/**
 * OpenBase (§6.1).
 * @throws CodedError `ERR_CRYPTO_OPEN`, whatever the reason.
 */
export function openHpke(recipient: DhKeyPair, info: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  const encapsulated = sealed.subarray(0, dhKeyBytes);
  let shared: Uint8Array;
  try {
    shared = dh(recipient.privateKey, encapsulated);
  } catch {
    throw new CodedError('ERR_CRYPTO_OPEN', 'the ciphertext could not be opened');
  }
  const { key, nonce } = deriveKeys(deriveShared(shared, encapsulated, recipient.publicKey), info);
  return openAead(key, nonce, aad, sealed.subarray(dhKeyBytes));
}

/** DHKEM's ExtractAndExpand (§4.1). */
function deriveShared(dhOutput: Uint8Array, encapsulated: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const prk = extract(kemSuite, empty, 'eae_prk', dhOutput);
  return expand(kemSuite, prk, 'shared_secret', concat(encapsulated, publicKey), secretBytes);
}

/** KeySchedule (§5.1) for mode_base. */
function deriveKeys(sharedSecret: Uint8Array, info: Uint8Array): { key: Uint8Array; nonce: Uint8Array } {
  const context = concat(
    Uint8Array.of(0x00),
    extract(suite, empty, 'psk_id_hash', empty),
    extract(suite, empty, 'info_hash', info),
  );
  const secret = extract(suite, sharedSecret, 'secret', empty);
  return { key: expand(suite, secret, 'key', context, keyBytes), nonce: expand(suite, secret, 'base_nonce', context, nonceBytes) };
}

function extract(suiteId: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  return hkdfExtract(salt, concat(version, suiteId, toUtf8(label), ikm));
}

function expand(suiteId: Uint8Array, prk: Uint8Array, label: string, info: Uint8Array, size: number): Uint8Array {
  return hkdfExpand(prk, concat(Uint8Array.of(size >> 8, size & 0xff), version, suiteId, toUtf8(label), info), size);
}
