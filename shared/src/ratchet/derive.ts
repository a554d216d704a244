import { concat, toUtf8, wipe } from '../bytes/index.ts';
import { deriveMessageKey, dh, type DhKeyPair, hkdf } from '../primitives/index.ts';
import type { ReceivingChain, SkippedKey } from './state.ts';

const keyBytes = 32;
const rootInfo = toUtf8('crypt2chat/v1/ratchet/root');

/** What a step of the root chain gives, 32 bytes each. */
export interface RootStep {
  readonly rootKey: Uint8Array;
  readonly chainKey: Uint8Array;
  readonly nextHeaderKey: Uint8Array;
}

/**
 * KDF_RK over the Diffie-Hellman output of `ours` and `theirs` (Double Ratchet §4.2, §8.2).
 * @throws CodedError `ERR_CRYPTO_KEY` for a public key that X448 refuses.
 */
export function deriveRoot(rootKey: Uint8Array, ours: DhKeyPair, theirs: Uint8Array): RootStep {
  const secret = dh(ours.privateKey, theirs);
  const derived = hkdf(secret, rootKey, rootInfo, 3 * keyBytes);
  const part = (i: number): Uint8Array => derived.slice(i * keyBytes, (i + 1) * keyBytes);
  try {
    return { rootKey: part(0), chainKey: part(1), nextHeaderKey: part(2) };
  } finally {
    wipe(secret, derived);
  }
}

/**
 * The keys of a chain from where it stands up to, without, `until`, and the chain standing there. O(keys), two
 * HMACs each; the caller has bounded their number.
 */
export function skipTo(
  chain: ReceivingChain,
  until: number,
  nowMs: number,
): { readonly chain: ReceivingChain; readonly keys: readonly SkippedKey[] } {
  const keys: SkippedKey[] = [];
  let chainKey = chain.chainKey;
  for (let number = chain.count; number < until; number++) {
    const step = deriveMessageKey(chainKey);
    keys.push({ number, messageKey: step.messageKey, skippedAtMs: nowMs });
    // The first one belongs to the state that was given, and stands until the message has opened.
    if (chainKey !== chain.chainKey) wipe(chainKey);
    chainKey = step.chainKey;
  }
  return { chain: { chainKey, headerKey: chain.headerKey, count: Math.max(chain.count, until) }, keys };
}

/** A copy of its own, so that wiping one state's keys leaves everybody else's alone. */
export function copyOf(secret: Uint8Array): Uint8Array {
  return concat(secret);
}
