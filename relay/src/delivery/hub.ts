import { toHex } from '@crypt2chat/shared/bytes';
import type { Clock } from '@crypt2chat/shared/clock';
import { limits } from '@crypt2chat/shared/wire';
import { accountBlocked, deviceRevoked } from '../refusal.ts';
import type { Store, StoredEnvelope } from '../store/index.ts';
import { WaitingRoom } from './waiting-room.ts';

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

/**
 * Long polls over mailboxes. A device has one poll at a time: a newer one ends the older. What arrives while a poll
 * is being answered wakes it again, so nothing waits for the next poll that could have gone with this one. Who is
 * woken reads the store; only ephemeral envelopes pass through here, to a poll that is there or nowhere.
 */
export class DeliveryHub {
  readonly #store: Store;
  readonly #room: WaitingRoom;
  readonly #stopListening: () => void;

  constructor(options: { readonly store: Store; readonly clock: Clock; readonly maxWaiting: number }) {
    this.#store = options.store;
    const room = new WaitingRoom(options.clock, options.maxWaiting);
    this.#room = room;
    this.#stopListening = this.#store.listen({
      delivered: (deviceId) => {
        const topic = toHex(deviceId);
        for (const waiter of room.about(topic)) waiter.tell(topic);
      },
      revoked: (deviceId) => {
        for (const waiter of room.about(toHex(deviceId))) waiter.refuse(deviceRevoked());
      },
      blocked: (deviceId) => {
        for (const waiter of room.about(toHex(deviceId))) waiter.refuse(accountBlocked());
      },
      ephemeral: (deviceId, envelope) => {
        const topic = toHex(deviceId);
        for (const waiter of room.about(topic)) waiter.pass(topic, envelope);
      },
    });
  }

  /** How many polls wait. */
  get waiting(): number {
    return this.#room.waiting;
  }

  /**
   * What is there after the cursor, else what comes within the time; nothing where the poll was replaced, the time
   * is over or the relay stops. The acknowledgement is durable when this resolves.
   * @throws Refusal `ERR_POLLS_EXHAUSTED`; `ERR_DEVICE_REVOKED`; `ERR_ACCOUNT_BLOCKED`; `ERR_SHUTTING_DOWN`; what the
   *   store refuses.
   */
  async poll({ deviceId, after, waitMs, gone }: PollRequest): Promise<PollAnswer> {
    const topic = toHex(deviceId);
    let isAcknowledged = after === 0;
    return this.#room.hold({ topics: [topic], maxPerTopic: 1, waitMs, gone }, async (waiter) => {
      if (!isAcknowledged) await this.#store.acknowledge(deviceId, after);
      isAcknowledged = true;
      const found = await this.#store.envelopes(deviceId, after, limits.envelopesPerBatch + 1);
      if (found.length === 0 && waiter.canSleep) return undefined;
      return {
        // 64 envelopes of 64 KiB are the 4 MiB that an answer may have.
        envelopes: found.slice(0, limits.envelopesPerBatch),
        ephemeral: waiter.ephemeralOf(topic),
        more: found.length > limits.envelopesPerBatch,
      };
    });
  }

  /** Answers all waiting polls and takes no more. */
  close(): void {
    this.#stopListening();
    this.#room.close();
  }
}
