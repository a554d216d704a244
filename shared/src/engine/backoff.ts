/** How long to wait after failures: doubling from a second to a minute, with full jitter above the half. */
import type { Randomness } from '../primitives/index.ts';

const firstMs = 1_000;
const lastMs = 60_000;

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
