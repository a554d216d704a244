/** A chain of keys, each of which gives a message key and the next of the chain: KDF_CK (Double Ratchet §8.2). */
import { wipe } from '../bytes/index.ts';
import { hmacSha512 } from './kdf.ts';

const keyBytes = 32;
const messageKeyInput = Uint8Array.of(0x01);
const chainKeyInput = Uint8Array.of(0x02);

/** @param chainKey 32 bytes. @returns 32 bytes each; neither leads back to `chainKey`. */
export function deriveMessageKey(chainKey: Uint8Array): { messageKey: Uint8Array; chainKey: Uint8Array } {
  return { messageKey: truncated(chainKey, messageKeyInput), chainKey: truncated(chainKey, chainKeyInput) };
}

function truncated(key: Uint8Array, input: Uint8Array): Uint8Array {
  const full = hmacSha512(key, input);
  const kept = full.slice(0, keyBytes);
  wipe(full);
  return kept;
}
