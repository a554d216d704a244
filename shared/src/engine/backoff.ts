/** How long to wait after failures: doubling from a second to a minute, with full jitter above the half. */
import type { Randomness } from '../primitives/index.ts';

const firstMs = 1_000;
const lastMs = 60_000;

/** Whether a wait that ends at `until` is still on. One that is longer than any is of a clock that was set back. */
export function isAhead(until: number, now: number): boolean {
  return until > now && until - now <= lastMs;
}

export class Backoff {
  readonly #randomness: Randomness;
  #failures = 0;

  constructor(randomness: Randomness) {
    this.#randomness = randomness;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** @param atLeastMs what the other side asked for. */
  nextMs(atLeastMs = 0): number {
    const ceiling = Math.min(lastMs, firstMs * 2 ** Math.min(this.#failures++, 10));
    const [chance = 0] = this.#randomness.bytes(1);
    return Math.max(atLeastMs, Math.round(ceiling * (0.5 + chance / 512)));
  }
}
