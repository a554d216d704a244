import type { Server } from 'node:http';
import type { Randomness } from '@crypt2chat/shared/primitives';
import { type AdminContext, answerRequests } from './admin/index.ts';
import { createApp } from './app.ts';
import { Arrivals } from './arrivals.ts';
import type { Clock } from '@crypt2chat/shared/clock';
import type { Config } from './config/index.ts';
import { Cursors, DeliveryHub } from './delivery/index.ts';
import {
  answerInTime,
  close,
  connectionsOf,
  createHttpServer,
  httpTimeouts,
  type HttpTimeouts,
  listen,
} from './http-server.ts';
import { Identities } from './identities.ts';
import { type MadeInvite, makeFirstInvite } from './invites.ts';
import type { Log } from './log.ts';
import { createMetrics, type Metrics, serveMetrics } from './metrics/index.ts';
import { createRateLimits } from './routes/index.ts';
import { openStore, type Store } from './store/index.ts';
import { version } from './version.ts';

/** Beside the polls that wait: senders, and connections that are idle. */
const otherConnections = 5000;
const sweepEveryMs = 10 * 60_000;
const sweepLimit = 1000;
const dayMs = 24 * 3600 * 1000;

export interface ServiceOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly wasm?: string | undefined;
  readonly timeouts?: HttpTimeouts | undefined;
  /** Registration is by invite, and nobody could come by one: this is the first, to be shown to the operator. */
  readonly onFirstInvite?: ((invite: MadeInvite) => void) | undefined;
  readonly onFatal: (error: unknown) => void;
}

export interface Service {
  /** Where it listens; the configured origin may be another. */
  readonly url: string;
  readonly origin: string;
  readonly store: Store;
  /** How many polls wait. */
  waitingPolls(): number;
  /**
   * Takes no more requests, answers the waiting polls, finishes what is under way (for a few seconds at most) and
   * closes the database. Once; later calls wait for the same end.
   */
  stop(): Promise<void>;
}

/**
 * Opens the store, listens, and keeps house.
 * @throws FolderInUseError; CodedError `ERR_DATABASE_…`; Refusal `ERR_STORAGE_UNAVAILABLE`; what the system says of the
 * address.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, log, clock, randomness } = options;
  const admin: { context?: AdminContext } = {};
  const store = await openStore({ ...options, answer: answerRequests(() => admin.context) });
  const timeouts = options.timeouts ?? httpTimeouts;
  const server = createHttpServer(log, timeouts);
  server.maxConnections = config.waitingPolls + otherConnections;
  const hub = new DeliveryHub({ store, clock, randomness, maxWaiting: config.waitingPolls });
  const waitingPolls = (): number => hub.waiting;
  let metrics: Metrics | undefined;
  let metricsServer: Server | undefined;
  let port: number;
  let arrivals: Arrivals;
  try {
    arrivals = new Arrivals(clock, log, await store.newest());
    if (config.registration === 'invite') {
      const invite = await makeFirstInvite(store, clock, randomness);
      if (invite !== undefined) options.onFirstInvite?.(invite);
    }
    if (config.metrics !== 'off') {
      const kind = config.databaseUrl === undefined ? 'sqlite' : 'postgresql';
      metrics = await createMetrics({
        store,
        clock,
        kind,
        waitingPolls,
        connections: () => connectionsOf(server),
      });
      if (config.metrics !== 'on') metricsServer = await serveMetrics(metrics, config.metrics);
    }
    port = await listen(server, config);
  } catch (error) {
    metricsServer?.close();
    await store.close();
    throw error;
  }

  const origin = config.origin ?? `http://127.0.0.1:${port}`;
  let isStopping = false;
  const services = {
    config: { ...config, origin },
    store,
    hub,
    cursors: new Cursors(store.secret, store.incarnation),
    identities: new Identities(),
    clock,
    arrivals,
    randomness,
    limits: createRateLimits(clock, config.rates),
    metrics,
    version,
    isStopping: () => isStopping,
  };
  admin.context = { config, store, clock, randomness, running: { since: clock.now(), waitingPolls } };
  server.on('request', answerInTime(createApp(services, log), timeouts));
  const stopSweeping = sweepRegularly(store, options);

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    isStopping = true;
    stopSweeping();
    hub.close();
    metricsServer?.close();
    metricsServer?.closeAllConnections();
    await close(server);
    await store.close();
  };
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return {
    url: `http://${host}:${port}`,
    origin,
    store,
    waitingPolls,
    stop: () => (stopped ??= stop()),
  };
}

/** Forgets what is over its time, in portions that leave room for messages between them. */
function sweepRegularly(store: Store, { clock, config, log }: ServiceOptions): () => void {
  let isOver = false;
  let cancel = (): void => undefined;
  const sweep = async (): Promise<void> => {
    try {
      let hasMore = true;
      while (hasMore && !isOver) {
        const now = clock.now();
        hasMore = await store.sweep({ now, keepFrom: now - config.retentionDays * dayMs, limit: sweepLimit });
      }
    } catch {
      log.warn({}, 'a sweep failed');
    }
    if (!isOver) cancel = clock.setTimer(sweepEveryMs, () => void sweep());
  };
  void sweep();
  return () => {
    isOver = true;
    cancel();
  };
}
