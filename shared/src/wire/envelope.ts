/** Envelopes (protocol §7): `[1, kind, body]`. */
import * as v from 'valibot';
import { decodeCbor, encodeCbor } from '../cbor/index.ts';
import { CodedError } from '../errors/index.ts';
import { bytesUpTo, uint } from './encoding.ts';
import { limits } from './limits.ts';

const kinds = ['handshake', 'message', 'ephemeral'] as const;
export type EnvelopeKind = (typeof kinds)[number];

export interface Envelope {
  readonly kind: EnvelopeKind;
  readonly body: Uint8Array;
}

const anyVersion = v.pipe(v.array(v.unknown()), v.minLength(1));
const version1 = v.strictTuple([v.literal(1), uint(kinds.length - 1), bytesUpTo(limits.envelopeBytes)]);

/** @throws RangeError for a body that makes the envelope larger than 64 KiB. */
export function encodeEnvelope({ kind, body }: Envelope): Uint8Array {
  const bytes = encodeCbor([1, kinds.indexOf(kind), body]);
  if (bytes.length > limits.envelopeBytes) throw new RangeError('the envelope is too large');
  return bytes;
}

/** @throws CodedError `ERR_FORMAT`, or `ERR_NEWER_VERSION` for a version that is not 1. */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  const [version] = decodeCbor(anyVersion, bytes, limits.envelopeBytes);
  if (typeof version === 'number' && version > 1)
    throw new CodedError('ERR_NEWER_VERSION', 'made by a newer version');
  const [, kind, body] = decodeCbor(version1, bytes, limits.envelopeBytes);
  return { kind: kinds[kind]!, body };
}
