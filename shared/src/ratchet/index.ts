/**
 * The Double Ratchet with header encryption (specification revision 1, §4; docs/protocol.md §6), on X448,
 * HKDF-SHA512, HMAC-SHA512 and AES-256-GCM with salted keys. States are immutable values and functions are pure:
 * `encrypt(state, content) -> { state, message, spent }`. There is no way to get a message without the state that
 * follows it; who stores that state before the message leaves, and wipes what was spent only afterwards, loses
 * nothing in a crash.
 */
export {
  decodeRatchet,
  encodeRatchet,
  type RatchetState,
  type SessionKeys,
  startAsInitiator,
  startAsResponder,
} from './state.ts';
export { encrypt, type Encrypted } from './encrypt.ts';
export { decrypt, type Decrypted, type DecryptOptions, dropExpired, matchesHeader } from './decrypt.ts';
export { openEphemeral, sealEphemeral } from './ephemeral.ts';
export {
  maxContentBytes,
  maxSkippedChains,
  maxSkippedPerChain,
  maxSkippedPerSession,
  skippedLifetimeMs,
} from './limits.ts';
