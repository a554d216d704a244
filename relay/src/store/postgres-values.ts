/** Values on their way to PostgreSQL and back. */
import type { CustomTypesConfig } from 'pg';

export type Row = Readonly<Record<string, unknown>>;

/** What may stand for a parameter: numbers are whole; arrays come from {@link byteArrays} and {@link bigints}. */
export type Parameter = string | number | Uint8Array;

const bigintType = 20;
const byteaType = 17;

/**
 * A `bytea[]` in the server's binary form, which costs half of the bytes of the textual one, and no parsing:
 *
 *   dimensions int32 = 1 || has nulls int32 = 0 || element type int32 || length int32 || lower bound int32 = 1
 *   || for each element: size int32 || bytes
 */
export function byteArrays(values: readonly Uint8Array[]): Uint8Array {
  const size = values.reduce((sum, value) => sum + 4 + value.length, 0);
  const { bytes, view } = beginArray(byteaType, values.length, size);
  let offset = headerBytes;
  for (const value of values) {
    view.setInt32(offset, value.length);
    bytes.set(value, offset + 4);
    offset += 4 + value.length;
  }
  return bytes;
}

/** A `bigint[]`, likewise. */
export function bigints(values: readonly number[]): Uint8Array {
  const { bytes, view } = beginArray(bigintType, values.length, 12 * values.length);
  values.forEach((value, i) => {
    view.setInt32(headerBytes + 12 * i, 8);
    view.setBigInt64(headerBytes + 12 * i + 4, BigInt(value));
  });
  return bytes;
}

const headerBytes = 20;

function beginArray(type: number, length: number, size: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(headerBytes + size);
  const view = new DataView(bytes.buffer);
  [1, 0, type, length, 1].forEach((field, i) => view.setInt32(4 * i, field));
  return { bytes, view };
}

/** Columns come as text, byte strings as `\x` and hexadecimal digits. */
export const columnTypes: CustomTypesConfig = { getTypeParser: (type: number) => parsers[type] ?? asItIs };

const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => text === 't',
  [byteaType]: bytesFromText,
  // Places, times and counts: all within 2^53.
  [bigintType]: Number,
  21: Number,
  23: Number,
};

function asItIs(text: string): unknown {
  return text;
}

function bytesFromText(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length - 2) / 2);
  Buffer.from(bytes.buffer).write(text.slice(2), 'hex');
  return bytes;
}
