/** The HTTP server under the app: what is not HTTP, who is too slow, who stays too long. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Log } from './log.ts';
import { describe } from './middleware/index.ts';

/** How long a client may take. How long it takes to find the answer is another matter. */
export interface HttpTimeouts {
  readonly headersMs: number;
  /** For a whole request, body and all. */
  readonly requestMs: number;
  /** For taking the answer, once it is there. */
  readonly answerMs: number;
  /** How often Node looks for requests that are over their time. */
  readonly checkMs: number;
}

export const httpTimeouts: HttpTimeouts = {
  headersMs: 10_000,
  requestMs: 30_000,
  answerMs: 60_000,
  checkMs: 5000,
};
/** Longer than the usual proxy keeps an idle connection, so that it is the proxy who closes. */
const keepAliveTimeoutMs = 75_000;
/** Answers in flight get this long when the relay stops. */
const stopTimeoutMs = 5000;

/** Resolves when the answer has been handed over to be sent. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function createHttpServer(log: Log, timeouts: HttpTimeouts): Server {
  const server = createServer({
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    connectionsCheckingInterval: timeouts.checkMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    noDelay: true,
  });
  server.on('clientError', answerClientError);
  server.on('error', (error) => log.error(describe(error), 'the listener failed'));
  return server;
}

export function answerInTime(handle: Handler, { answerMs }: HttpTimeouts): RequestListener {
  return (request, response) => {
    void handle(request, response).then(() => limitTaking(request, response, answerMs));
  };
}

/** Most answers are in the system's hands at once. Who does not take the rest holds memory of ours. */
function limitTaking({ socket }: IncomingMessage, response: ServerResponse, answerMs: number): void {
  // Without a socket it waits for the answers to earlier requests on the same connection.
  const isGiven = response.socket !== null && response.socket.writableLength === 0;
  if (isGiven || response.writableFinished || socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), answerMs);
  response.once('close', () => clearTimeout(timer));
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

/** @returns the port */
export function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Waits for the answers that are under way, and then ends the connections that are left. */
export async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const timer = setTimeout(() => server.closeAllConnections(), stopTimeoutMs);
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
}

export function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}
