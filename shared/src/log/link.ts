import * as v from 'valibot';
import { concat, equalBytes } from '../bytes/index.ts';
import { type CborValue, decodeCbor, encodeCbor } from '../cbor/index.ts';
import { CodedError, hasCode } from '../errors/index.ts';
import {
  hash32,
  hash32Bytes,
  sign,
  signatureBytes,
  signingKeyBytes,
  type SigningKeyPair,
  verify,
} from '../primitives/index.ts';
import { blobSchema, bytesSchema, decodeVersioned, uintSchema } from './schemas.ts';

/** The encoding of a link, as it is stored and sent. */
export type LinkBytes = Uint8Array;

/** The last link of a log: its place and its hash (32 bytes). */
export interface LogHead {
  readonly seq: number;
  readonly hash: Uint8Array;
}

export const headSchema = v.strictObject({ seq: uintSchema(), hash: bytesSchema(hash32Bytes) });

/** What every kind of log says of its links; `walk.ts` adds the rules. */
export interface LinkFormat<Body> {
  /** Stands in each link, in its hash and under its signatures. */
  readonly name: string;
  /** Links per log. */
  readonly maxLinks: number;
  readonly maxLinkBytes: number;
  readonly bodySchema: v.GenericSchema<unknown, Body>;
}

/**
 *   unsigned = { v: 1, log: text, seq: uint, prev: bytes[32] | null, at: uint, signer: bytes[57], body }
 *   link     = { unsigned: bytes, signatures: [bytes[114], …] }
 */
export interface UnsignedLink<Body> {
  readonly seq: number;
  /** The hash of the link before, 32 bytes; null in the first. */
  readonly prev: Uint8Array | null;
  /** Milliseconds since 1970, as the signer claims. */
  readonly at: number;
  /** Ed448, 57 bytes. */
  readonly signer: Uint8Array;
  readonly body: Body;
}

/** A link whose form has been checked, and nothing else: no signature, no rule. */
export interface ParsedLink<Body> extends UnsignedLink<Body> {
  readonly hash: Uint8Array;
  readonly unsigned: Uint8Array;
  readonly signatures: readonly Uint8Array[];
}

/** More than one link's rules ask for; it bounds what a parser looks at. */
const maxSignatures = 4;

const envelopeSchema = (maxBytes: number) =>
  v.strictObject({
    unsigned: blobSchema(maxBytes),
    signatures: v.pipe(v.array(bytesSchema(signatureBytes)), v.minLength(1), v.maxLength(maxSignatures)),
  });

export function logLabel(name: string): string {
  return `crypt2chat/v1/log/${name}`;
}

/** A link with one signature, that of `signer`. Links that need more go through {@link cosignLink}. */
export function signLink<Body extends CborValue>(
  format: LinkFormat<Body>,
  link: Omit<UnsignedLink<Body>, 'signer'>,
  signer: SigningKeyPair,
): LinkBytes {
  const unsigned = encodeCbor({
    v: 1,
    log: format.name,
    seq: link.seq,
    prev: link.prev,
    at: link.at,
    signer: signer.publicKey,
    body: link.body,
  });
  return encodeLink(unsigned, [sign(signer.privateKey, logLabel(format.name), unsigned)]);
}

/**
 * The link with one more signature over the same bytes. The caller has looked at what it says.
 * @throws CodedError `ERR_LOG_INVALID`, `ERR_NEWER_VERSION` for bytes that are not a link.
 */
export function cosignLink<Body>(
  format: LinkFormat<Body>,
  link: LinkBytes,
  cosigner: SigningKeyPair,
): LinkBytes {
  const { unsigned, signatures } = parseLink(format, link);
  return encodeLink(unsigned, [...signatures, sign(cosigner.privateKey, logLabel(format.name), unsigned)]);
}

/**
 * Checks the form of untrusted bytes.
 * @throws CodedError `ERR_LOG_INVALID`; `ERR_NEWER_VERSION` for a link that says so.
 */
export function parseLink<Body>(format: LinkFormat<Body>, link: LinkBytes): ParsedLink<Body> {
  const schema = v.strictObject({
    v: v.literal(1),
    log: v.literal(format.name),
    seq: uintSchema(format.maxLinks - 1),
    prev: v.nullable(bytesSchema(hash32Bytes)),
    at: uintSchema(),
    signer: bytesSchema(signingKeyBytes),
    body: format.bodySchema,
  });
  try {
    const { unsigned, signatures } = decodeCbor(
      envelopeSchema(format.maxLinkBytes),
      link,
      format.maxLinkBytes,
    );
    const { seq, prev, at, signer, body } = decodeVersioned(schema, unsigned, format.maxLinkBytes);
    return {
      seq,
      prev,
      at,
      signer,
      body,
      hash: hash32(logLabel(format.name), unsigned),
      unsigned,
      signatures,
    };
  } catch (error) {
    if (hasCode(error, 'ERR_NEWER_VERSION')) throw error;
    throw invalidLog('not a link');
  }
}

/** Whether the first signature is that of the link's own signer, whatever the rules say of it. Some 5 ms. */
export function hasSignature<Body>({ name }: LinkFormat<Body>, link: ParsedLink<Body>): boolean {
  return verify(link.signer, logLabel(name), link.unsigned, link.signatures[0]!);
}

export function invalidLog(why: string): CodedError {
  return new CodedError('ERR_LOG_INVALID', why);
}

function encodeLink(unsigned: Uint8Array, signatures: readonly Uint8Array[]): LinkBytes {
  return encodeCbor({ unsigned: concat(unsigned), signatures });
}

/** Whether two heads are the same link. */
export function equalHeads(a: LogHead, b: LogHead): boolean {
  return a.seq === b.seq && equalBytes(a.hash, b.hash);
}
