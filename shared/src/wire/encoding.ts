/** Binary values: as they are in CBOR, base64url in JSON. */
import * as v from 'valibot';
import { fromBase64url } from '../bytes/index.ts';

function anyBytes() {
  return v.custom<Uint8Array>((value) => value instanceof Uint8Array);
}

/** A CBOR byte string of exactly `size` bytes. */
export function bytesOf(size: number) {
  return v.pipe(anyBytes(), v.length(size));
}

/** A CBOR byte string of at most `max` bytes. */
export function bytesUpTo(max: number) {
  return v.pipe(anyBytes(), v.maxLength(max));
}

/** A CBOR unsigned integer up to `max`. */
export function uint(max: number = Number.MAX_SAFE_INTEGER) {
  return v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(max));
}

/** A JSON string that holds exactly `size` bytes in base64url; the output is the bytes. */
export function base64urlOf(size: number) {
  const letters = Math.ceil((size * 4) / 3);
  return v.pipe(v.string(), v.regex(new RegExp(`^[A-Za-z0-9_-]{${letters}}$`)), toBytes(), v.length(size));
}

/** A JSON string that holds at most `max` bytes in base64url; the output is the bytes. */
export function base64urlUpTo(max: number) {
  const letters = Math.ceil((max * 4) / 3);
  return v.pipe(v.string(), v.maxLength(letters), v.regex(/^[A-Za-z0-9_-]*$/), toBytes());
}

function toBytes() {
  return v.rawTransform<string, Uint8Array>(({ dataset, addIssue, NEVER }) => {
    try {
      return fromBase64url(dataset.value);
    } catch {
      addIssue({ message: 'not base64url' });
      return NEVER;
    }
  });
}
