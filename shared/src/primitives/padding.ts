/**
 * Padmé (Nikitin et al., PETS 2019, §4), never under 256 bytes: the size of a ciphertext tells at most
 * O(log log n) bits about the plaintext, for at most 12 % more. The padding itself is that of ISO/IEC 7816-4:
 * 0x80, then zeros.
 */
import { CodedError } from '../errors/index.ts';

const minBytes = 256;

/** The padded size of a plaintext of `size` bytes, the marker included. */
export function paddedSize(size: number): number {
  const needed = Math.max(size + 1, minBytes);
  const exponent = Math.floor(Math.log2(needed));
  const zeroBits = exponent - (Math.floor(Math.log2(exponent)) + 1);
  const mask = 2 ** zeroBits;
  return Math.ceil(needed / mask) * mask;
}

export function pad(plaintext: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(paddedSize(plaintext.length));
  padded.set(plaintext);
  padded[plaintext.length] = 0x80;
  return padded;
}

/** @throws CodedError `ERR_FORMAT` unless `padded` is what {@link pad} gives for its plaintext. */
export function unpad(padded: Uint8Array): Uint8Array {
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end--;
  if (end < 0 || padded[end] !== 0x80 || paddedSize(end) !== padded.length) {
    throw new CodedError('ERR_FORMAT', 'the padding is not right');
  }
  return padded.subarray(0, end);
}
