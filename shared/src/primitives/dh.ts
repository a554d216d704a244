/** X448 (RFC 7748 §5). Small-order and non-canonical public keys are refused before any backend is asked. */
import { x448 } from '@noble/curves/ed448.js';
import { CodedError } from '../errors/index.ts';
import type { Randomness } from './randomness.ts';

export const dhKeyBytes = 56;

/** Both halves are 56 bytes. */
export interface DhKeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

export function generateDhKeyPair(randomness: Randomness): DhKeyPair {
  return deriveDhKeyPair(randomness.bytes(dhKeyBytes));
}

/** @param privateKey 56 bytes; clamped where it is used, kept as given. */
export function deriveDhKeyPair(privateKey: Uint8Array): DhKeyPair {
  return { publicKey: x448.getPublicKey(privateKey), privateKey };
}

/**
 * @returns the shared secret, 56 bytes.
 * @throws CodedError `ERR_CRYPTO_KEY` for a public key of small order or not in canonical form.
 */
export function dh(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  try {
    return x448.getSharedSecret(privateKey, publicKey);
  } catch {
    throw new CodedError('ERR_CRYPTO_KEY', 'the public key is not acceptable');
  }
}
