/**
 * Ed448 (RFC 8032 §5.2, no context), always over a label of its own, so that no signature fits two purposes.
 * Which encodings are taken is decided in curve448.ts, before any backend is asked.
 */
import { concat, toUtf8 } from '../bytes/index.ts';
import { backend } from './backends/index.ts';
import { isAcceptablePoint, isAcceptableScalar } from './curve448.ts';
import type { Randomness } from './randomness.ts';
import { requireSize } from './sizes.ts';

export const signingKeyBytes = 57;
export const signatureBytes = 114;

/** Both halves are 57 bytes; the private one is RFC 8032's seed. */
export interface SigningKeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

export function generateSigningKeyPair(randomness: Randomness): SigningKeyPair {
  return deriveSigningKeyPair(randomness.bytes(signingKeyBytes));
}

/** @param seed 57 bytes. */
export function deriveSigningKeyPair(seed: Uint8Array): SigningKeyPair {
  requireSize('seed', seed, signingKeyBytes);
  return { publicKey: backend('ed448').publicKey(seed), privateKey: seed };
}

/** Signs `label || 0x00 || message`. @returns 114 bytes. */
export function sign(privateKey: Uint8Array, label: string, message: Uint8Array): Uint8Array {
  requireSize('private key', privateKey, signingKeyBytes);
  return backend('ed448').sign(privateKey, labelled(label, message));
}

/** Whether `signature` is that of `publicKey` over `label || 0x00 || message`. Never throws for bad input. */
export function verify(
  publicKey: Uint8Array,
  label: string,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return unsafeVerifyUnlabelled(publicKey, labelled(label, message), signature);
}

/** For test vectors, whose signatures carry no label. Not exported from the door of primitives. */
export function unsafeVerifyUnlabelled(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== signatureBytes) return false;
  if (!isAcceptablePoint(publicKey)) return false;
  if (!isAcceptablePoint(signature.subarray(0, signingKeyBytes))) return false;
  if (!isAcceptableScalar(signature.subarray(signingKeyBytes))) return false;
  const { verify: check } = backend('ed448');
  try {
    return check(publicKey, message, signature);
  } catch {
    return false;
  }
}

/** For test vectors, as {@link unsafeVerifyUnlabelled}. */
export function unsafeSignUnlabelled(privateKey: Uint8Array, message: Uint8Array): Uint8Array {
  return backend('ed448').sign(privateKey, message);
}

function labelled(label: string, message: Uint8Array): Uint8Array {
  return concat(toUtf8(label), new Uint8Array(1), message);
}
