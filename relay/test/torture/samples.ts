/** Values that fit a schema of the OpenAPI document, and values that nearly do. */
import { pick, type Random } from './random.ts';

/** As far as the document uses it. */
export interface Schema {
  readonly type?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly 'x-cbor-type'?: string;
}

/** What travels, before it is encoded: a byte string is a Uint8Array. */
export type Value =
  null | boolean | number | string | Uint8Array | readonly Value[] | { readonly [key: string]: Value };

/** By the name of a property: values that the relay knows, so that a request gets behind the first look. */
export type Known = Readonly<Record<string, readonly (string | Uint8Array)[]>>;

const usualBytes = 200;

export function sample(schema: Schema, random: Random, known: Known, name = ''): Value {
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).flatMap(([key, inner]) =>
          schema.required?.includes(key) === false && random() < 0.5
            ? []
            : [[key, sample(inner, random, known, key)]],
        ),
      );
    case 'array': {
      const most = Math.min(schema.maxItems ?? 3, (schema.minItems ?? 0) + 3);
      const count = Math.max(schema.minItems ?? 0, Math.floor(random() * (most + 1)));
      return Array.from({ length: count }, () => sample(schema.items ?? {}, random, known, name));
    }
    case 'integer':
      return random() < 0.8
        ? (schema.minimum ?? 0)
        : Math.floor(random() * Math.min(schema.maximum ?? 1000, 1000));
    case 'string':
      return text(schema, random, known, name);
    default:
      return null;
  }
}

/** A string, or bytes where the schema means a byte string of CBOR. */
export function text(schema: Schema, random: Random, known: Known, name: string): string | Uint8Array {
  const isBytes = schema['x-cbor-type'] !== undefined;
  const fitting = (known[name] ?? []).filter((one) => isBytes === one instanceof Uint8Array);
  if (fitting.length > 0 && random() < 0.8) return pick(random, fitting);
  const least = schema.minLength ?? 0;
  const length =
    least + Math.floor(random() * (Math.min(schema.maxLength ?? usualBytes, least + usualBytes) - least));
  if (isBytes) return Uint8Array.from({ length }, () => Math.floor(random() * 256));
  if (schema.pattern !== undefined) return fromPattern(schema.pattern, random);
  return Array.from({ length }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join('');
}

/** Of classes of characters with a count each: what the wire's patterns are made of. */
function fromPattern(pattern: string, random: Random): string {
  const parts = pattern.matchAll(/\[([^\]]+)\](?:\{(\d+)(?:,(\d+))?\}|(\*))?/g);
  return [...parts]
    .map(([, letters = '', least, most, any]) => {
      const from = any === undefined ? Number(least ?? 1) : 0;
      const to = any === undefined ? Number(most ?? from) : 60;
      const alphabet = letters.replace(/(.)-(.)/g, (_, a: string, b: string) => range(a, b));
      const count = from + Math.floor(random() * (to - from + 1));
      return Array.from({ length: count }, () =>
        alphabet.charAt(Math.floor(random() * alphabet.length)),
      ).join('');
    })
    .join('');
}

function range(from: string, to: string): string {
  const first = from.charCodeAt(0);
  return String.fromCharCode(...Array.from({ length: to.charCodeAt(0) - first + 1 }, (_, i) => first + i));
}

const strange: readonly Value[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1.5,
    2 ** 53,
    -(2 ** 53),
    1e308,
    Number.MIN_VALUE,
    '',
    ' ',
    '0',
    'null',
    '\u0000',
  ],
  ...[
    'A'.repeat(43),
    'A'.repeat(100_000),
    '../../etc/passwd',
    "' OR 1=1 --",
    '${7*7}',
    '\ud800',
    '\u202e',
    '💥',
  ],
  ...[[], {}, [[[[[[[[]]]]]]]], new Uint8Array(0), new Uint8Array(32), new Uint8Array(70_000)],
];
const strangeKeys = ['__proto__', 'constructor', 'toString', '', 'length', 'ID', 'id ', '\u0000', 'extra'];

/** The same with one thing wrong somewhere inside. */
export function spoil(value: Value, random: Random): Value {
  const isDeeper = random() < 0.75;
  if (Array.isArray(value)) {
    const items = value as readonly Value[];
    if (items.length > 0 && isDeeper) {
      const at = Math.floor(random() * items.length);
      return items.map((item, i) => (i === at ? spoil(item, random) : item));
    }
    return random() < 0.5 ? Array.from({ length: 300 }, () => items[0] ?? null) : pick(random, strange);
  }
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
    const entries = Object.entries(value as Record<string, Value>);
    const at = Math.floor(random() * entries.length);
    if (entries.length > 0 && isDeeper)
      return Object.fromEntries(
        entries.map(([key, inner], i) => [key, i === at ? spoil(inner, random) : inner]),
      );
    if (entries.length > 0 && random() < 0.4) return Object.fromEntries(entries.filter((_, i) => i !== at));
    return Object.fromEntries([...entries, [pick(random, strangeKeys), pick(random, strange)]]);
  }
  return pick(random, strange);
}
