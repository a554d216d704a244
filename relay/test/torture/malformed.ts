/** Requests with something wrong in them, made of the operations of the OpenAPI document. */
import { toBase64url } from '@crypt2chat/shared/bytes';
import { type CborValue, encodeCbor } from '@crypt2chat/shared/cbor';
import { between, pick, type Random } from './random.ts';
import { type Known, sample, type Schema, spoil, text, type Value } from './samples.ts';

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly schema: Schema;
}

export interface Described {
  readonly parameters: readonly Parameter[];
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, unknown>>;
}

export interface Operation extends Described {
  readonly method: string;
  readonly template: string;
}

/** What the relay knows, and the credentials by the names that the document gives them. */
export interface Insider {
  readonly known: Known;
  readonly credentials: Readonly<Record<string, readonly [header: string, value: string]>>;
}

export interface Malformed {
  readonly operation: Operation;
  /** What is wrong with it. */
  readonly kind: Kind;
  readonly head: string;
  readonly body: Buffer;
  /**
   * `whole`: everything at once. `cut`: less than was announced, and the connection is closed. `half`: the same, and
   * only our side of it is. `slow`: a few bytes at a time, and then the client goes away.
   */
  readonly pace: 'whole' | 'cut' | 'half' | 'slow';
}

export const kinds = [
  ...([
    'value',
    'bytes',
    'cbor',
    'size',
    'type',
    'credential',
    'header',
    'framing',
    'path',
    'query',
    'method',
  ] as const),
  ...(['truncated', 'slow'] as const),
];
export type Kind = (typeof kinds)[number];

interface Parts {
  method: string;
  path: string;
  version: string;
  headers: [name: string, value: string][];
  body: Buffer;
  pace: Malformed['pace'];
  /** Where a header says it, or none does. */
  length: 'right' | 'none';
}

export function malform(operation: Operation, kind: Kind, insider: Insider, random: Random): Malformed {
  const parts = wellFormed(operation, insider, random);
  spoilers[kind](parts, operation, insider, random);
  const { method, path, version, headers, body, pace, length } = parts;
  if (length === 'right' && body.length > 0) headers.push(['Content-Length', String(body.length)]);
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return { operation, kind, head: `${method} ${path} ${version}\r\n${lines}\r\n`, body, pace };
}

function wellFormed(operation: Operation, insider: Insider, random: Random): Parts {
  const { template, method, parameters, security } = operation;
  let path = template;
  const query = new URLSearchParams();
  for (const { name, in: place, schema } of parameters) {
    const value =
      name === 'wait' ? '0' : text(schema, random, insider.known, `${place} ${name} ${template}`).toString();
    if (place === 'path') path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (name === 'wait' || random() < 0.5) query.set(name, value);
  }
  if (query.size > 0) path += `?${query.toString()}`;
  const headers: [string, string][] = [
    ['Host', '127.0.0.1'],
    ['Connection', 'close'],
  ];
  const [name = ''] = Object.keys(pick(random, security));
  const credential = insider.credentials[name];
  if (credential !== undefined) headers.push([...credential]);
  const [type] = Object.keys(operation.requestBody?.content ?? {});
  let body: Buffer = Buffer.alloc(0);
  if (type !== undefined) {
    headers.push(['Content-Type', type]);
    body = encode(type, sample(operation.requestBody!.content[type]!.schema, random, insider.known));
  }
  return {
    method: method.toUpperCase(),
    path,
    version: 'HTTP/1.1',
    headers,
    body,
    pace: 'whole',
    length: 'right',
  };
}

function encode(type: string, value: Value): Buffer {
  if (type.endsWith('json')) {
    const asText = (_: string, inner: unknown): unknown =>
      inner instanceof Uint8Array ? toBase64url(inner) : inner;
    return Buffer.from(JSON.stringify(value, asText));
  }
  try {
    return Buffer.from(encodeCbor(value as CborValue));
  } catch {
    // What our own encoder does not write: a float and a map that begin and do not go on.
    return Buffer.from('fb7ff8000000000000a1', 'hex');
  }
}

