import { equalBytes } from '../bytes/index.ts';
import { maxSkippedChains, maxSkippedPerChain, maxSkippedPerSession, skippedLifetimeMs } from './limits.ts';
import type { SkippedChain, SkippedKey } from './state.ts';

type Skipped = readonly SkippedChain[];

/** The key of message `number` among those kept under `headerKey`. */
export function findSkipped(skipped: Skipped, headerKey: Uint8Array, number: number): SkippedKey | undefined {
  const chain = skipped.find((one) => equalBytes(one.headerKey, headerKey));
  return chain?.keys.find((key) => key.number === number);
}

/** Without `used`, which is one of them. */
export function withoutSkipped(skipped: Skipped, used: SkippedKey): Skipped {
  return filterKeys(skipped, (key) => key !== used);
}

export function withoutExpired(skipped: Skipped, nowMs: number): Skipped {
  return filterKeys(skipped, ({ skippedAtMs }) => nowMs - skippedAtMs <= skippedLifetimeMs);
}

/** With `keys` under `headerKey`, as far as the bounds allow: the oldest go first. */
export function withSkipped(skipped: Skipped, headerKey: Uint8Array, keys: readonly SkippedKey[]): Skipped {
  if (keys.length === 0) return skipped;
  const last = skipped.at(-1);
  const grown =
    last !== undefined && equalBytes(last.headerKey, headerKey)
      ? [...skipped.slice(0, -1), { headerKey: last.headerKey, keys: [...last.keys, ...keys] }]
      : [...skipped, { headerKey, keys }];
  return trimmed(grown);
}

function trimmed(skipped: Skipped): Skipped {
  const kept: SkippedChain[] = [];
  let room = maxSkippedPerSession;
  // From the newest: chains, and keys within a chain, stand in the order in which they were skipped.
  for (const { headerKey, keys } of skipped.slice(-maxSkippedChains).reverse()) {
    const newest = room === 0 ? [] : keys.slice(-Math.min(room, maxSkippedPerChain));
    if (newest.length > 0) kept.push({ headerKey, keys: newest });
    room -= newest.length;
  }
  return kept.reverse();
}

function filterKeys(skipped: Skipped, keep: (key: SkippedKey) => boolean): Skipped {
  if (skipped.every(({ keys }) => keys.every(keep))) return skipped;
  return skipped
    .map(({ headerKey, keys }) => ({ headerKey, keys: keys.filter(keep) }))
    .filter(({ keys }) => keys.length > 0);
}
