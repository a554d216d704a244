import { decode, encode, rfc8949EncodeOptions, Tokenizer, type DecodeOptions } from 'cborg';
import * as v from 'valibot';
import { equalBytes, fromUtf8 } from '../bytes/index.ts';
import { CodedError } from '../errors/index.ts';
import { maxDepth } from './value.ts';

const options = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
  retainStringBytes: true,
} satisfies DecodeOptions;

/**
 * Decodes untrusted bytes and checks them against `schema`, in time linear in their length but for the sorting of
 * map keys.
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
    // A Buffer would hand out slices of itself.
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    const value: unknown = decode(plain, { ...options, tokenizer: new StrictTokenizer(plain, options) });
    if (!equalBytes(encode(value, rfc8949EncodeOptions), plain)) throw new RangeError('not deterministic');
    return value;
  } catch {
    throw new CodedError('ERR_FORMAT', 'not deterministic CBOR');
  }
}

/**
 * Lets through the types that we have, decodes text as well-formed UTF-8 without touching it (the library would
 * replace what is malformed, and drop a byte order mark), and counts the levels before the decoder descends.
 */
class StrictTokenizer extends Tokenizer {
  /** For each open array or map, how many items are still to come. */
  readonly #open: number[] = [];

  override next(): ReturnType<Tokenizer['next']> {
    const token = super.next();
    const open = this.#open;
    while (open.at(-1) === 0) open.pop();
    if (open.length > 0) open[open.length - 1]! -= 1;
    switch (token.type.name) {
      case 'uint':
      case 'negint':
      case 'bytes':
      case 'false':
      case 'true':
      case 'null':
        return token;
      case 'string':
        if (token.byteValue !== undefined) token.value = fromUtf8(token.byteValue);
        return token;
      case 'array':
      case 'map': {
        const items = Number(token.value);
        open.push(token.type.name === 'map' ? items * 2 : items);
        if (open.length > maxDepth) throw new RangeError('too deep');
        return token;
      }
      default:
        throw new RangeError('not of our types');
    }
  }
}
