/** AES-256-GCM (NIST SP 800-38D) with 96-bit nonces and 128-bit tags. */
import { gcm } from '@noble/ciphers/aes.js';
import { CodedError } from '../errors/index.ts';

export const aeadKeyBytes = 32;
export const aeadNonceBytes = 12;
export const aeadTagBytes = 16;

/**
 * @param key 32 bytes. @param nonce 12 bytes, never used twice with one key.
 * @returns ciphertext and tag: `plaintext.length + 16` bytes.
 */
export function sealAead(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return gcm(key, nonce, aad).encrypt(plaintext);
}

/** @throws CodedError `ERR_CRYPTO_OPEN`, whatever the reason. */
export function openAead(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  try {
    return gcm(key, nonce, aad).decrypt(sealed);
  } catch {
    throw new CodedError('ERR_CRYPTO_OPEN', 'the ciphertext could not be opened');
  }
}
