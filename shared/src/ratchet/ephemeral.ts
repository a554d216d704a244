import { wipe } from '../bytes/index.ts';
import { openSalted, pad, type Randomness, sealSalted, unpad } from '../primitives/index.ts';
import { maxEphemeralBytes } from './limits.ts';
import type { RatchetState } from './state.ts';

const info = 'crypt2chat/v1/ratchet/ephemeral';

/** What padding and seal add, at most: Padmé's 12 % and 48 bytes. */
const maxPlaintextBytes = 3 * 1024;

/**
 * Seals what may be lost and is soon worthless (docs/protocol.md §7.1) under the header key of the sending chain:
 * no state changes, no message key is used up. So it is as secret as the headers are: a whole chain of them falls
 * with one state.
 * @throws RangeError at a responder that has not opened a message yet; for more than 3 KiB.
 */
export function sealEphemeral(state: RatchetState, bytes: Uint8Array, randomness: Randomness): Uint8Array {
  if (state.sending === null) throw new RangeError('the responder opens a message before it sends');
  if (bytes.length > maxPlaintextBytes) throw new RangeError(`more than ${maxPlaintextBytes} bytes`);
  const padded = pad(bytes);
  try {
    return sealSalted(state.sending.headerKey, info, state.ad, padded, randomness);
  } finally {
    wipe(padded);
  }
}

/**
 * Two trials at most: the present chain, and the next, whose first message may still be on its way. Nothing keeps
 * a replay out: the caller compares `sentAt` with its clock and with the last one.
 * @returns undefined where it is not of this session.
 */
export function openEphemeral(state: RatchetState, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length > maxEphemeralBytes) return undefined;
  const keys = [state.nextReceivingHeaderKey];
  if (state.receiving) keys.unshift(state.receiving.headerKey);
  for (const key of keys) {
    try {
      return unpad(openSalted(key, info, state.ad, sealed));
    } catch {
      // The next key; nobody is told why.
    }
  }
  return undefined;
}
