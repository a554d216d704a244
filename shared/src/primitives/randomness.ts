/** Where random bytes come from. Injected everywhere, so that tests and frozen vectors can be repeated. */
export interface Randomness {
  /** `size` fresh, uniformly random bytes that the caller owns. */
  bytes(size: number): Uint8Array;
}

/** The operating system's generator. */
export const systemRandomness: Randomness = {
  bytes: (size) => globalThis.crypto.getRandomValues(new Uint8Array(size)),
};
