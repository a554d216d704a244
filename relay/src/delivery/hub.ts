import { toHex } from '@crypt2chat/shared/bytes';
import type { Clock } from '@crypt2chat/shared/clock';
import type { Randomness } from '@crypt2chat/shared/primitives';
import { limits } from '@crypt2chat/shared/wire';
import { accountBlocked, deviceRevoked } from '../refusal.ts';
import type { Store, StoredEnvelope } from '../store/index.ts';
import { groupTopic, type GroupPollAnswer, type GroupPollRequest, pollGroups } from './group-poll.ts';
import { type Client, WaitingRoom } from './waiting-room.ts';

export interface PollRequest {
  readonly deviceId: Uint8Array;
  /** What is at or before it is acknowledged; 0 acknowledges nothing. */
  readonly after: number;
  readonly waitMs: number;
  readonly client: Client;
}

export interface PollAnswer {
  readonly envelopes: readonly StoredEnvelope[];
  readonly ephemeral: readonly Uint8Array[];
  readonly more: boolean;
}

interface HubOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly maxWaiting: number;
}

/**
 * Long polls over mailboxes and over the logs of groups. What arrives while a poll is being answered wakes it again,
 * so nothing waits for the next poll that could have gone with this one. Who is woken reads the store; only ephemeral
 * envelopes pass through here, to a poll that is there or nowhere.
 */
export class DeliveryHub {
  readonly #store: Store;
  readonly #randomness: Randomness;
  readonly #room: WaitingRoom;
  readonly #stopListening: () => void;

  constructor(options: HubOptions) {
    this.#store = options.store;
    this.#randomness = options.randomness;
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
      grew: (groupId, accessHash) => {
        const topic = groupTopic({ groupId, accessHash });
        for (const waiter of room.about(topic)) waiter.tell(topic);
      },
      groupEphemeral: (groupId, accessHash, envelope) => {
        const topic = groupTopic({ groupId, accessHash });
        for (const waiter of room.about(topic)) waiter.pass(topic, envelope);
      },
      missed: () => room.tellAll(),
    });
  }

  /** How many polls wait. */
  get waiting(): number {
    return this.#room.waiting;
  }

  /**
   * Over a mailbox, of which a device has one poll at a time: a newer one ends the older.
   * @returns what is there after the cursor, else what comes within the time; nothing where the poll was replaced,
   * the time is over or the relay stops. The acknowledgement is durable when this resolves.
   * @throws Refusal `ERR_POLLS_EXHAUSTED`; `ERR_DEVICE_REVOKED`; `ERR_ACCOUNT_BLOCKED`; `ERR_SHUTTING_DOWN`; what the
   *   store refuses.
   */
  poll({ deviceId, after, waitMs, client }: PollRequest): Promise<PollAnswer> {
    const topic = toHex(deviceId);
    let isAcknowledged = after === 0;
    return this.#room.hold({ topics: [topic], maxPerTopic: 1, waitMs, client }, async (waiter) => {
      if (!isAcknowledged) await this.#store.acknowledge(deviceId, after);
      isAcknowledged = true;
      const found = await this.#store.envelopes(deviceId, after, limits.envelopesPerBatch + 1);
      if (found.length === 0 && waiter.canSleep) {
        await this.#assertWelcome(deviceId);
        return undefined;
      }
      return {
        // 64 envelopes of 64 KiB are the 4 MiB that an answer may have.
        envelopes: found.slice(0, limits.envelopesPerBatch),
        ephemeral: waiter.ephemeralOf(topic),
        more: found.length > limits.envelopesPerBatch,
      };
    });
  }

  /** Another process may have revoked or blocked it after it was let in and before its poll was here to be told. */
  async #assertWelcome(deviceId: Uint8Array): Promise<void> {
    const device = await this.#store.device(deviceId);
    if (device?.revoked !== false) throw deviceRevoked();
    if (device.blocked) throw accountBlocked();
  }

  /**
   * Over the logs of groups.
   * @returns the groups of which there is something to say: at once what is there, and those that are unknown or
   * denied; else what comes within the time; none where the time is over or the relay stops.
   * @throws Refusal `ERR_POLLS_EXHAUSTED`; `ERR_SHUTTING_DOWN`; what the store refuses.
   */
  async pollGroups(request: GroupPollRequest): Promise<readonly GroupPollAnswer[]> {
    const [turn = 0] = this.#randomness.bytes(1);
    return pollGroups(this.#store, this.#room, request, turn);
  }

  /** Answers all waiting polls and takes no more. */
  close(): void {
    this.#stopListening();
    this.#room.close();
  }
}
