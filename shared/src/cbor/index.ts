/**
 * CBOR (RFC 8949) in the deterministic encoding of §4.2, and nothing else: bytes that are not the one encoding
 * of their value are refused, so that equal values have equal bytes wherever they are hashed or signed. Of the
 * data model there is what our structures need: integers up to 2^53 - 1 on either side of zero, byte strings,
 * text, arrays, maps with text keys, true, false and null.
 *
 * What was decoded shares no memory with the input, and what was encoded shares none with anything.
 */
export { decodeCbor } from './decode.ts';
export { encodeCbor } from './encode.ts';
export type { CborValue } from './value.ts';
