import type { Clock } from '@crypt2chat/shared/clock';
import type { Log } from './log.ts';

/** Clocks are put right by less than this every day. */
const toleratedMs = 60_000;

/**
 * The time that is stored with what arrives. It follows the clock but does not go back behind what is stored already:
 * what came while the clock was a year behind would else be over its time of keeping as soon as the clock is right,
 * and be gone before anybody fetched it. A clock that is behind is said in the log, once, and once when it is right.
 *
 * A clock that was far ahead leaves later times behind, and what comes is kept longer than it should be until then:
 * too long rather than not at all.
 */
export class Arrivals {
  readonly #clock: Clock;
  readonly #log: Log;
  #newest: number;
  #isBehind = false;

  /** @param newest the latest time that is stored */
  constructor(clock: Clock, log: Log, newest: number) {
    this.#clock = clock;
    this.#log = log;
    this.#newest = newest;
    this.now();
  }

  /** Milliseconds since 1970. */
  now(): number {
    const now = this.#clock.now();
    const behindMs = this.#newest - now;
    if (behindMs > toleratedMs && !this.#isBehind) {
      this.#isBehind = true;
      const behindSeconds = Math.round(behindMs / 1000);
      this.#log.warn(
        { behindSeconds },
        'the clock is behind what is stored: new messages are kept with the later time',
      );
    } else if (behindMs <= 0) {
      if (this.#isBehind) this.#log.info({}, 'the clock is past what is stored again');
      this.#isBehind = false;
      this.#newest = now;
    }
    return this.#newest;
  }
}
