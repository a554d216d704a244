/**
 * Byte strings and the few things that everything does with them. Nothing here knows what the bytes mean.
 */
export { fromBase64url, toBase64url, fromHex, toHex } from './text.ts';
export { fromUtf8, toUtf8 } from './text.ts';
export { compareBytes, concat, equalBytes, wipe } from './arrays.ts';
export { type Branded, brandBytes } from './brand.ts';
