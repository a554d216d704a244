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
import { randomBytes } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync, realpathSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { greetingOf, type GuardServer, listen, type RequestHandler, socketPlace } from './guard-socket.ts';

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
 * @param answer what the socket says to the command line's requests; without it, it only says that it is there.
 * @throws FolderInUseError
 */
export async function guardFolder(
  folder: string,
  onLost: () => void,
  answer?: RequestHandler,
): Promise<FolderGuard> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const place = socketPlace(realpathSync(folder));
  const token = randomBytes(16).toString('hex');
  try {
    const server = await bind(place.path, token, answer);
    const watch = setInterval(() => {
      if (!isOwn()) onLost();
    }, lookEveryMs);
    watch.unref();
    const inode = inodeOf(place.path);
    const isOwn = (): boolean => inodeOf(place.path) === inode;
    return {
      async release() {
        clearInterval(watch);
        await server.close();
        place.close();
      },
    };
  } catch (error) {
    place.close();
    throw error;
  }
}

async function bind(path: string, token: string, answer: RequestHandler | undefined): Promise<GuardServer> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const server = await listen(path, token, answer);
    if (server === undefined) {
      if (await isAnswered(path)) throw new FolderInUseError();
      await removeStale(path);
    } else if ((await greetingOf(path)) === token) {
      return server;
    } else {
      await server.close();
    }
    await delay(betweenAttemptsMs);
  }
  throw new FolderInUseError();
}

/** Whether somebody listens. Only a refused connection says that nobody does; what is unclear counts as yes. */
async function isAnswered(path: string): Promise<boolean> {
  return (await greetingOf(path)) !== undefined;
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
