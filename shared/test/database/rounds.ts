/** How much the crash tests try: a little in every run of the tests, more when asked to. */
import { randomInt } from 'node:crypto';

/** `fallback`, or the whole number that the environment variable `name` holds. */
export function countFrom(name: string, fallback: number): number {
  const value = Number(process.env[name] ?? fallback);
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} is a whole number from 1`);
  return value;
}

/** The seed of this run: CRASH_SEED repeats one that a failure named. */
export const seed = countFrom('CRASH_SEED', randomInt(1, 2 ** 31));

/** Numbers from 0 to below 1, the same ones for the same seed (mulberry32). */
export function seededRandom(from: number): () => number {
  let state = from | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
