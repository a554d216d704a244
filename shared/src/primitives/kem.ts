/** ML-KEM-1024 (FIPS 203). Private keys are kept as the 64-byte seed (d || z). */
import { wipe } from '../bytes/index.ts';
import { CodedError } from '../errors/index.ts';
import { backend } from './backends/index.ts';
import type { Randomness } from './randomness.ts';
import { requireSize } from './sizes.ts';

export const kemPublicKeyBytes = 1568;
export const kemCiphertextBytes = 1568;
export const kemSeedBytes = 64;
const kemMessageBytes = 32;

/** `publicKey` is 1,568 bytes, `seed` 64. */
export interface KemKeyPair {
  readonly publicKey: Uint8Array;
  readonly seed: Uint8Array;
}

export function generateKemKeyPair(randomness: Randomness): KemKeyPair {
  const seed = randomness.bytes(kemSeedBytes);
  requireSize('seed', seed, kemSeedBytes);
  return { publicKey: backend('kem').publicKey(seed), seed };
}

/**
 * @returns a ciphertext of 1,568 bytes and the shared secret of 32.
 * @throws CodedError `ERR_CRYPTO_KEY` for a public key of another size or one that fails the modulus check of
 *   FIPS 203 §7.2.
 */
export function encapsulate(
  publicKey: Uint8Array,
  randomness: Randomness,
): { ciphertext: Uint8Array; sharedSecret: Uint8Array } {
  if (publicKey.length !== kemPublicKeyBytes) throw new CodedError('ERR_CRYPTO_KEY', 'not a public key');
  const message = randomness.bytes(kemMessageBytes);
  requireSize('randomness', message, kemMessageBytes);
  const kem = backend('kem');
  try {
    return kem.encapsulate(publicKey, message);
  } catch {
    throw new CodedError('ERR_CRYPTO_KEY', 'the public key is not acceptable');
  } finally {
    wipe(message);
  }
}

/**
 * @param seed 64 bytes.
 * @returns 32 bytes; for a ciphertext that is not of this key they are random-looking (implicit rejection).
 * @throws CodedError `ERR_CRYPTO_KEY` for a ciphertext of the wrong length.
 */
export function decapsulate(seed: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  requireSize('seed', seed, kemSeedBytes);
  if (ciphertext.length !== kemCiphertextBytes) throw new CodedError('ERR_CRYPTO_KEY', 'not a ciphertext');
  return backend('kem').decapsulate(seed, ciphertext);
}
