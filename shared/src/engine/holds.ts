/** What has failed and is left alone for a while, by name: longer after each failure, until it works. */
import type { Clock } from '../clock/index.ts';
import type { Randomness } from '../primitives/index.ts';
import { Backoff, isAhead } from './backoff.ts';

interface Hold {
  readonly backoff: Backoff;
  until: number;
}

export class Holds {
  readonly #clock: Clock;
  readonly #randomness: Randomness;
  readonly #holds = new Map<string, Hold>();

  constructor({ clock, randomness }: { readonly clock: Clock; readonly randomness: Randomness }) {
    this.#clock = clock;
    this.#randomness = randomness;
  }

  /** It failed, once more perhaps. */
  hold(name: string): void {
    const hold = this.#holds.get(name) ?? { backoff: new Backoff(this.#randomness), until: 0 };
    hold.until = this.#clock.now() + hold.backoff.nextMs();
    this.#holds.set(name, hold);
  }

  /** When it may be tried again, or might have been; undefined where it has not failed. */
  untilOf(name: string): number | undefined {
    return this.#holds.get(name)?.until;
  }

  isHeld(name: string): boolean {
    return this.leftMs(name) !== undefined;
  }

  /** How long it is still left alone; undefined where it may be tried. */
  leftMs(name: string): number | undefined {
    const now = this.#clock.now();
    const until = this.untilOf(name);
    return until !== undefined && isAhead(until, now) ? until - now : undefined;
  }

  /** After how long the next one may be tried; undefined where nothing is held. */
  nextMs(): number | undefined {
    const left = [...this.#holds.keys()].flatMap((name) => this.leftMs(name) ?? []);
    return left.length === 0 ? undefined : Math.min(...left);
  }

  /** It works. */
  release(name: string): void {
    this.#holds.delete(name);
  }

  releaseAll(): void {
    this.#holds.clear();
  }
}
