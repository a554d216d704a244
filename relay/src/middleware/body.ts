/** Bodies of requests: bounded while they are read, of the one media type that a route takes, checked by its schema. */
import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import * as v from 'valibot';
import { fromUtf8 } from '@crypt2chat/shared/bytes';
import { decodeCbor } from '@crypt2chat/shared/cbor';
import { cborMediaType } from '@crypt2chat/shared/wire';
import { Refusal } from '../refusal.ts';

const jsonMediaType = 'application/json';

/** @throws Refusal `ERR_MEDIA_TYPE`, `ERR_TOO_LARGE`, `ERR_REQUEST_INVALID`. */
export async function readJson<Schema extends v.GenericSchema>(
  ctx: Context,
  schema: Schema,
  maxBytes: number,
): Promise<v.InferOutput<Schema>> {
  const bytes = await read(ctx, jsonMediaType, maxBytes);
  const parsed = v.safeParse(schema, parseJson(bytes), { abortEarly: true });
  if (!parsed.success) throw invalid();
  return parsed.output;
}

/** @throws Refusal `ERR_MEDIA_TYPE`, `ERR_TOO_LARGE`; CodedError `ERR_FORMAT`. */
export async function readCbor<Schema extends v.GenericSchema>(
  ctx: Context,
  schema: Schema,
  maxBytes: number,
): Promise<v.InferOutput<Schema>> {
  return decodeCbor(schema, await read(ctx, cborMediaType, maxBytes), maxBytes);
}

/** The query, each parameter once and none that is unknown. @throws Refusal `ERR_REQUEST_INVALID`. */
export function readQuery<Schema extends v.GenericSchema>(
  ctx: Context,
  schema: Schema,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, { ...ctx.query }, { abortEarly: true });
  if (!parsed.success) throw invalid();
  return parsed.output;
}

/** One value out of a request that is not in its body. @throws Refusal `ERR_REQUEST_INVALID`. */
export function parseValue<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (!parsed.success) throw invalid();
  return parsed.output;
}

async function read(ctx: Context, mediaType: string, maxBytes: number): Promise<Uint8Array> {
  if (mediaTypeOf(ctx.get('Content-Type')) !== mediaType) {
    throw new Refusal('ERR_MEDIA_TYPE', `This route takes ${mediaType}.`);
  }
  if (ctx.get('Content-Encoding') !== '')
    throw new Refusal('ERR_MEDIA_TYPE', 'Bodies are taken as they are.');
  if (Number(ctx.get('Content-Length')) > maxBytes) throw tooLarge(maxBytes);
  return collect(ctx.req, maxBytes);
}

function mediaTypeOf(header: string): string {
  return (header.split(';')[0] ?? '').trim().toLowerCase();
}

/** What is over the limit is not kept; Node reads it past, within the time that a request may take. */
function collect(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (settle: () => void): void => {
      request.off('data', take).off('end', finish).off('error', breakOff).off('close', breakOff);
      settle();
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBytes) {
        end(() => reject(tooLarge(maxBytes)));
        request.resume();
      }
    };
    const finish = (): void =>
      end(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)));
    const breakOff = (): void => end(() => reject(new Refusal('ERR_REQUEST_INVALID', 'The body broke off.')));
    // Listening for data makes the stream flow; an error after `end` has nobody left to tell.
    request.on('data', take).on('end', finish).on('error', breakOff).on('close', breakOff);
    request.on('error', () => undefined);
  });
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch {
    throw invalid();
  }
}

function invalid(): Refusal {
  return new Refusal('ERR_REQUEST_INVALID', 'The request does not have the form that this route wants.');
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal('ERR_TOO_LARGE', `The body may have ${maxBytes} bytes.`);
}
