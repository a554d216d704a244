/** X448 (RFC 7748 §5). Small-order and non-canonical public keys are refused before any backend is asked. */
import { CodedError } from '../errors/index.ts';
import { backend } from './backends/index.ts';
import { isAcceptableU } from './curve448.ts';
import type { Randomness } from './randomness.ts';
import { requireSize } from './sizes.ts';

export const dhKeyBytes = 56;

/** Both halves are 56 bytes. */
export interface DhKeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

export function generateDhKeyPair(randomness: Randomness): DhKeyPair {
  return deriveDhKeyPair(randomness.bytes(dhKeyBytes));
}

/**
 * @param privateKey 56 bytes; clamped where it is used, kept as given.
 * @throws CodedError `ERR_CRYPTO_KEY` for the one scalar (of 2^445) that has no public half.
 */
export function deriveDhKeyPair(privateKey: Uint8Array): DhKeyPair {
  requireSize('private key', privateKey, dhKeyBytes);
  const { publicKey } = backend('x448');
  return { publicKey: nonZero(() => publicKey(privateKey)), privateKey };
}

/**
 * @returns the shared secret, 56 bytes, never all zero.
 * @throws CodedError `ERR_CRYPTO_KEY` for a public key of another size, of small order or not in canonical form.
 */
export function dh(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  requireSize('private key', privateKey, dhKeyBytes);
  if (!isAcceptableU(publicKey)) throw notAcceptable();
  const { sharedSecret } = backend('x448');
  return nonZero(() => sharedSecret(privateKey, publicKey));
}

/** RFC 7748 §6.2. Some backends throw for zero, others return it. */
function nonZero(compute: () => Uint8Array): Uint8Array {
  let result: Uint8Array;
  try {
    result = compute();
  } catch {
    throw notAcceptable();
  }
  let seen = 0;
  for (const byte of result) seen |= byte;
  if (seen === 0) throw notAcceptable();
  return result;
}

function notAcceptable(): CodedError<'ERR_CRYPTO_KEY'> {
  return new CodedError('ERR_CRYPTO_KEY', 'the key is not acceptable');
}
