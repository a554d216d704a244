import { concat, equalBytes, toUtf8 } from '@crypt2chat/shared/bytes';
import { hmacSha512, type Randomness } from '@crypt2chat/shared/primitives';
import { limits } from '@crypt2chat/shared/wire';
import type { Clock } from '@crypt2chat/shared/clock';

const timeBytes = 6;
const nonceBytes = 10;
const macBytes = 16;

/** How far the clocks of processes that share a store may be apart. */
const skewMs = 5000;

/**
 * Challenges that need no memory until they are answered:
 *
 *   challenge = time uint48 big-endian || nonce[10] || HMAC-SHA512(secret, "challenge" || 0x00 || account || device || time || nonce)[0..16]
 *
 * Nobody can fill a table by asking for them, every process with the same secret knows them, and asking costs no
 * write. That one is answered only once is the store's to say, when the session is made.
 */
export class Challenges {
  readonly #secret: Uint8Array;
  readonly #clock: Clock;
  readonly #randomness: Randomness;

  constructor(secret: Uint8Array, clock: Clock, randomness: Randomness) {
    this.#secret = secret;
    this.#clock = clock;
    this.#randomness = randomness;
  }

  /** @returns 32 bytes. */
  issue(accountId: Uint8Array, deviceId: Uint8Array): Uint8Array {
    const time = new Uint8Array(8);
    new DataView(time.buffer).setBigUint64(0, BigInt(this.#clock.now()));
    const head = concat(time.subarray(8 - timeBytes), this.#randomness.bytes(nonceBytes));
    return concat(head, this.#mac(accountId, deviceId, head));
  }

  /** Until when the challenge is good; undefined where it was not issued to this device, or is over. */
  expiryOf(challenge: Uint8Array, accountId: Uint8Array, deviceId: Uint8Array): number | undefined {
    const head = challenge.subarray(0, timeBytes + nonceBytes);
    if (!equalBytes(challenge.subarray(head.length), this.#mac(accountId, deviceId, head))) return undefined;
    const time = new DataView(concat(new Uint8Array(8 - timeBytes), head.subarray(0, timeBytes)).buffer);
    const issuedAt = Number(time.getBigUint64(0));
    const expiresAt = issuedAt + limits.challengeMs;
    const now = this.#clock.now();
    return now < expiresAt && issuedAt <= now + skewMs ? expiresAt : undefined;
  }

  #mac(accountId: Uint8Array, deviceId: Uint8Array, head: Uint8Array): Uint8Array {
    return hmacSha512(this.#secret, concat(toUtf8('challenge\0'), accountId, deviceId, head)).subarray(
      0,
      macBytes,
    );
  }
}
