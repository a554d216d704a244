/** Servers that are started for a measurement: found, run in a process of their own, and ended. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, openSync, closeSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { delimiter, join } from 'node:path';

const startTimeoutMs = 30_000;
const stopTimeoutMs = 8000;

/** Where a program is; undefined where it isn't installed. */
export function find(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/bin'];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What a program answers, or undefined where it does not. */
export function ask(program: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new TypeError('no port'));
        else resolve(address.port);
      });
    });
  });
}

export interface Program {
  readonly pid: number;
  stop(): Promise<void>;
}

interface Launch {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Gets what it says. */
  readonly log: string;
  /** It is there when somebody can connect. */
  readonly port: number;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  readonly stopWith?: NodeJS.Signals;
}

export async function launch(
  program: string,
  { args, env, log, port, user, stopWith }: Launch,
): Promise<Program> {
  const descriptor = openSync(log, 'a');
  const child = spawn(program, [...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', descriptor, descriptor],
    ...user,
  });
  closeSync(descriptor);
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => resolve()).once('error', () => resolve()),
  );
  const started = { pid: child.pid ?? 0, stop: () => stop(child, ended, stopWith) };
  try {
    await reached(port, ended);
  } catch (error) {
    await started.stop();
    throw error;
  }
  return started;
}

async function stop(child: ChildProcess, ended: Promise<void>, signal?: NodeJS.Signals): Promise<void> {
  child.kill(signal ?? 'SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await ended;
  clearTimeout(timer);
}

async function reached(port: number, ended: Promise<void>): Promise<void> {
  const program = { isOver: false };
  void ended.then(() => (program.isOver = true));
  const giveUpAt = performance.now() + startTimeoutMs;
  while (!(await canConnect(port))) {
    if (program.isOver) throw new Error('it ended at once');
    if (performance.now() > giveUpAt) throw new Error('it does not answer');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** A user of this machine, for servers that refuse to run as root. */
export function userOf(name: string): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = ['-u', '-g'].map((which) => Number(ask('id', [which, name]) ?? NaN));
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid: uid!, gid: gid! } : undefined;
}
