/** ML-KEM-1024 (FIPS 203). Private keys are kept as the 64-byte seed (d || z). */
import { ml_kem1024 } from '@noble/post-quantum/ml-kem.js';
import { CodedError } from '../errors/index.ts';
import type { Randomness } from './randomness.ts';

export const kemPublicKeyBytes = 1568;
export const kemCiphertextBytes = 1568;
export const kemSeedBytes = 64;

/** `publicKey` is 1,568 bytes, `seed` 64. */
export interface KemKeyPair {
  readonly publicKey: Uint8Array;
  readonly seed: Uint8Array;
}

export function generateKemKeyPair(randomness: Randomness): KemKeyPair {
  const seed = randomness.bytes(kemSeedBytes);
  return { publicKey: ml_kem1024.keygen(seed).publicKey, seed };
}

/**
 * @returns a ciphertext of 1,568 bytes and the shared secret of 32.
 * @throws CodedError `ERR_CRYPTO_KEY` for a public key that fails the check of FIPS 203 §7.2.
 */
export function encapsulate(
  publicKey: Uint8Array,
  randomness: Randomness,
): { ciphertext: Uint8Array; sharedSecret: Uint8Array } {
  try {
    const { cipherText, sharedSecret } = ml_kem1024.encapsulate(publicKey, randomness.bytes(32));
    return { ciphertext: cipherText, sharedSecret };
  } catch {
    throw new CodedError('ERR_CRYPTO_KEY', 'the public key is not acceptable');
  }
}

/**
 * @returns 32 bytes; for a ciphertext that is not of this key they are random-looking (implicit rejection).
 * @throws CodedError `ERR_CRYPTO_KEY` for a ciphertext of the wrong length.
 */
export function decapsulate(seed: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  if (ciphertext.length !== kemCiphertextBytes) throw new CodedError('ERR_CRYPTO_KEY', 'not a ciphertext');
  return ml_kem1024.decapsulate(ciphertext, ml_kem1024.keygen(seed).secretKey);
}
