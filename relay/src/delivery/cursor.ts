import { concat, equalBytes, fromBase64url, toBase64url, toUtf8 } from '@crypt2chat/shared/bytes';
import { hmacSha512 } from '@crypt2chat/shared/primitives';
import { Refusal } from '../refusal.ts';

const macBytes = 16;
const seqBytes = 8;

/**
 * Cursors: a place in a mailbox that this relay has told to this device, and that nobody else can make. They
 * acknowledge, so a guessed one would delete what its device has not seen.
 *
 *   cursor = base64url(seq uint64 big-endian || HMAC-SHA512(secret, "cursor" || 0x00 || incarnation || device || seq)[0..16])
 *
 * A restored backup has another incarnation: its mailboxes count anew from an older place.
 */
export class Cursors {
  readonly #secret: Uint8Array;
  readonly #prefix: Uint8Array;

  constructor(secret: Uint8Array, incarnation: Uint8Array) {
    this.#secret = secret;
    this.#prefix = concat(toUtf8('cursor\0'), incarnation);
  }

  encode(deviceId: Uint8Array, seq: number): string {
    const place = new Uint8Array(seqBytes);
    new DataView(place.buffer).setBigUint64(0, BigInt(seq));
    return toBase64url(concat(place, this.#mac(deviceId, place)));
  }

  /** @throws Refusal `ERR_CURSOR_INVALID` for one that was not issued to this device. */
  parse(deviceId: Uint8Array, cursor: string): number {
    const bytes = decode(cursor);
    const place = bytes.subarray(0, seqBytes);
    if (
      bytes.length !== seqBytes + macBytes ||
      !equalBytes(bytes.subarray(seqBytes), this.#mac(deviceId, place))
    ) {
      throw invalid();
    }
    return Number(new DataView(place.buffer, place.byteOffset).getBigUint64(0));
  }

  #mac(deviceId: Uint8Array, place: Uint8Array): Uint8Array {
    return hmacSha512(this.#secret, concat(this.#prefix, deviceId, place)).subarray(0, macBytes);
  }
}

function decode(cursor: string): Uint8Array {
  try {
    return fromBase64url(cursor);
  } catch {
    throw invalid();
  }
}

function invalid(): Refusal {
  return new Refusal('ERR_CURSOR_INVALID', 'This cursor was not issued to this device.');
}
