import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';

/** A CBOR byte string, which JSON has not: its lengths are in bytes. */
const byteString: JsonSchema & { readonly 'x-cbor-type': string } = {
  type: 'string',
  contentMediaType: 'application/octet-stream',
  'x-cbor-type': 'byte string',
};

/** What travels, as JSON Schema of the draft that OpenAPI 3.1 uses. @throws Error for a schema that it cannot say */
export function describeSchema(schema: v.GenericSchema): JsonSchema {
  const { $schema: _, ...described } = toJsonSchema(schema, {
    target: 'draft-2020-12',
    typeMode: 'input',
    // The one custom schema of the wire is that of bytes.
    overrideSchema: ({ valibotSchema }) => (valibotSchema.type === 'custom' ? { ...byteString } : undefined),
  });
  return described;
}
