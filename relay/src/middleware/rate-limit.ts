import type { Clock } from '@crypt2chat/shared/clock';
import { Refusal } from '../refusal.ts';

/** A bound on memory: beyond it the bucket that was used longest ago is forgotten, that is, full again. */
const maxBuckets = 100_000;

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Token buckets, one for each key: `count` requests may come at once, and `count` more in each `perMs`. They live in
 * memory; a restart fills them.
 */
export class RateLimit {
  readonly #clock: Clock;
  readonly #count: number;
  readonly #perMs: number;
  /** The least recently used first. */
  readonly #buckets = new Map<string, Bucket>();

  /** @param count 0: no limit. */
  constructor(clock: Clock, count: number, perMs: number) {
    this.#clock = clock;
    this.#count = count;
    this.#perMs = perMs;
  }

  /** @throws Refusal `ERR_RATE_LIMITED` with the time after which the next request would be taken. */
  take(key: string): void {
    if (this.#count === 0) return;
    const now = this.#clock.now();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#count, at: now };
    this.#buckets.delete(key);
    const refill = (Math.max(0, now - bucket.at) * this.#count) / this.#perMs;
    bucket.tokens = Math.min(this.#count, bucket.tokens + refill);
    bucket.at = now;
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > maxBuckets) {
      for (const [oldest] of this.#buckets) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    if (bucket.tokens < 1) {
      const waitMs = ((1 - bucket.tokens) * this.#perMs) / this.#count;
      throw new Refusal('ERR_RATE_LIMITED', 'Too many requests.', Math.max(1, Math.ceil(waitMs / 1000)));
    }
    bucket.tokens -= 1;
  }
}
