/** What a relay, or whoever sits on the wire, can do to what it hands out. */
import { decodeCbor, encodeCbor } from '@crypt2chat/shared/cbor';
import type { TransportRequest, TransportResponse } from '@crypt2chat/shared/engine';
import { eventsResponseSchema } from '@crypt2chat/shared/wire';
import type { Intercept } from './world.ts';

export interface Delivered {
  readonly id: Uint8Array;
  readonly envelope: Uint8Array;
}

const maxBytes = 8 * 1024 * 1024;

export function isPoll(request: TransportRequest): boolean {
  return request.url.includes('/v1/events');
}

export function isDelivery(request: TransportRequest): boolean {
  return request.method === 'POST' && /\/v1\/mailboxes\/[^/]+$/.test(request.url);
}

/** Hands out what `change` makes of the envelopes of each poll. */
export function handOut(change: (envelopes: readonly Delivered[]) => readonly Delivered[]): Intercept {
  return async (request, pass) => {
    const response = await pass();
    return isPoll(request) && response.status === 200 ? withEnvelopes(response, change) : response;
  };
}

function withEnvelopes(
  response: TransportResponse,
  change: (envelopes: readonly Delivered[]) => readonly Delivered[],
): TransportResponse {
  const events = decodeCbor(eventsResponseSchema, response.body, maxBytes);
  const envelopes = change(events.envelopes).map(({ id, envelope }) => ({ id, envelope }));
  return { ...response, body: encodeCbor({ ...events, envelopes }) };
}

/**
 * Answers each poll at once with the next of `batches`, as long as there are any: a relay that makes it all up.
 * The cursor is the last one that the true relay gave.
 */
export function makeUp(batches: readonly (readonly Delivered[])[]): Intercept {
  let at = 0;
  return async (request, pass) => {
    const batch = isPoll(request) ? batches[at++] : undefined;
    if (batch === undefined) return pass();
    const cursor = new URL(request.url).searchParams.get('after') ?? '';
    const envelopes = batch.map(({ id, envelope }) => ({ id, envelope }));
    return { status: 200, body: encodeCbor({ cursor, envelopes, ephemeral: [], more: true }) };
  };
}

/** Notes what is handed out, and changes nothing. */
export function record(into: Delivered[]): Intercept {
  return handOut((envelopes) => {
    into.push(...envelopes);
    return envelopes;
  });
}

/** `bytes` with one bit of the byte at `index` turned over. */
export function flipped(bytes: Uint8Array, index: number): Uint8Array {
  const copy = bytes.slice();
  copy[index] = copy[index]! ^ (1 << (index % 8));
  return copy;
}
