/** Ed448 (RFC 8032 §5.2, no context), always over a label of its own, so that no signature fits two purposes. */
import { ed448 } from '@noble/curves/ed448.js';
import { concat, toUtf8 } from '../bytes/index.ts';
import type { Randomness } from './randomness.ts';

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
  return { publicKey: ed448.getPublicKey(seed), privateKey: seed };
}

/** Signs `label || 0x00 || message`. @returns 114 bytes. */
export function sign(privateKey: Uint8Array, label: string, message: Uint8Array): Uint8Array {
  return ed448.sign(labelled(label, message), privateKey);
}

/** Whether `signature` is that of `publicKey` over `label || 0x00 || message`. Never throws for bad input. */
export function verify(publicKey: Uint8Array, label: string, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return ed448.verify(signature, labelled(label, message), publicKey);
  } catch {
    return false;
  }
}

function labelled(label: string, message: Uint8Array): Uint8Array {
  return concat(toUtf8(label), new Uint8Array(1), message);
}
