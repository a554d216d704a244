import { type Clock, systemClock } from '@crypt2chat/shared/clock';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { createLog } from '../../src/log.ts';
import { type DeliveryResult, openPostgresStore, type Store } from '../../src/store/index.ts';
import { alice, at, envelopes, maxAccountBytes } from './store-fixture.ts';

interface Opening {
  readonly url: string;
  readonly clock: Clock;
  readonly isRelay: boolean;
}

/** Stores of several processes on one schema, and what they log. */
export class Processes {
  readonly logLines: string[] = [];
  /** What ended one of them. */
  readonly ends: unknown[] = [];
  readonly #url: string;
  readonly #open: Store[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  async open(
    name = 'first',
    { url = this.#url, clock = systemClock, isRelay = true }: Partial<Opening> = {},
  ): Promise<Store> {
    const store = await openPostgresStore({
      url,
      maxConnections: 4,
      isRelay,
      onFatal: (error) => this.ends.push(error),
      clock,
      randomness: seededRandomness(name),
      log: createLog('info', { write: (line: string) => this.logLines.push(line) }),
    });
    this.#open.push(store);
    return store;
  }

  said(message: string): boolean {
    return this.logLines.some((line) => (JSON.parse(line) as { msg: string }).msg === message);
  }

  async close(): Promise<void> {
    for (const store of this.#open) await store.close();
  }
}

/** To Alice. */
export function deliver(
  store: Store,
  from: number,
  count = 1,
  size?: number,
): Promise<readonly DeliveryResult[] | undefined> {
  const found = envelopes(from, count, size);
  return store.deliver({ deviceId: alice.deviceId, envelopes: found, at, maxWaiting: 1000, maxAccountBytes });
}
