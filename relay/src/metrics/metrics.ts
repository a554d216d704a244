/**
 * Figures for Prometheus: how much, how fast, how full. Every label has few values, which stand in the sources (a
 * route's template, a method, a status, a code); none says who, and nothing is counted for somebody.
 */
import type { Clock } from '@crypt2chat/shared/clock';
import type { RelayErrorCode } from '@crypt2chat/shared/wire';
import type { DeliveryResult, Store, StoreStats } from '../store/index.ts';
import { version } from '../version.ts';

/** Counting takes a look at whole tables: once in this time is enough. */
const statsForMs = 60_000;
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export interface MetricsOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Where the data are. */
  readonly kind: 'sqlite' | 'postgresql';
  waitingPolls(): number;
  connections(): Promise<number>;
}

export interface Metrics {
  /** @param seconds undefined for polls, which take as long as they are asked to */
  request(route: string, method: string, status: number, seconds: number | undefined): void;
  refused(code: RelayErrorCode): void;
  delivered(results: readonly DeliveryResult[]): void;
  /** Envelopes were given to a poll; they may be given again. */
  fetched(envelopes: number): void;
  /** Entries of groups came in. */
  appended(kind: 'message' | 'link', entries: number): void;
  /** The text of the answer, and its media type. */
  exposition(): Promise<{ readonly type: string; readonly text: string }>;
}

/** What of {@link StoreStats} becomes a figure of its own. */
const gauges: Readonly<Record<string, readonly [string, (stats: StoreStats) => number]>> = {
  accounts: ['Accounts.', (stats) => stats.accounts],
  accounts_blocked: ['Accounts that the operator has blocked.', (stats) => stats.blockedAccounts],
  devices: ['Active devices.', (stats) => stats.devices],
  sessions: ['Sessions that have not expired.', (stats) => stats.sessions],
  envelopes_waiting: ['Envelopes that wait to be fetched.', (stats) => stats.waiting.envelopes],
  envelope_bytes_waiting: ['Bytes that wait to be fetched.', (stats) => stats.waiting.bytes],
  groups: ['Logs of groups.', (stats) => stats.groups],
  group_messages: ['Messages in the logs of groups.', (stats) => stats.groupMessages],
  database_bytes: ['What the database takes up.', (stats) => stats.databaseBytes],
};

export async function createMetrics(options: MetricsOptions): Promise<Metrics> {
  // Only here: a relay without metrics does not pay for the library.
  const { Registry, Counter, Gauge, Histogram, collectDefaultMetrics } = await import('prom-client');
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const stats = remembered(() => options.store.stats(options.clock.now()), options.clock);
  for (const [name, [help, of]] of Object.entries(gauges)) {
    new Gauge({
      name: `crypt2chat_${name}`,
      help,
      registers,
      async collect() {
        const found = await stats();
        if (found === undefined) this.reset();
        else this.set(of(found));
      },
    });
  }
  new Gauge({
    name: 'crypt2chat_store_up',
    help: 'Whether the storage answers.',
    registers,
    async collect() {
      const isUp = await options.store.ping().then(
        () => true,
        () => false,
      );
      this.set(isUp ? 1 : 0);
    },
  });
  new Gauge({
    name: 'crypt2chat_polls_waiting',
    help: 'Polls that wait in this process.',
    registers,
    collect() {
      this.set(options.waitingPolls());
    },
  });
  new Gauge({
    name: 'crypt2chat_connections',
    help: 'Open connections to this process.',
    registers,
    async collect() {
      this.set(await options.connections());
    },
  });
  new Gauge({
    name: 'crypt2chat_info',
    help: 'The program.',
    labelNames: ['version', 'store'],
    registers,
  }).set({ version, store: options.kind }, 1);

  const requests = new Counter({
    name: 'crypt2chat_requests_total',
    help: 'Requests that were answered.',
    labelNames: ['route', 'method', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'crypt2chat_request_seconds',
    help: 'How long answers took, apart from polls.',
    labelNames: ['route'],
    buckets: secondsBuckets,
    registers,
  });
  const refusals = new Counter({
    name: 'crypt2chat_refusals_total',
    help: 'Requests that were refused, by code.',
    labelNames: ['code'],
    registers,
  });
  const envelopes = new Counter({
    name: 'crypt2chat_envelopes_total',
    help: 'Envelopes that came, by what became of them.',
    labelNames: ['result'],
    registers,
  });
  const fetched = new Counter({
    name: 'crypt2chat_envelopes_fetched_total',
    help: 'Envelopes that were given to polls; the same may be given again.',
    registers,
  });
  const entries = new Counter({
    name: 'crypt2chat_group_entries_total',
    help: 'Entries that came into the logs of groups.',
    labelNames: ['kind'],
    registers,
  });

  return {
    request(route, method, status, took) {
      requests.inc({ route, method, status });
      if (took !== undefined) seconds.observe({ route }, took);
    },
    refused: (code) => refusals.inc({ code }),
    delivered(results) {
      for (const result of results) envelopes.inc({ result });
    },
    fetched: (count) => fetched.inc(count),
    appended: (kind, count) => entries.inc({ kind }, count),
    async exposition() {
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** The last answer while it is fresh; undefined where there is none to be had. */
function remembered<T>(ask: () => Promise<T>, clock: Clock): () => Promise<T | undefined> {
  let last: { readonly answer: Promise<T | undefined>; readonly at: number } | undefined;
  return () => {
    const now = clock.now();
    if (last === undefined || now - last.at >= statsForMs) {
      const answer = ask().catch(() => {
        last = undefined;
        return undefined;
      });
      last = { answer, at: now };
    }
    return last.answer;
  };
}
