/**
 * What tests of every package put in place of the world: randomness that can be repeated, and a clock that is moved
 * by hand. Production code must not import this door; nothing here is secret or hard to guess.
 */
export { manualClock, type ManualClock } from './manual-clock.ts';
export { seededRandomness } from './seeded-randomness.ts';
