/** The relay's interface as an OpenAPI 3.1 document. https://spec.openapis.org/oas/v3.1.1.html */
import * as v from 'valibot';
import {
  base64urlOf,
  capabilityHeader,
  cborMediaType,
  groupAccessHeader,
  relayErrors,
  type RelayErrorCode,
} from '@crypt2chat/shared/wire';
import { version } from '../version.ts';
import { describeSchema } from './json-schema.ts';
import {
  type Body,
  type Credential,
  everywhere,
  ofBody,
  ofCredential,
  type Operation,
  operations,
} from './operations.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };
type JsonObject = Record<string, Json>;

const mediaTypes = { json: 'application/json', cbor: cborMediaType } as const;

const securitySchemes: Readonly<Record<Credential, JsonObject>> = {
  session: { type: 'http', scheme: 'bearer', description: 'The bearer of a session: 32 bytes in base64url.' },
  capability: {
    type: 'apiKey',
    in: 'header',
    name: capabilityHeader,
    description:
      'The delivery capability of a mailbox: 32 bytes in base64url, and no other credential beside it.',
  },
  groupAccess: {
    type: 'apiKey',
    in: 'header',
    name: groupAccessHeader,
    description: 'The access secret of an epoch: 32 bytes in base64url, and no other credential beside it.',
  },
};

/** Of the path `:name`, which is a name or an account id. */
const parameters: Readonly<Record<string, v.GenericSchema>> = {
  id: base64urlOf(32),
  name: v.pipe(v.string(), v.maxLength(64)),
};

/** @param origin where clients reach the relay */
export function openapiDocument(origin: string): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const operation of operations) {
    const path = operation.path.replace(/:([a-z]+)/g, '{$1}');
    paths[path] = { ...paths[path], [operation.method]: describeOperation(operation) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'crypt2chat relay',
      version,
      description:
        'Control is JSON with binary values in base64url; what is sealed travels as CBOR in the deterministic encoding of RFC 8949 §4.2. In the schemas of CBOR bodies, a byte string has `x-cbor-type`, and its lengths are in bytes.',
      license: { name: 'GPL-3.0-or-later', identifier: 'GPL-3.0-or-later' },
    },
    servers: [{ url: origin }],
    paths,
    components: { securitySchemes },
  };
}

function describeOperation(operation: Operation): JsonObject {
  const { name, summary, credentials = [], request, answers } = operation;
  return {
    operationId: name,
    summary,
    security: credentials.length === 0 ? [{}] : credentials.map((credential) => ({ [credential]: [] })),
    parameters: [...pathParameters(operation), ...queryParameters(operation)],
    ...(request && { requestBody: { required: true, content: contentOf(request) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, body]) => [
          status,
          { description: 'Done.', ...(body && { content: contentOf(body) }) },
        ]),
      ),
      ...refusalResponses(operation),
    },
  };
}

function pathParameters({ path }: Operation): JsonObject[] {
  return [...path.matchAll(/:([a-z]+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: schemaOf(parameters[name]!),
  }));
}

function queryParameters({ query }: Operation): JsonObject[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = describeSchema(query);
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: schema as Json,
  }));
}

function contentOf({ type, schema }: Body): JsonObject {
  return { [mediaTypes[type]]: { schema: schemaOf(schema) } };
}

function schemaOf(schema: v.GenericSchema): Json {
  return describeSchema(schema) as Json;
}

/** Each code that an operation may answer with. */
export function refusalsOf({ credentials = [], request, refusals }: Operation): RelayErrorCode[] {
  const codes = [
    ...everywhere,
    ...credentials.flatMap((credential) => ofCredential[credential]),
    ...(request === undefined ? [] : ofBody),
    ...refusals,
  ];
  return [...new Set(codes)];
}

/** What comes with these is over soon, or may be. */
const retriedStatuses: readonly number[] = [429, 503, 507];
const retryHeaders: JsonObject = {
  'Retry-After': { description: 'Seconds until it may go well.', schema: { type: 'integer', minimum: 1 } },
};

/** One response for each status, with the codes that it may carry. */
function refusalResponses(operation: Operation): JsonObject {
  const byStatus = new Map<number, RelayErrorCode[]>();
  for (const code of refusalsOf(operation)) {
    const status = relayErrors[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      {
        description: codes.join(', '),
        ...(retriedStatuses.includes(status) && { headers: retryHeaders }),
        content: contentOf({ type: 'json', schema: errorSchema(codes) }),
      },
    ]),
  );
}

function errorSchema(codes: readonly RelayErrorCode[]): v.GenericSchema {
  return v.strictObject({ code: v.picklist(codes), message: v.pipe(v.string(), v.maxLength(300)) });
}
