/** The bounds of docs/protocol.md §6.3. Each stops a peer from making us compute, keep or try without end. */

/** Message keys skipped for one message in one chain, and kept for one chain: two HMACs each to derive. */
export const maxSkippedPerChain = 1000;

/** Message keys kept for a session: some 100 KB in its record. */
export const maxSkippedPerSession = 2000;

/** Chains with skipped keys: each is one more header key to try an envelope with. */
export const maxSkippedChains = 32;

/** As long as a relay keeps what has not been fetched. */
export const skippedLifetimeMs = 30 * 24 * 3600 * 1000;

/** Message numbers travel as uint32. */
export const maxCount = 2 ** 32 - 1;

/**
 * Contents up to this size, padded to 22 KiB, fit into a first message beside the longest log (docs/protocol.md
 * §5). The largest content of any kind has some 21 KiB.
 */
export const maxContentBytes = 22 * 1024 - 1;

/** What an envelope can hold; no message is larger. */
export const maxMessageBytes = 64 * 1024;

/** As the relay takes them. */
export const maxEphemeralBytes = 4 * 1024;
