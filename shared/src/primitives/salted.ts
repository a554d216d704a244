/**
 * AES-256-GCM under a key and nonce that are both derived from a long-lived key and a fresh random salt:
 * a state rolled back by a snapshot or a restored folder never seals two messages under one key and nonce.
 *
 *   sealed = salt[32] || AES-256-GCM(key, nonce, aad, plaintext)
 *   key[32] || nonce[12] = HKDF-SHA512(ikm = key, salt = salt, info, 44)
 */
import { concat, toUtf8, wipe } from '../bytes/index.ts';
import { aeadKeyBytes, aeadNonceBytes, aeadTagBytes, cannotOpen, openAead, sealAead } from './aead.ts';
import { hkdf } from './kdf.ts';
import type { Randomness } from './randomness.ts';
import { requireSize } from './sizes.ts';

export const saltBytes = 32;

/**
 * @param key 32 bytes. @param info the derivation's own label.
 * @returns `32 + plaintext.length + 16` bytes.
 */
export function sealSalted(
  key: Uint8Array,
  info: string,
  aad: Uint8Array,
  plaintext: Uint8Array,
  randomness: Randomness,
): Uint8Array<ArrayBuffer> {
  requireSize('key', key, aeadKeyBytes);
  const salt = randomness.bytes(saltBytes);
  requireSize('salt', salt, saltBytes);
  return withDerived(key, salt, info, (aeadKey, nonce) =>
    concat(salt, sealAead(aeadKey, nonce, aad, plaintext)),
  );
}

/** @param key 32 bytes. @throws CodedError `ERR_CRYPTO_OPEN`, whatever the reason. */
export function openSalted(key: Uint8Array, info: string, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  requireSize('key', key, aeadKeyBytes);
  if (sealed.length < saltBytes + aeadTagBytes) throw cannotOpen();
  return withDerived(key, sealed.subarray(0, saltBytes), info, (aeadKey, nonce) =>
    openAead(aeadKey, nonce, aad, sealed.subarray(saltBytes)),
  );
}

function withDerived<T>(
  key: Uint8Array,
  salt: Uint8Array,
  info: string,
  use: (aeadKey: Uint8Array, nonce: Uint8Array) => T,
): T {
  const derived = hkdf(key, salt, toUtf8(info), aeadKeyBytes + aeadNonceBytes);
  try {
    return use(derived.subarray(0, aeadKeyBytes), derived.subarray(aeadKeyBytes));
  } finally {
    wipe(derived);
  }
}
