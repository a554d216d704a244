import assert from 'node:assert/strict';
import { toHex, toUtf8, wipe } from '@crypt2chat/shared/bytes';
import type { Randomness } from '@crypt2chat/shared/primitives';
import {
  decodeRatchet,
  decrypt,
  type Decrypted,
  encodeRatchet,
  encrypt,
  type RatchetState,
} from '@crypt2chat/shared/ratchet';
import type { Session } from '../x3dh/make-session.ts';

/**
 * One side of a session, as an engine would keep it: the state goes through storage after each step, what was
 * spent is wiped, and a step that fails must have left the state as it was.
 */
export class Party {
  #state: RatchetState;
  readonly #randomness: Randomness;
  nowMs = 1_750_000_000_000;

  constructor(state: RatchetState, randomness: Randomness) {
    // A copy of its own, because it wipes what was spent.
    this.#state = decodeRatchet(encodeRatchet(state));
    this.#randomness = randomness;
  }

  get state(): RatchetState {
    return this.#state;
  }

  send(text: string): Uint8Array {
    const before = encodeRatchet(this.#state);
    const { state, message, spent } = encrypt(this.#state, toUtf8(text), { randomness: this.#randomness });
    assert.deepEqual(encodeRatchet(this.#state), before, 'encrypting changed the given state');
    this.#commit(state, spent);
    return message;
  }

  receive(message: Uint8Array): Decrypted {
    const before = encodeRatchet(this.#state);
    try {
      const result = decrypt(this.#state, message, { randomness: this.#randomness, nowMs: this.nowMs });
      if (result.kind === 'opened') this.#commit(result.state, result.spent, before);
      return result;
    } finally {
      if (this.#stored === undefined)
        assert.deepEqual(encodeRatchet(this.#state), before, 'a state was changed');
      this.#stored = undefined;
    }
  }

  /** What a message says, or why it says nothing. */
  read(message: Uint8Array): string {
    const result = this.receive(message);
    return result.kind === 'opened' ? new TextDecoder().decode(result.content) : `(${result.kind})`;
  }

  #stored: Uint8Array | undefined;

  #commit(state: RatchetState, spent: readonly Uint8Array[], before?: Uint8Array): void {
    if (before) assert.deepEqual(encodeRatchet(this.#state), before, 'decrypting changed the given state');
    this.#stored = encodeRatchet(state);
    wipe(...spent);
    assert.equal(toHex(encodeRatchet(state)), toHex(this.#stored), 'a spent key is still in use');
    this.#state = decodeRatchet(this.#stored);
    assert.deepEqual(this.#state, state);
  }
}

export interface Pair {
  readonly alice: Party;
  readonly bob: Party;
}

/** Both sides of a session in which nothing has been said. */
export function makePair({ ours, theirs }: Pick<Session, 'ours' | 'theirs'>, randomness: Randomness): Pair {
  return { alice: new Party(ours, randomness), bob: new Party(theirs, randomness) };
}

/** Both sides when each has said something: all chains are there. */
export function makeAcquaintedPair(session: Pick<Session, 'ours' | 'theirs'>, randomness: Randomness): Pair {
  const { alice, bob } = makePair(session, randomness);
  bob.read(alice.send('a'));
  alice.read(bob.send('b'));
  return { alice, bob };
}

/** Messages that say 0, 1, 2, … */
export function sendMany(from: Party, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => from.send(String(i)));
}

/** How many keys of skipped messages are kept. */
export function keptBy({ state }: Party): number {
  return state.skipped.reduce((sum, { keys }) => sum + keys.length, 0);
}
