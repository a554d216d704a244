/**
 * One relay per data folder. SQLite has no file locks here, so a socket in the folder is the guard: it is seen from
 * other containers that share the volume, and whether its owner lives can be asked by connecting.
 *
 * Binding a name is exclusive. A socket file that nobody answers was left by a relay that was killed; whoever finds
 * it moves it aside before unlinking, so that a cleaner who comes late holds the new owner's socket in its hand,
 * hears it answer, and puts it back. After binding, the owner connects and looks for its own token. If all that
 * fails because three start at the same instant, the owner looks again every few seconds and stops when the name is
 * no longer its own.
 */
import { randomBytes, createHash } from 'node:crypto';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  closeSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** The size of sun_path is 104 bytes on macOS and the BSDs, 108 on Linux, with the terminator. */
const maxSocketPathBytes = 103;
const answerTimeoutMs = 2000;
const maxAnswerBytes = 64;
const maxAttempts = 20;
const betweenAttemptsMs = 50;
const lookEveryMs = 5000;

export class FolderInUseError extends Error {
  constructor() {
    super('Another relay is running in this data folder.');
    this.name = 'FolderInUseError';
  }
}

export interface FolderGuard {
  release(): Promise<void>;
}

/**
 * Takes the folder, which is made when it is missing (mode 0700).
 * @param onLost called when the folder turns out to be somebody else's after all: stop without writing.
 * @throws FolderInUseError
 */
export async function guardFolder(folder: string, onLost: () => void): Promise<FolderGuard> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const place = socketPlace(realpathSync(folder));
  const token = randomBytes(16).toString('hex');
  try {
    const server = await bind(place.path, token);
    const watch = setInterval(() => {
      if (!isOwn()) onLost();
    }, lookEveryMs);
    watch.unref();
    const inode = inodeOf(place.path);
    const isOwn = (): boolean => inodeOf(place.path) === inode;
    return {
      async release() {
        clearInterval(watch);
        await closeServer(server);
        place.close();
      },
    };
  } catch (error) {
    place.close();
    throw error;
  }
}

async function bind(path: string, token: string): Promise<Server> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const server = await listen(path, token);
    if (server === undefined) {
      if (await isAnswered(path)) throw new FolderInUseError();
      await removeStale(path);
    } else if ((await ask(path)) === token) {
      return server;
    } else {
      await closeServer(server);
    }
    await delay(betweenAttemptsMs);
  }
  throw new FolderInUseError();
}

/** @returns undefined where the name is taken. */
function listen(path: string, token: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(token);
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Whether somebody listens. Only a refused connection says that nobody does; what is unclear counts as yes. */
async function isAnswered(path: string): Promise<boolean> {
  return (await ask(path)) !== undefined;
}

/** What the owner of the socket says (empty where it is too busy to say anything); undefined where there is none. */
function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(path);
    const timer = setTimeout(() => settle(''), answerTimeoutMs);
    const settle = (result: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.length > maxAnswerBytes) settle('');
    });
    socket.on('end', () => settle(answer));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      settle(error.code === 'ECONNREFUSED' || error.code === 'ENOENT' ? undefined : answer);
    });
  });
}

async function removeStale(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === false) {
    throw new Error('What stands in the place of the guard is no socket.');
  }
  const aside = `${path}.${randomBytes(2).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (await isAnswered(aside)) putBack(aside, path);
  unlinkSync(aside);
}

/** Gives a living owner its name again, unless another has taken it by now. */
function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/** A path by which the socket can be bound: long ones are cut silently, and two folders then share a socket. */
function socketPlace(folder: string): { readonly path: string; close(): void } {
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
