/** Time, handed in, so that tests decide what it is. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `act` once, `afterMs` from now at the earliest. Returns what calls it off. */
  setTimer(afterMs: number, act: () => void): () => void;
}
