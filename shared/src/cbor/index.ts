/**
 * CBOR (RFC 8949) in the deterministic encoding of §4.2, and nothing else: bytes that are not the one encoding
 * of their value are refused, so that equal values have equal bytes wherever they are hashed or signed.
 */
import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import * as v from 'valibot';
import { equalBytes } from '../bytes/index.ts';
import { CodedError } from '../errors/index.ts';

/** What our structures are made of. Floats, tags, `undefined` and indefinite lengths are not among it. */
export type CborValue =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue | undefined };

/** Deeper nesting than any structure of ours has; it stops a decoder from being led down a well. */
const maxDepth = 16;

/**
 * Properties that are `undefined` are left out.
 * @throws TypeError for a value that is not a {@link CborValue}.
 */
export function encodeCbor(value: CborValue): Uint8Array<ArrayBuffer> {
  return encode(value, { ...rfc8949EncodeOptions, ignoreUndefinedProperties: true });
}

/**
 * Decodes untrusted bytes and checks them against `schema`.
 * @param maxBytes the most that is looked at.
 * @throws CodedError `ERR_FORMAT` for anything that is not the deterministic encoding of a fitting value.
 */
export function decodeCbor<Schema extends v.GenericSchema>(
  schema: Schema,
  bytes: Uint8Array,
  maxBytes: number,
): v.InferOutput<Schema> {
  if (bytes.length > maxBytes) throw new CodedError('ERR_FORMAT', `more than ${maxBytes} bytes`);
  const parsed = v.safeParse(schema, decodeStrictly(bytes), { abortEarly: true });
  if (!parsed.success) throw new CodedError('ERR_FORMAT', 'the structure does not fit its schema');
  return parsed.output;
}

function decodeStrictly(bytes: Uint8Array): unknown {
  try {
    refuseDepth(bytes);
    const value: unknown = decode(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowInfinity: false,
      allowNaN: false,
      allowBigInt: false,
      rejectDuplicateMapKeys: true,
    });
    if (!equalBytes(encode(value, rfc8949EncodeOptions), bytes)) throw new RangeError('not deterministic');
    return value;
  } catch {
    throw new CodedError('ERR_FORMAT', 'not deterministic CBOR');
  }
}

/** Walks the heads of the items without building anything, and throws where they nest too deep or break off. */
function refuseDepth(bytes: Uint8Array): void {
  const open: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    const head = bytes[at]!;
    const additional = head & 0x1f;
    const extra = additional < 24 ? 0 : additional < 28 ? 1 << (additional - 24) : -1;
    if (extra < 0 || at + extra >= bytes.length) throw new RangeError('broken head');
    let argument = additional;
    if (extra > 0) {
      argument = 0;
      for (let i = 1; i <= extra; i++) argument = argument * 256 + bytes[at + i]!;
    }
    at += 1 + extra;
    const major = head >> 5;
    if (major === 2 || major === 3) at += argument;
    const items = major === 4 ? argument : major === 5 ? argument * 2 : 0;
    while (open.length > 0 && open[open.length - 1] === 0) open.pop();
    if (open.length > 0) open[open.length - 1]! -= 1;
    if (items > 0) open.push(items);
    if (open.length > maxDepth) throw new RangeError('too deep');
  }
}
