/** Made-up rows for the store's contract, and the store that a test works on. */
import assert from 'node:assert/strict';
import { until } from './relay.ts';
import type { DeviceKeys, NewPrekeys, Prekey, Store } from '../../src/store/index.ts';

export const at = Date.UTC(2026, 0, 1);
/** More than any test puts in. */
export const maxAccountBytes = 1e9;

/** `size` bytes that only this number gives. */
export function bytes(size: number, number: number): Uint8Array {
  const out = new Uint8Array(size).fill(0xa5);
  new DataView(out.buffer).setUint32(0, number);
  return out;
}

export function device(number: number): DeviceKeys {
  return { deviceId: bytes(32, number), signKey: bytes(57, number) };
}

export function account(number: number, devices: readonly DeviceKeys[] = [device(number)]) {
  return {
    accountId: bytes(32, 1000 + number),
    username: `name${number}`,
    link: bytes(100, number),
    devices,
  };
}

export function keys(from: number, count: number, size = 56): Prekey[] {
  return Array.from({ length: count }, (_, i) => ({ id: from + i, key: bytes(size, from + i) }));
}

export function kems(from: number, count: number) {
  return keys(from, count, 1568).map((key) => ({ ...key, hash: bytes(32, key.id) }));
}

export function prekeys(deviceId: Uint8Array, from: number, options: Partial<NewPrekeys> = {}): NewPrekeys {
  const oneTimeKemKeys = kems(from + 50, 2);
  return {
    deviceId,
    requestHash: bytes(32, from),
    signed: bytes(3000, from),
    signature: bytes(114, from),
    signedKeys: keys(from, 3),
    kemHashes: oneTimeKemKeys.map(({ hash }) => hash),
    oneTimePrekeys: keys(from + 10, 3),
    oneTimeKemKeys,
    maxOneTimePrekeys: 200,
    maxOneTimeKemKeys: 40,
    ...options,
  };
}

export function envelopes(from: number, count = 1, size = 1024) {
  return Array.from({ length: count }, (_, i) => ({
    id: bytes(16, from + i),
    envelope: bytes(size, from + i),
  }));
}

export const session = (deviceId: Uint8Array, number: number) => ({
  bearerHash: bytes(32, number),
  deviceId,
  expiresAt: at + 3_600_000,
  challenge: bytes(32, number),
  challengeExpiresAt: at + 60_000,
});

export interface StoreUnderTest {
  /** Opens the store, again on the same data after a close: as a relay, or as a command of its operator. */
  open(by: 'relay' | 'command'): Promise<Store>;
  destroy(): Promise<void>;
}

export const alice = device(1);
export const aliceAccount = account(1);

/** The open store with one account, and what most tests do with it. */
export class StoreFixture {
  readonly #makeStore: () => Promise<StoreUnderTest>;
  #under: StoreUnderTest | undefined;
  #store: Store | undefined;

  constructor(makeStore: () => Promise<StoreUnderTest>) {
    this.#makeStore = makeStore;
  }

  get store(): Store {
    assert.ok(this.#store);
    return this.#store;
  }

  async begin(): Promise<void> {
    this.#under = await this.#makeStore();
    this.#store = await this.#under.open('relay');
    assert.equal(await this.store.register(aliceAccount), 'created');
  }

  /** Gives `work` a store of its own, without accounts. */
  async withEmptyStore(work: (store: Store) => Promise<void>): Promise<void> {
    const under = await this.#makeStore();
    const store = await under.open('relay');
    try {
      await work(store);
    } finally {
      await store.close();
      await under.destroy();
    }
  }

  /** Resolves when a listener has heard what it is to hear: other processes may be told a little later. */
  async heard(condition: () => boolean): Promise<void> {
    await until(condition, 'a listener hears');
  }

  async reopen(): Promise<void> {
    await this.store.close();
    this.#store = await this.#under?.open('relay');
  }

  /** While no relay has the data, they begin a new life. */
  async beginAnew(): Promise<void> {
    await this.store.close();
    this.#store = await this.#under?.open('command');
    await this.store.beginAnew();
    await this.reopen();
  }

  async end(): Promise<void> {
    await this.store.close();
    await this.#under?.destroy();
  }

  /** To Alice. */
  deliver(found: readonly { id: Uint8Array; envelope: Uint8Array }[], maxWaiting = 10, when = at) {
    return this.store.deliver({
      deviceId: alice.deviceId,
      envelopes: found,
      at: when,
      maxWaiting,
      maxAccountBytes,
    });
  }

  /** What waits for Alice. */
  async waiting(seq = 0, limit = 100): Promise<Uint8Array[]> {
    return bodies(await this.store.envelopes(alice.deviceId, seq, limit));
  }
}

export function bodies(found: readonly { envelope: Uint8Array }[]): Uint8Array[] {
  return found.map(({ envelope }) => envelope);
}
