import { wipe } from '../bytes/index.ts';
import { CodedError, hasCode } from '../errors/index.ts';
import { deriveMessageKey, generateDhKeyPair, type Randomness, unpad } from '../primitives/index.ts';
import { deriveRoot, type RootStep, skipTo } from './derive.ts';
import { maxSkippedPerChain } from './limits.ts';
import { type Header, openBody, openHeader, splitMessage } from './message.ts';
import { findSkipped, withoutExpired, withoutSkipped, withSkipped } from './skipped.ts';
import { type RatchetState, type ReceivingChain, type SkippedKey, spentBetween } from './state.ts';

export interface DecryptOptions {
  readonly randomness: Randomness;
  readonly nowMs: number;
}

export type Decrypted =
  | {
      readonly kind: 'opened';
      /** Stored together with the content; the given state is not to be used again. */
      readonly state: RatchetState;
      /** The encoding of a content, checked for nothing but who wrote it. */
      readonly content: Uint8Array;
      /** Secrets of the given state that the new one does not have: wiped once it is stored. */
      readonly spent: readonly Uint8Array[];
    }
  /** Opened before, or so old that its key has been dropped. */
  | { readonly kind: 'duplicate' }
  /** No header key of this session fits. */
  | { readonly kind: 'not-ours' };

/** The parts of a message whose header has been opened. */
interface Incoming {
  readonly header: Header;
  readonly sealedHeader: Uint8Array;
  readonly body: Uint8Array;
}

/**
 * RatchetDecryptHE (Double Ratchet §4.3). The given state is never changed: a failure leaves things as they were.
 *
 * At most 34 header keys are tried, one HKDF and one AEAD each. Within a chain, two HMACs per message passed over
 * (at most 1,000 in each of two chains) and one AEAD; for the first message of a turn three X448 more, two of them
 * only once the message has opened. O(skipped keys) to find what is spent.
 * @throws CodedError `ERR_CRYPTO_OPEN` where the header fits and the body does not; `ERR_TOO_MANY_SKIPPED`;
 *   `ERR_FORMAT` for a size that no message has, or padding that is not right.
 */
export function decrypt(state: RatchetState, message: Uint8Array, options: DecryptOptions): Decrypted {
  const { sealedHeader, body } = splitMessage(message);
  const { ad, receiving } = state;
  const skipped = withoutExpired(state.skipped, options.nowMs);
  const fresh = { ...state, skipped };
  const open = (headerKey: Uint8Array): Incoming | undefined => {
    const header = openHeader(headerKey, ad, sealedHeader);
    return header && { header, sealedHeader, body };
  };

  const current = receiving && open(receiving.headerKey);
  if (receiving && current) {
    const { number } = current.header;
    if (number < receiving.count) return openSkipped(state, fresh, current, receiving.headerKey);
    return openInChain(state, fresh, current, receiving, options.nowMs);
  }
  const next = open(state.nextReceivingHeaderKey);
  if (next) return openTurn(state, fresh, next, options);
  for (const { headerKey } of skipped) {
    const late = open(headerKey);
    if (late) return openSkipped(state, fresh, late, headerKey);
  }
  return { kind: 'not-ours' };
}

/** Whether a header key of this session fits: one to 34 trials, one HKDF and one AEAD of 64 bytes each. */
export function matchesHeader(state: RatchetState, message: Uint8Array): boolean {
  const { sealedHeader } = splitMessage(message);
  const keys = [state.nextReceivingHeaderKey, ...state.skipped.map(({ headerKey }) => headerKey)];
  if (state.receiving) keys.unshift(state.receiving.headerKey);
  return keys.some((key) => openHeader(key, state.ad, sealedHeader) !== undefined);
}

/** Drops skipped keys that are past their time, for sessions that nothing arrives in. */
export function dropExpired(
  state: RatchetState,
  nowMs: number,
): { readonly state: RatchetState; readonly spent: readonly Uint8Array[] } {
  const skipped = withoutExpired(state.skipped, nowMs);
  if (skipped === state.skipped) return { state, spent: [] };
  const next = { ...state, skipped };
  return { state: next, spent: spentBetween(state, next) };
}

function openSkipped(
  before: RatchetState,
  state: RatchetState,
  incoming: Incoming,
  headerKey: Uint8Array,
): Decrypted {
  const key = findSkipped(state.skipped, headerKey, incoming.header.number);
  if (key === undefined) return { kind: 'duplicate' };
  const content = openContent(state, incoming, key.messageKey);
  return opened(before, { ...state, skipped: withoutSkipped(state.skipped, key) }, content);
}

