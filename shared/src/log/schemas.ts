import * as v from 'valibot';
import { decodeCbor } from '../cbor/index.ts';
import { CodedError, hasCode } from '../errors/index.ts';

/** A whole number from 0 to `max`. */
export function uintSchema(max: number = Number.MAX_SAFE_INTEGER) {
  return v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(max));
}

/** A byte string of exactly `size` bytes. */
export function bytesSchema(size: number) {
  return v.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === size);
}

/** A byte string of at most `maxBytes` bytes. */
export function blobSchema(maxBytes: number) {
  return v.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= maxBytes);
}

const versionSchema = v.looseObject({ v: uintSchema() });

/**
 * Decodes a structure of version 1, whose key `v` says so.
 * @throws CodedError `ERR_NEWER_VERSION` where `v` is higher, `ERR_FORMAT` for anything else that does not fit.
 */
export function decodeVersioned<Schema extends v.GenericSchema>(
  schema: Schema,
  bytes: Uint8Array,
  maxBytes: number,
): v.InferOutput<Schema> {
  try {
    return decodeCbor(schema, bytes, maxBytes);
  } catch (error) {
    if (hasCode(error, 'ERR_FORMAT') && versionOf(bytes, maxBytes) > 1) {
      throw new CodedError('ERR_NEWER_VERSION', 'made by a newer version');
    }
    throw error;
  }
}

function versionOf(bytes: Uint8Array, maxBytes: number): number {
  try {
    return decodeCbor(versionSchema, bytes, maxBytes).v;
  } catch {
    return 0;
  }
}
