/** A piece of work that is done again whenever there may be more of it, one run at a time, until it is stopped. */
import type { Clock } from '../clock/index.ts';

export class Loop {
  readonly #clock: Clock;
  readonly #run: (signal: AbortSignal) => Promise<number | undefined>;
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;
  #again = false;
  #cancelTimer: (() => void) | undefined;

  /** @param run returns after how many milliseconds it wants to run again; without a number, when it is woken. */
  constructor(clock: Clock, run: (signal: AbortSignal) => Promise<number | undefined>) {
    this.#clock = clock;
    this.#run = run;
  }

  /** Runs soon; once more after the present run, if there is one. */
  wake(): void {
    if (this.#stopped.signal.aborted) return;
    this.#again = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#running ??= this.#work();
  }

  /** Gives up what it waits for and resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#cancelTimer?.();
    await this.#running;
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopped;
    while (this.#takeTurn()) {
      const afterMs = await this.#run(signal);
      if (afterMs === undefined) continue;
      this.#cancelTimer?.();
      this.#cancelTimer = this.#clock.setTimer(afterMs, () => {
        this.wake();
      });
      if (signal.aborted) this.#cancelTimer();
    }
    this.#running = undefined;
  }

  #takeTurn(): boolean {
    const turn = this.#again && !this.#stopped.signal.aborted;
    this.#again = false;
    return turn;
  }
}