const cborExtremes = [
  Buffer.alloc(20_000, 0x81),
  Buffer.alloc(20_000, 0xd8),
  Buffer.from('9bffffffffffffffff', 'hex'),
  Buffer.from('bb7fffffffffffffff', 'hex'),
  Buffer.from('5bffffffffffffffff00', 'hex'),
  Buffer.from('9fff', 'hex'),
  Buffer.from('bf616101ff', 'hex'),
  Buffer.from('5f4100ff', 'hex'),
  Buffer.from('a26161016161 02'.replace(' ', ''), 'hex'),
  Buffer.from('c11a514b67b0', 'hex'),
  Buffer.from('fb7ff8000000000000', 'hex'),
  Buffer.from('f7', 'hex'),
  Buffer.from('1c', 'hex'),
  Buffer.from('62c328', 'hex'),
  Buffer.from('1b0000000000000001', 'hex'),
  Buffer.alloc(0),
];
const jsonExtremes = [
  '[',
  '{"a":',
  '['.repeat(100_000),
  '\ufeff{}',
  '{}{}',
  'NaN',
  '{"__proto__":{"a":1}}',
  '"\\ud800"',
];

const badHeaders: readonly (readonly [string, string])[] = [
  ['Content-Encoding', 'gzip'],
  ['Expect', '200-maybe'],
  ['Expect', '100-continue'],
  ['Upgrade', 'h2c'],
  ['X-Forwarded-For', '1.2.3.4, ::1, not an address, '],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['Host', 'elsewhere.example'],
  ['Cookie', 'a=b; '.repeat(500)],
  ['X-Large', 'x'.repeat(20_000)],
  ['Bad Name', 'x'],
  ['X-Control', 'a\u0001b'],
  ['X-Latin', 'Ã\u00ff'],
  ['Range', 'bytes=0-1,2-3'],
  ['If-None-Match', '*'],
  ['Accept', 'nothing/*;q=-1'],
  ['Origin', 'null'],
];

const badPaths = [
  ...[
    '/',
    '//',
    '/v1',
    '/v1/',
    '/v1/%00',
    '/v1/accounts/%ff',
    '/v1/accounts/%',
    '/v1/accounts/..%2f..%2fetc',
    '*',
  ],
  ...[
    '/v1/accounts/%E0%A4%A',
    '/v1//events',
    '/V1/about',
    '/v1/about/',
    '/v1/about;x=1',
    'http://[::1',
    'events',
  ],
  ...[
    'http://elsewhere.example/v1/about',
    '/v1/mailboxes/',
    '/v1/groups/%2e%2e/welcome',
    '/__proto__',
    '/v1/\u00e4',
  ],
];

const badQueries = [
  ...[
    'after=x&after=y',
    'wait=-1',
    'wait=99',
    'wait=1e9',
    'wait=',
    'wait[]=0',
    'after=%ff',
    'after=%zz',
    '%',
    '&&&=',
    '?',
  ],
  ...[
    '__proto__=1',
    'after=\u00ff',
    `after=${'A'.repeat(10_000)}`,
    'wait=0&wait=0',
    'after=-1',
    'after=99999',
    'a=b',
  ],
];

const badMethods = [
  'TRACE',
  'OPTIONS',
  'HEAD',
  'DELETE',
  'PATCH',
  'PROPFIND',
  'CONNECT',
  'get',
  'GETT',
  '',
  'PRI',
  'PUT',
  'POST',
];

const spoilers: Readonly<
  Record<Kind, (parts: Parts, operation: Operation, insider: Insider, random: Random) => void>
