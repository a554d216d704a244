/**
 * What tests of every package put in place of the world: randomness that can be repeated. Production code must
 * not import this door; nothing here is secret or hard to guess.
 */
export { seededRandomness } from './seeded-randomness.ts';
