import { concat, wipe } from '../bytes/index.ts';
import { deriveMessageKey, pad, type Randomness } from '../primitives/index.ts';
import { maxContentBytes, maxCount } from './limits.ts';
import { sealBody, sealHeader } from './message.ts';
import { type RatchetState, spentBetween } from './state.ts';

export interface Encrypted {
  /** Stored before `message` leaves; the given state is not to be used again. */
  readonly state: RatchetState;
  /** `encHeader[112] || body`: the padded content and 160 bytes. */
  readonly message: Uint8Array;
  /** Secrets of the given state that the new one does not have: wiped once it is stored. */
  readonly spent: readonly Uint8Array[];
}

/**
 * RatchetEncryptHE (Double Ratchet §4.3). Two HMACs and two AEADs, and O(skipped keys) to find what is spent.
 * @param content the encoding of a content, at most 22,527 bytes.
 * @throws RangeError at a responder that has not opened a message yet; for too large a content; after 2^32 - 1
 *   messages in one chain.
 */
export function encrypt(
  state: RatchetState,
  content: Uint8Array,
  { randomness }: { readonly randomness: Randomness },
): Encrypted {
  const { sending, ad, ours, previousCount } = state;
  if (sending === null) throw new RangeError('the responder opens a message before it sends');
  if (content.length > maxContentBytes)
    throw new RangeError(`a content of more than ${maxContentBytes} bytes`);
  if (sending.count >= maxCount) throw new RangeError('the sending chain is at its end');
  const { messageKey, chainKey } = deriveMessageKey(sending.chainKey);
  const padded = pad(content);
  try {
    const header = { ratchetKey: ours.publicKey, previousCount, number: sending.count };
    const sealedHeader = sealHeader(sending.headerKey, ad, header, randomness);
    const body = sealBody(messageKey, ad, sealedHeader, padded, randomness);
    const next = { ...state, sending: { ...sending, chainKey, count: sending.count + 1 } };
    return { state: next, message: concat(sealedHeader, body), spent: spentBetween(state, next) };
  } finally {
    wipe(messageKey, padded);
  }
}
