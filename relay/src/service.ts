import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Randomness } from '@crypt2chat/shared/primitives';
import { type AdminContext, answerRequests } from './admin/index.ts';
import { createApp } from './app.ts';
import type { Clock } from '@crypt2chat/shared/clock';
import type { Config } from './config/index.ts';
import { Cursors, DeliveryHub } from './delivery/index.ts';
import { Identities } from './identities.ts';
import { type MadeInvite, makeFirstInvite } from './invites.ts';
import type { Log } from './log.ts';
import { createRateLimits } from './routes/index.ts';
import { openStore, type Store } from './store/index.ts';
import { version } from './version.ts';

/** How long a client may take to say what it wants. How long the answer takes is another matter. */
export interface HttpTimeouts {
  readonly headersMs: number;
  /** For a whole request, body and all. */
  readonly requestMs: number;
  /** How often Node looks for requests that are over their time. */
  readonly checkMs: number;
}

const httpTimeouts: HttpTimeouts = { headersMs: 10_000, requestMs: 30_000, checkMs: 5000 };
/** Longer than the usual proxy keeps an idle connection, so that it is the proxy who closes. */
const keepAliveTimeoutMs = 75_000;
/** Answers in flight get this long when the relay stops. */
const stopTimeoutMs = 5000;
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
  const server = createHttpServer(log, options.timeouts ?? httpTimeouts);
  server.maxConnections = config.waitingPolls + otherConnections;
  let port: number;
  try {
    if (config.registration === 'invite') {
      const invite = await makeFirstInvite(store, clock, randomness);
      if (invite !== undefined) options.onFirstInvite?.(invite);
    }
    port = await listen(server, config);
  } catch (error) {
    await store.close();
    throw error;
  }

  const origin = config.origin ?? `http://127.0.0.1:${port}`;
  let isStopping = false;
  const hub = new DeliveryHub({ store, clock, randomness, maxWaiting: config.waitingPolls });
  const services = {
    config: { ...config, origin },
    store,
    hub,
    cursors: new Cursors(store.secret, store.incarnation),
    identities: new Identities(),
    clock,
    randomness,
    limits: createRateLimits(clock, config.rates),
    version,
    isStopping: () => isStopping,
  };
  const running = { since: clock.now(), waitingPolls: () => hub.waiting };
  admin.context = { config, store, clock, randomness, running };
  server.on('request', createApp(services, log));
  const stopSweeping = sweepRegularly(store, options);

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    isStopping = true;
    stopSweeping();
    hub.close();
    await close(server);
    await store.close();
  };
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return {
    url: `http://${host}:${port}`,
    origin,
    store,
    waitingPolls: () => hub.waiting,
    stop: () => (stopped ??= stop()),
  };
}

function createHttpServer(log: Log, timeouts: HttpTimeouts): Server {
  const server = createServer({
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    connectionsCheckingInterval: timeouts.checkMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    noDelay: true,
  });
  server.on('clientError', answerClientError);
  server.on('error', (error) => log.error({ kind: error.name }, 'the listener failed'));
  return server;
}

/** What is not HTTP, or too slow in becoming it, never reaches the app. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
  const body = JSON.stringify({ code: 'ERR_REQUEST_INVALID', message: 'This is not a request.' });
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}`;
  socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`);
}

function listen(server: Server, config: Config): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Waits for the answers that are under way, and then ends the connections that are left. */
async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const timer = setTimeout(() => server.closeAllConnections(), stopTimeoutMs);
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
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