function openInChain(
  before: RatchetState,
  state: RatchetState,
  incoming: Incoming,
  receiving: ReceivingChain,
  nowMs: number,
): Decrypted {
  const { chain, keys, content } = advance(state, incoming, receiving, nowMs);
  const skipped = withSkipped(state.skipped, receiving.headerKey, keys);
  return opened(before, { ...state, receiving: chain, skipped }, content);
}

/** The peer has a new ratchet key: the old receiving chain ends, and new chains begin on both sides. */
function openTurn(
  before: RatchetState,
  state: RatchetState,
  incoming: Incoming,
  { randomness, nowMs }: DecryptOptions,
): Decrypted {
  const { ratchetKey, previousCount } = incoming.header;
  const { receiving, rootKey, nextReceivingHeaderKey } = state;
  // Both bounds before anything is derived.
  requireBound(incoming.header.number);
  if (receiving) requireBound(previousCount - receiving.count);

  const received = collapseKeyErrors(() => deriveRoot(rootKey, state.ours, ratchetKey));
  const begun = { chainKey: received.chainKey, headerKey: nextReceivingHeaderKey, count: 0 };
  const { chain, keys, content } = advance(state, incoming, begun, nowMs);
  wipe(received.chainKey);

  // Only what has opened is worth the rest.
  let { skipped } = state;
  if (receiving) {
    const rest = skipTo(receiving, previousCount, nowMs);
    skipped = withSkipped(skipped, receiving.headerKey, rest.keys);
    if (rest.keys.length > 0) wipe(rest.chain.chainKey);
  }
  skipped = withSkipped(skipped, nextReceivingHeaderKey, keys);

  const ours = generateDhKeyPair(randomness);
  const sent = collapseKeyErrors(() => deriveRoot(received.rootKey, ours, ratchetKey));
  wipe(received.rootKey);
  const next: RatchetState = {
    ad: state.ad,
    rootKey: sent.rootKey,
    ours,
    sending: { chainKey: sent.chainKey, headerKey: state.nextSendingHeaderKey, count: 0 },
    receiving: chain,
    nextSendingHeaderKey: sent.nextHeaderKey,
    nextReceivingHeaderKey: received.nextHeaderKey,
    previousCount: state.sending?.count ?? 0,
    skipped,
  };
  return opened(before, next, content);
}

/** Opens a message at or past the end of `receiving`: the chain behind it, the keys passed over, the content. */
function advance(
  { ad }: RatchetState,
  incoming: Incoming,
  receiving: ReceivingChain,
  nowMs: number,
): { readonly chain: ReceivingChain; readonly keys: readonly SkippedKey[]; readonly content: Uint8Array } {
  const { number } = incoming.header;
  requireBound(number - receiving.count);
  const passed = skipTo(receiving, number, nowMs);
  const { messageKey, chainKey } = deriveMessageKey(passed.chain.chainKey);
  if (passed.keys.length > 0) wipe(passed.chain.chainKey);
  try {
    const content = openContent({ ad }, incoming, messageKey);
    return { chain: { ...passed.chain, chainKey, count: number + 1 }, keys: passed.keys, content };
  } catch (error) {
    wipe(chainKey, ...passed.keys.map((key) => key.messageKey));
    throw error;
  } finally {
    wipe(messageKey);
  }
}

function openContent(
  { ad }: Pick<RatchetState, 'ad'>,
  incoming: Incoming,
  messageKey: Uint8Array,
): Uint8Array {
  return unpad(openBody(messageKey, ad, incoming.sealedHeader, incoming.body));
}

function opened(before: RatchetState, state: RatchetState, content: Uint8Array): Decrypted {
  return { kind: 'opened', state, content, spent: spentBetween(before, state) };
}

function requireBound(skips: number): void {
  if (skips > maxSkippedPerChain) {
    throw new CodedError('ERR_TOO_MANY_SKIPPED', 'too many messages are missing');
  }
}

/** A peer's ratchet key that X448 refuses is one more forged message. */
function collapseKeyErrors(derive: () => RootStep): RootStep {
  try {
    return derive();
  } catch (error) {
    if (hasCode(error, 'ERR_CRYPTO_KEY'))
      throw new CodedError('ERR_CRYPTO_OPEN', 'the ciphertext could not be opened');
    throw error;
  }
}
