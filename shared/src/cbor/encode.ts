import { encode, rfc8949EncodeOptions } from 'cborg';
import { maxDepth, type CborValue } from './value.ts';

/** Matches a surrogate without its partner: text that has no UTF-8. */
const loneSurrogate = /\p{Surrogate}/u;

/**
 * Properties that are `undefined` are left out.
 * @throws TypeError for what is not a {@link CborValue}: fractions, integers beyond 2^53 - 1, text with a lone
 *   surrogate, objects of a class, `undefined` elsewhere, more than 16 levels of arrays and maps.
 */
export function encodeCbor(value: CborValue): Uint8Array<ArrayBuffer> {
  requireEncodable(value, maxDepth);
  // A copy: the encoder's own result lies in Buffer's pool, beside what others encoded.
  return new Uint8Array(encode(value, { ...rfc8949EncodeOptions, ignoreUndefinedProperties: true }));
}

/** The encoder by itself would make floats, replace lone surrogates, and take Map, Date and the like. */
function requireEncodable(value: unknown, levels: number): void {
  if (value === null || typeof value === 'boolean' || value instanceof Uint8Array) return;
  if (typeof value === 'string') {
    requireText(value);
    return;
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError('CBOR here has safe integers only');
    return;
  }
  if (typeof value !== 'object') throw new TypeError(`CBOR here has no ${typeof value}`);
  if (levels === 0) throw new TypeError(`more than ${maxDepth} levels`);
  if (Array.isArray(value)) {
    // Not forEach: it would skip holes.
    for (const item of value) requireEncodable(item, levels - 1);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError('CBOR here has plain objects only');
  for (const [key, property] of Object.entries(value)) {
    if (property === undefined) continue;
    requireText(key);
    requireEncodable(property, levels - 1);
  }
}

function requireText(text: string): void {
  if (loneSurrogate.test(text)) throw new TypeError('text with a lone surrogate');
}
