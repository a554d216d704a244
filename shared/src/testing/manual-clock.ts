/** A clock that stands still until a test moves it. Fits the `Clock` ports of the engine and of the relay. */
export interface ManualClock {
  now(): number;
  setTimer(afterMs: number, act: () => void): () => void;
  /** Moves on by `ms`. Timers that are due act in the order of their times, each with the clock at its own. */
  advance(ms: number): void;
  /** How many timers are set. */
  readonly timers: number;
}

/** A bound on timers that set each other within one `advance`. */
const maxTimersPerAdvance = 100_000;

/** @param startMs milliseconds since 1970. */
export function manualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  const timers = new Set<{ readonly at: number; readonly act: () => void }>();
  let now = startMs;

  const nextUntil = (end: number) => {
    let next: { readonly at: number; readonly act: () => void } | undefined;
    for (const timer of timers) {
      if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
    }
    return next;
  };

  return {
    now: () => now,
    setTimer(afterMs, act) {
      const timer = { at: now + Math.max(0, afterMs), act };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    advance(ms) {
      const end = now + ms;
      for (let count = 0; count < maxTimersPerAdvance; count++) {
        const timer = nextUntil(end);
        if (timer === undefined) break;
        timers.delete(timer);
        now = Math.max(now, timer.at);
        timer.act();
      }
      now = end;
    },
    get timers() {
      return timers.size;
    },
  };
}
