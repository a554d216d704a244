/** SHA-512 (FIPS 180-4), HMAC (RFC 2104) and HKDF (RFC 5869) over it. */
import { concat, toUtf8, wipe } from '../bytes/index.ts';
import { backend } from './backends/index.ts';

export const hash32Bytes = 32;

/** RFC 5869 §2.3: 255 blocks of the hash. */
const maxHkdfBytes = 255 * 64;

/** @returns 64 bytes. */
export function sha512(data: Uint8Array): Uint8Array {
  return backend('sha512').hash(data);
}

/** @returns 64 bytes. */
export function hmacSha512(key: Uint8Array, data: Uint8Array): Uint8Array {
  return backend('hmac').mac(key, data);
}

/** RFC 5869 §2, extract and expand. @param size at most 16,320 bytes. */
export function hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, size: number): Uint8Array {
  const prk = hkdfExtract(salt, ikm);
  try {
    return hkdfExpand(prk, info, size);
  } finally {
    wipe(prk);
  }
}

/** RFC 5869 §2.2. @returns 64 bytes. */
export function hkdfExtract(salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return backend('hkdf').extract(salt, ikm);
}

/** RFC 5869 §2.3. @param size at most 16,320 bytes. */
export function hkdfExpand(prk: Uint8Array, info: Uint8Array, size: number): Uint8Array {
  if (!Number.isInteger(size) || size < 0 || size > maxHkdfBytes) {
    throw new RangeError(`HKDF gives 0 to ${maxHkdfBytes} bytes`);
  }
  return backend('hkdf').expand(prk, info, size);
}

/** The name of a public structure: the first 32 bytes of SHA-512(label || 0x00 || data). */
export function hash32(label: string, data: Uint8Array): Uint8Array {
  return sha512(concat(toUtf8(label), new Uint8Array(1), data)).slice(0, hash32Bytes);
}
