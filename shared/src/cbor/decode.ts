import * as v from 'valibot';
import { compareBytes, fromUtf8 } from '../bytes/index.ts';
import { CodedError } from '../errors/index.ts';
import { maxDepth, type CborValue } from './value.ts';

/** RFC 8949 §3.1, of which floats and tags are missing. */
const majorTypes = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, simple: 7 };
/** The lower five bits of an item's first byte: below 24 the argument itself, else how many bytes it has. */
const oneByte = 24;
const twoBytes = 25;
const fourBytes = 26;
const eightBytes = 27;
const ordinary = { configurable: true, enumerable: true, writable: true };
const simple = { false: 20, true: 21, null: 22 };

/**
 * Decodes untrusted bytes and checks them against `schema`, in time linear in their length.
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

function decodeStrictly(bytes: Uint8Array): CborValue {
  try {
    const reader = new Reader(bytes);
    const value = reader.value(maxDepth);
    reader.end();
    return value;
  } catch {
    throw new CodedError('ERR_FORMAT', 'not deterministic CBOR');
  }
}

/**
 * Takes one item after the other, and only in the one form that is deterministic (RFC 8949 §4.2.1): arguments as
 * short as they can be, definite lengths, keys in the order of their encodings and each once. Whatever is wrong
 * throws, of whatever kind; nobody is told which it was.
 */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** @param levels how many arrays and maps may stand in each other from here on */
  value(levels: number): CborValue {
    const first = this.#view.getUint8(this.#at++);
    const low = first & 31;
    switch (first >> 5) {
      case majorTypes.unsigned:
        return this.#argument(low);
      case majorTypes.negative:
        return safe(-1 - this.#argument(low));
      case majorTypes.bytes:
        // A copy, and no Buffer, which would hand out slices of itself.
        return new Uint8Array(this.#take(this.#argument(low)));
      case majorTypes.text:
        return fromUtf8(this.#take(this.#argument(low)));
      case majorTypes.array:
        return this.#array(this.#argument(low), levels);
      case majorTypes.map:
        return this.#map(this.#argument(low), levels);
      case majorTypes.simple:
        if (low === simple.false) return false;
        if (low === simple.true) return true;
        if (low === simple.null) return null;
        throw new RangeError('not of our types');
      default:
        throw new RangeError('not of our types');
    }
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new RangeError('more after the value');
  }

  #array(count: number, levels: number): CborValue[] {
    if (levels === 0) throw new RangeError('too deep');
    const items: CborValue[] = [];
    // Each takes at least a byte, so that the end of the bytes ends this, whatever the count says.
    for (let i = 0; i < count; i++) items.push(this.value(levels - 1));
    return items;
  }

  #map(count: number, levels: number): Record<string, CborValue> {
    if (levels === 0) throw new RangeError('too deep');
    const map: Record<string, CborValue> = {};
    let last: Uint8Array | undefined;
    for (let i = 0; i < count; i++) {
      const from = this.#at;
      const key = this.value(0);
      if (typeof key !== 'string') throw new RangeError('not a key');
      const encoded = this.#bytes.subarray(from, this.#at);
      if (last !== undefined && compareBytes(last, encoded) >= 0) throw new RangeError('keys out of order');
      last = encoded;
      const value = this.value(levels - 1);
      // An assignment would give the map another prototype.
      if (key === '__proto__') Object.defineProperty(map, key, { value, ...ordinary });
      else map[key] = value;
    }
    return map;
  }

  #argument(low: number): number {
    const at = this.#at;
    switch (low) {
      case oneByte:
        this.#at += 1;
        return atLeast(oneByte, this.#view.getUint8(at));
      case twoBytes:
        this.#at += 2;
        return atLeast(2 ** 8, this.#view.getUint16(at));
      case fourBytes:
        this.#at += 4;
        return atLeast(2 ** 16, this.#view.getUint32(at));
      case eightBytes:
        this.#at += 8;
        return safe(atLeast(2 ** 32, this.#view.getUint32(at) * 2 ** 32 + this.#view.getUint32(at + 4)));
      default:
        if (low > eightBytes) throw new RangeError('no argument');
        return low;
    }
  }

  #take(size: number): Uint8Array {
    const from = this.#at;
    if (size > this.#bytes.length - from) throw new RangeError('cut off');
    this.#at = from + size;
    return this.#bytes.subarray(from, this.#at);
  }
}

function atLeast(least: number, value: number): number {
  if (value < least) throw new RangeError('longer than it has to be');
  return value;
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError('more than a number holds exactly');
  return value;
}