> = {
  value(parts, { requestBody }, { known }, random) {
    const [type] = Object.keys(requestBody?.content ?? {});
    if (type === undefined) parts.body = Buffer.from('{}');
    else parts.body = encode(type, spoil(sample(requestBody!.content[type]!.schema, random, known), random));
  },
  bytes(parts, _operation, _insider, random) {
    const times = 1 + Math.floor(random() * 8);
    for (let i = 0; i < times; i++) {
      const at = Math.floor(random() * (parts.body.length + 1));
      const junk = Buffer.from(
        Array.from({ length: Math.floor(random() * 6) }, () => Math.floor(random() * 256)),
      );
      const dropped = random() < 0.5 ? junk.length : 0;
      parts.body = Buffer.concat([parts.body.subarray(0, at), junk, parts.body.subarray(at + dropped)]);
    }
    if (random() < 0.2) parts.body = parts.body.subarray(0, Math.floor(random() * parts.body.length));
  },
  cbor(parts, { requestBody }, _insider, random) {
    const isJson = 'application/json' in (requestBody?.content ?? {});
    parts.body = isJson ? Buffer.from(pick(random, jsonExtremes)) : pick(random, cborExtremes);
  },
  size(parts, _operation, _insider, random) {
    // To who is about to close, the answer could be lost behind what was not read.
    parts.headers = parts.headers.filter(([name]) => name !== 'Connection');
    parts.body = Buffer.alloc(
      pick(random, [257, 20_000, 70_000, 4 * 1024 * 1024 + 1, 6 * 1024 * 1024]),
      0x20,
    );
  },
  type(parts, _operation, _insider, random) {
    parts.headers = parts.headers.filter(([name]) => name !== 'Content-Type');
    const types = [
      'text/plain',
      'application/json; charset=utf-7',
      'application/cbor;',
      ';',
      'multipart/form-data',
      '*/*',
    ];
    const type = pick(random, ['', ...types, 'application/json', 'application/cbor']);
    if (type !== '') parts.headers.push(['Content-Type', type]);
  },
  credential(parts, _operation, { credentials }, random) {
    const all = Object.values(credentials);
    const [name, value] = pick(random, all);
    const values = [
      '',
      'Bearer',
      'Bearer  x',
      'Basic YTpi',
      `${value}A`,
      value.slice(0, -1),
      'A'.repeat(43),
      '\u00ff',
      `${value} x`,
    ];
    if (random() < 0.3)
      parts.headers.push(...all.map(([header, secret]) => [header, secret] as [string, string]));
    else
      parts.headers = [...parts.headers.filter(([header]) => header !== name), [name, pick(random, values)]];
  },
  header(parts, _operation, _insider, random) {
    if (random() < 0.1)
      parts.headers.push(...Array.from({ length: 3000 }, (_, i) => [`X-${i}`, '1'] as [string, string]));
    else parts.headers.push([...pick(random, badHeaders)]);
  },
  framing(parts, _operation, _insider, random) {
    parts.length = 'none';
    const wrong: readonly (readonly [string, string])[] = [
      ['Content-Length', '-1'],
      ['Content-Length', '1e3'],
      ['Content-Length', '0x10'],
      ['Content-Length', '99999999999999999999'],
      ['Content-Length', `${parts.body.length}, ${parts.body.length}`],
      ['Transfer-Encoding', 'chunked'],
      ['Transfer-Encoding', 'gzip, chunked'],
      ['Transfer-Encoding', 'identity'],
    ];
    parts.headers.push([...pick(random, wrong)]);
    if (random() < 0.2) parts.headers.push(['Content-Length', '3']);
    if (random() < 0.2) parts.version = pick(random, ['HTTP/1.0', 'HTTP/2.0', 'HTTP/9.9', 'HTTP', '']);
    if (random() < 0.1) parts.headers = parts.headers.filter(([name]) => name !== 'Host');
    const chunks = [
      'zz\r\n',
      '5\r\nhello\r\n0\r\n\r\n',
      'ffffffffff\r\n',
      '3\r\nab',
      '0\r\nX: y\r\n\r\n',
      '-1\r\n\r\n',
    ];
    if (random() < 0.5) parts.body = Buffer.from(pick(random, chunks));
    // What was announced may never come.
    parts.pace = 'half';
  },
  path(parts, _operation, _insider, random) {
    if (random() < 0.2) parts.path = `/v1/accounts/${'a'.repeat(Math.floor(between(random, 65, 12_000)))}`;
    else if (random() < 0.5) parts.path = pick(random, badPaths);
    else {
      const at = Math.floor(random() * parts.path.length);
      const odd = pick(random, ['%00', '%2f', '/', '..', '%c0%ae', '~', '\u00ff', '?', '%', 'A']);
      parts.path = `${parts.path.slice(0, at)}${odd}${parts.path.slice(at + 1)}`;
    }
  },
  query(parts, _operation, _insider, random) {
    parts.path = `${parts.path.split('?')[0]}?${pick(random, badQueries)}`;
  },
  method(parts, _operation, _insider, random) {
    parts.method = pick(random, badMethods);
  },
  truncated(parts, _operation, _insider, random) {
    parts.length = 'none';
    parts.headers.push(['Content-Length', String(parts.body.length + 1 + Math.floor(random() * 5000))]);
    parts.pace = random() < 0.5 ? 'cut' : 'half';
  },
  slow(parts) {
    parts.length = 'none';
    parts.headers.push(['Content-Length', String(parts.body.length + 1000)]);
    parts.pace = 'slow';
  },
};
