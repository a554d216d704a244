/** Time, as engine and relay see it: nothing in them asks the system, so that tests can turn the clock by hand. */

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `act` once, `afterMs` from now at the earliest. Returns what calls it off. */
  setTimer(afterMs: number, act: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (afterMs, act) => {
    const timer = setTimeout(act, afterMs);
    return () => {
      clearTimeout(timer);
    };
  },
};
