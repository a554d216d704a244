/** When to tell the others that somebody is typing here: at most every 4 s, and once more, 6 s after the last key. */
import type { Clock } from './clock.ts';

const atMostEveryMs = 4000;
const idleMs = 6000;

export class TypingNotice {
  readonly #clock: Clock;
  readonly #tell: (typing: boolean) => void;
  #toldAt = -Infinity;
  #isTyping = false;
  #cancelIdle: () => void = () => undefined;

  constructor(clock: Clock, tell: (typing: boolean) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** The text has changed; `empty` when nothing is left of it. */
  typed(empty: boolean): void {
    if (empty) {
      this.stop();
      return;
    }
    this.#cancelIdle();
    this.#cancelIdle = this.#clock.setTimer(idleMs, () => {
      this.stop();
    });
    const now = this.#clock.now();
    if (now - this.#toldAt < atMostEveryMs) return;
    this.#toldAt = now;
    this.#isTyping = true;
    this.#tell(true);
  }

  /** A message that was sent ends the typing by itself. */
  sent(): void {
    this.#cancelIdle();
    this.#isTyping = false;
    this.#toldAt = -Infinity;
  }

  stop(): void {
    this.#cancelIdle();
    if (!this.#isTyping) return;
    this.#isTyping = false;
    this.#tell(false);
  }
}
