import { toHex } from '@crypt2chat/shared/bytes';
import { limits } from '@crypt2chat/shared/wire';
import type { Clock } from '@crypt2chat/shared/clock';
import { accountBlocked, deviceRevoked, Refusal } from '../refusal.ts';
import type { Store, StoredEnvelope } from '../store/index.ts';

/** When there is no room for another waiting poll, this is when to come again. */
const pollRetrySeconds = 5;

export interface PollRequest {
  readonly deviceId: Uint8Array;
  /** What is at or before it is acknowledged; 0 acknowledges nothing. */
  readonly after: number;
  readonly waitMs: number;
  /** The client has gone: nobody will read the answer. */
  readonly gone: AbortSignal;
}

export interface PollAnswer {
  readonly envelopes: readonly StoredEnvelope[];
  readonly ephemeral: readonly Uint8Array[];
  readonly more: boolean;
}

/** Why a poll need not wait any longer. */
type Ending = 'revoked' | 'blocked' | 'over';

/** One poll: asleep until `wake`, or for good once it has ended. */
class Waiter {
  readonly ephemeral: Uint8Array[] = [];
  ending: Ending | undefined;
  #isAwake = false;
  #wake: (() => void) | undefined;

  wake(): void {
    this.#isAwake = true;
    this.#wake?.();
  }

  end(ending: Ending): void {
    this.ending ??= ending;
    this.wake();
  }

  /** Resolves at the next `wake`, or at once where one came since the last time. */
  async sleep(): Promise<void> {
    if (!this.#isAwake) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#isAwake = false;
    this.#wake = undefined;
  }
}

/**
 * Long polls over mailboxes. A device has one poll at a time: a newer one ends the older. What arrives while a poll
 * is being answered wakes it again, so nothing waits for the next poll that could have gone with this one. Who is
 * woken reads the store; only ephemeral envelopes pass through here, to a poll that is there or nowhere.
 */
export class DeliveryHub {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #maxWaiting: number;
  readonly #waiters = new Map<string, Waiter>();
  readonly #stopListening: () => void;
  #sleeping = 0;
  #isClosed = false;

  constructor(options: { readonly store: Store; readonly clock: Clock; readonly maxWaiting: number }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#maxWaiting = options.maxWaiting;
    this.#stopListening = this.#store.listen({
      delivered: (deviceId) => this.#waiters.get(toHex(deviceId))?.wake(),
      revoked: (deviceId) => this.#waiters.get(toHex(deviceId))?.end('revoked'),
      blocked: (deviceId) => this.#waiters.get(toHex(deviceId))?.end('blocked'),
      ephemeral: (deviceId, envelope) => {
        const waiter = this.#waiters.get(toHex(deviceId));
        if (waiter === undefined || waiter.ephemeral.length >= limits.envelopesPerBatch) return;
        waiter.ephemeral.push(envelope);
        waiter.wake();
      },
    });
  }

  /** How many polls wait. */
  get waiting(): number {
    return this.#sleeping;
  }

  /**
   * What is there after the cursor, else what comes within the time; nothing where the poll was replaced, the time
   * is over or the relay stops. The acknowledgement is durable when this resolves.
   * @throws Refusal `ERR_POLLS_EXHAUSTED`; `ERR_DEVICE_REVOKED`; `ERR_ACCOUNT_BLOCKED`; `ERR_SHUTTING_DOWN`; what the store refuses.
   */
  async poll(request: PollRequest): Promise<PollAnswer> {
    if (this.#isClosed)
      throw new Refusal('ERR_SHUTTING_DOWN', 'The relay is about to stop.', pollRetrySeconds);
    const key = toHex(request.deviceId);
    const waiter = new Waiter();
    this.#waiters.get(key)?.end('over');
    this.#waiters.set(key, waiter);
    const over = (): void => waiter.end('over');
    const cancelTimer = this.#clock.setTimer(request.waitMs, over);
    request.gone.addEventListener('abort', over);
    try {
      return await this.#answer(request, waiter);
    } finally {
      cancelTimer();
      request.gone.removeEventListener('abort', over);
      if (this.#waiters.get(key) === waiter) this.#waiters.delete(key);
    }
  }

  async #answer({ deviceId, after, waitMs }: PollRequest, waiter: Waiter): Promise<PollAnswer> {
    if (after > 0) await this.#store.acknowledge(deviceId, after);
    for (;;) {
      const found = await this.#store.envelopes(deviceId, after, limits.envelopesPerBatch + 1);
      if (waiter.ending === 'revoked') throw deviceRevoked();
      if (waiter.ending === 'blocked') throw accountBlocked();
      if (found.length > 0 || waiter.ephemeral.length > 0 || waiter.ending !== undefined || waitMs === 0) {
        return {
          // 64 envelopes of 64 KiB are the 4 MiB that an answer may have.
          envelopes: found.slice(0, limits.envelopesPerBatch),
          ephemeral: waiter.ephemeral,
          more: found.length > limits.envelopesPerBatch,
        };
      }
      if (this.#sleeping >= this.#maxWaiting) {
        throw new Refusal('ERR_POLLS_EXHAUSTED', 'Too many polls are waiting.', pollRetrySeconds);
      }
      this.#sleeping += 1;
      try {
        await waiter.sleep();
      } finally {
        this.#sleeping -= 1;
      }
    }
  }

  /** Answers all waiting polls and takes no more. */
  close(): void {
    this.#isClosed = true;
    this.#stopListening();
    for (const waiter of this.#waiters.values()) waiter.end('over');
  }
}
