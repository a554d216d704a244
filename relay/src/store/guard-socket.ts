/**
 * The socket in the data folder, as a line of text:
 *
 *   greeting = token LF            at once, to whoever connects
 *   request  = one line LF         within some seconds, where something is wanted
 *   answer   = one line LF         and the end
 *
 * Who can connect can do everything that the operator can: the owner of the folder.
 */
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, openSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join, relative } from 'node:path';

/** The size of sun_path is 104 bytes on macOS and the BSDs, 108 on Linux, with the terminator. */
const maxSocketPathBytes = 103;
const greetingTimeoutMs = 2000;
const maxGreetingBytes = 64;
const requestTimeoutMs = 10_000;
const maxRequestBytes = 64 * 1024;
const maxConnections = 16;
const socketMode = 0o600;

/** From a request to its answer, both without line ends. It does not reject. */
export type RequestHandler = (request: string) => Promise<string>;

export interface GuardServer {
  close(): Promise<void>;
}

/** @returns undefined where the name is taken. */
export function listen(
  path: string,
  token: string,
  answer: RequestHandler | undefined,
): Promise<GuardServer | undefined> {
  return new Promise((resolve, reject) => {
    const open = new Set<Socket>();
    const server = createServer((socket) => {
      open.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
      socket.unref();
      if (answer === undefined) socket.end(`${token}\n`);
      else serve(socket, token, answer);
    });
    server.maxConnections = maxConnections;
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      server.unref();
      if (process.platform !== 'win32') chmodSync(path, socketMode);
      resolve({
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            for (const socket of open) socket.destroy();
          }),
      });
    });
  });
}

function serve(socket: Socket, token: string, answer: RequestHandler): void {
  let request = '';
  socket.write(`${token}\n`);
  socket.setTimeout(requestTimeoutMs, () => socket.destroy());
  socket.setEncoding('utf8').on('data', (text: string) => {
    request += text;
    const end = request.indexOf('\n');
    if (request.length > maxRequestBytes) {
      socket.destroy();
      return;
    }
    if (end < 0) return;
    socket.removeAllListeners('data').pause();
    socket.setTimeout(0);
    void answer(request.slice(0, end)).then((line) => socket.end(`${line}\n`));
  });
}

/** What the owner of the socket says (empty where it is too busy to say anything); undefined where there is none. */
export function greetingOf(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(path);
    const timer = setTimeout(() => settle(''), greetingTimeoutMs);
    const settle = (result: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.length > maxGreetingBytes) settle('');
      else if (answer.endsWith('\n')) settle(answer.slice(0, -1));
    });
    socket.on('end', () => settle(answer));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      settle(isNobody(error) ? undefined : answer);
    });
  });
}

/**
 * Asks the relay that has the folder.
 * @returns its answer; undefined where no relay runs
 * @throws what the system says where the socket may not be used; Error where the relay says nothing in the time
 */
export function askOwner(folder: string, request: string, timeoutMs: number): Promise<string | undefined> {
  const place = socketPlace(folder);
  return new Promise<string | undefined>((resolve, reject) => {
    let text = '';
    const socket = connect(place.path);
    const fail = (): void => {
      socket.destroy();
      reject(new Error('The relay did not answer.'));
    };
    const timer = setTimeout(fail, timeoutMs);
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${request}\n`));
    socket.on('data', (more: string) => (text += more));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (isNobody(error)) resolve(undefined);
      else reject(error);
    });
    socket.on('end', () => {
      clearTimeout(timer);
      const [, answer, rest] = text.split('\n');
      if (answer === undefined || rest === undefined) fail();
      else resolve(answer);
    });
  }).finally(() => place.close());
}

function isNobody({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNREFUSED' || code === 'ENOENT';
}

/** A path by which the socket can be bound: long ones are cut silently, and two folders then share a socket. */
export function socketPlace(folder: string): { readonly path: string; close(): void } {
  const keep = { close: () => undefined };
  if (process.platform === 'win32') {
    const name = createHash('sha256').update(folder.toLowerCase()).digest('hex').slice(0, 32);
    return { path: `\\\\.\\pipe\\crypt2chat-relay-${name}`, ...keep };
  }
  const name = 'relay.sock';
  for (const path of [join(folder, name), relative(process.cwd(), join(folder, name))]) {
    if (fits(path)) return { path, ...keep };
  }
  if (process.platform === 'linux') {
    const descriptor = openSync(folder, 'r');
    return { path: `/proc/self/fd/${descriptor}/${name}`, close: () => closeSync(descriptor) };
  }
  throw new Error('The path of the data folder is too long for a socket: choose a shorter one.');
}

/** With room for the name under which a stale one is moved aside. */
function fits(path: string): boolean {
  return Buffer.byteLength(path) + 5 <= maxSocketPathBytes;
}
