import { concat } from '../bytes/index.ts';
import { CodedError, hasCode } from '../errors/index.ts';
import {
  aeadTagBytes,
  dhKeyBytes,
  openSalted,
  paddedSize,
  type Randomness,
  saltBytes,
  sealSalted,
} from '../primitives/index.ts';
import { maxMessageBytes } from './limits.ts';

/**
 *   header    = DHs public [56] || PN uint32 || N uint32                          64 bytes, big-endian
 *   encHeader = SealSalted(HKs, "ratchet/header", AD, header)                     112 bytes
 *   message   = encHeader || SealSalted(messageKey, "ratchet/message", AD || encHeader, Pad(content))
 */
export interface Header {
  /** The sender's ratchet key, 56 bytes. */
  readonly ratchetKey: Uint8Array;
  /** PN. */
  readonly previousCount: number;
  /** N. */
  readonly number: number;
}

const headerBytes = dhKeyBytes + 8;
const sealBytes = saltBytes + aeadTagBytes;
export const sealedHeaderBytes = headerBytes + sealBytes;
const minMessageBytes = sealedHeaderBytes + paddedSize(0) + sealBytes;

const headerInfo = 'crypt2chat/v1/ratchet/header';
const bodyInfo = 'crypt2chat/v1/ratchet/message';

/** @throws CodedError `ERR_FORMAT` for a size that no message has. */
export function splitMessage(message: Uint8Array): {
  readonly sealedHeader: Uint8Array;
  readonly body: Uint8Array;
} {
  if (message.length < minMessageBytes || message.length > maxMessageBytes) {
    throw new CodedError('ERR_FORMAT', 'not the size of a message');
  }
  return { sealedHeader: message.subarray(0, sealedHeaderBytes), body: message.subarray(sealedHeaderBytes) };
}

export function sealHeader(
  headerKey: Uint8Array,
  ad: Uint8Array,
  header: Header,
  randomness: Randomness,
): Uint8Array {
  const numbers = new Uint8Array(8);
  const view = new DataView(numbers.buffer);
  view.setUint32(0, header.previousCount);
  view.setUint32(4, header.number);
  return sealSalted(headerKey, headerInfo, ad, concat(header.ratchetKey, numbers), randomness);
}

/** @returns undefined where `headerKey` is not the key of this header. */
export function openHeader(
  headerKey: Uint8Array,
  ad: Uint8Array,
  sealedHeader: Uint8Array,
): Header | undefined {
  let header: Uint8Array;
  try {
    header = openSalted(headerKey, headerInfo, ad, sealedHeader);
  } catch (error) {
    if (hasCode(error, 'ERR_CRYPTO_OPEN')) return undefined;
    throw error;
  }
  const view = new DataView(header.buffer, header.byteOffset + dhKeyBytes, 8);
  return {
    ratchetKey: header.subarray(0, dhKeyBytes),
    previousCount: view.getUint32(0),
    number: view.getUint32(4),
  };
}

export function sealBody(
  messageKey: Uint8Array,
  ad: Uint8Array,
  sealedHeader: Uint8Array,
  padded: Uint8Array,
  randomness: Randomness,
): Uint8Array {
  return sealSalted(messageKey, bodyInfo, concat(ad, sealedHeader), padded, randomness);
}

/** @throws CodedError `ERR_CRYPTO_OPEN`. */
export function openBody(
  messageKey: Uint8Array,
  ad: Uint8Array,
  sealedHeader: Uint8Array,
  body: Uint8Array,
): Uint8Array {
  return openSalted(messageKey, bodyInfo, concat(ad, sealedHeader), body);
}
