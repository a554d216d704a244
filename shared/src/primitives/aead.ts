/** AES-256-GCM (NIST SP 800-38D) with 96-bit nonces and 128-bit tags. */
import { CodedError } from '../errors/index.ts';
import { backend } from './backends/index.ts';
import { requireSize } from './sizes.ts';

export const aeadKeyBytes = 32;
export const aeadNonceBytes = 12;
export const aeadTagBytes = 16;

/**
 * @param key 32 bytes. @param nonce 12 bytes, never used twice with one key.
 * @returns ciphertext and tag: `plaintext.length + 16` bytes.
 */
export function sealAead(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  requireSize('key', key, aeadKeyBytes);
  requireSize('nonce', nonce, aeadNonceBytes);
  return backend('aead').seal(key, nonce, aad, plaintext);
}

/**
 * @param key 32 bytes. @param nonce 12 bytes.
 * @returns `sealed.length - 16` bytes.
 * @throws CodedError `ERR_CRYPTO_OPEN`, whatever the reason.
 */
export function openAead(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  requireSize('key', key, aeadKeyBytes);
  requireSize('nonce', nonce, aeadNonceBytes);
  if (sealed.length < aeadTagBytes) throw cannotOpen();
  const { open } = backend('aead');
  try {
    return open(key, nonce, aad, sealed);
  } catch {
    throw cannotOpen();
  }
}

/** The one error of everything that opens. */
export function cannotOpen(): CodedError<'ERR_CRYPTO_OPEN'> {
  return new CodedError('ERR_CRYPTO_OPEN', 'the ciphertext could not be opened');
}
