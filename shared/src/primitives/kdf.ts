/** SHA-512 (FIPS 180-4), HMAC (RFC 2104) and HKDF (RFC 5869) over it. */
import { expand, extract, hkdf as nobleHkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha512 as nobleSha512 } from '@noble/hashes/sha2.js';
import { concat, toUtf8 } from '../bytes/index.ts';

export const hash32Bytes = 32;

/** @returns 64 bytes. */
export function sha512(data: Uint8Array): Uint8Array {
  return nobleSha512(data);
}

/** @returns 64 bytes. */
export function hmacSha512(key: Uint8Array, data: Uint8Array): Uint8Array {
  return hmac(nobleSha512, key, data);
}

/** RFC 5869 §2, extract and expand. @param size at most 16,320 bytes. */
export function hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, size: number): Uint8Array {
  return nobleHkdf(nobleSha512, ikm, salt, info, size);
}

/** RFC 5869 §2.2. @returns 64 bytes. */
export function hkdfExtract(salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return extract(nobleSha512, ikm, salt);
}

/** RFC 5869 §2.3. @param size at most 16,320 bytes. */
export function hkdfExpand(prk: Uint8Array, info: Uint8Array, size: number): Uint8Array {
  return expand(nobleSha512, prk, info, size);
}

/** The name of a public structure: the first 32 bytes of SHA-512(label || 0x00 || data). */
export function hash32(label: string, data: Uint8Array): Uint8Array {
  return sha512(concat(toUtf8(label), new Uint8Array(1), data)).slice(0, hash32Bytes);
}
