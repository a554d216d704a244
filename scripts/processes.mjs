/**
 * Child processes that never outlive us. Each child leads a process group of its own, so that what it starts ends
 * with it; and a guard, a small process that only waits for us to disappear, ends the groups that are left should
 * we be killed ourselves.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endGroup, signalGroup } from './process-group.mjs';

/**
 * @typedef {{ code: number | null, signal: NodeJS.Signals | null }} Ending
 * @typedef {object} Running
 * @property {import('node:child_process').ChildProcess} child
 * @property {number} pid
 * @property {Promise<Ending>} ended resolves when the child itself has ended
 * @property {() => Promise<void>} stop ends the child and all that it started
 * @typedef {object} StartOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {import('node:child_process').StdioOptions} [stdio]
 * @property {number} [graceMs] how long after SIGTERM the rest is killed
 * @property {number} [uid]
 * @property {number} [gid]
 */

/** @type {Set<Running>} */
const running = new Set();

/** Whether we have been asked to end: then nothing is started any more. */
let ending = false;

/** @type {import('node:child_process').ChildProcess | undefined} */
let guard;

/** @param {string} line */
function tellGuard(line) {
  if (guard === undefined) {
    guard = spawn(process.execPath, [fileURLToPath(new URL('process-guard.mjs', import.meta.url))], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      windowsHide: true,
    });
    guard.on('error', () => undefined);
    guard.stdin?.on('error', () => undefined);
    guard.unref();
    /** @type {import('node:net').Socket | null} */ (guard.stdin)?.unref();
  }
  guard.stdin?.write(`${line}\n`);
}

/**
 * Starts a child. A command that cannot be started rejects.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {StartOptions} [options]
 * @returns {Promise<Running>}
 */
export async function start(command, args, { graceMs = 8_000, ...options } = {}) {
  if (ending) throw new Error(`${command} was not started: we are ending`);
  const child = spawn(command, args, {
    ...options,
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = /** @type {number} */ (child.pid);
  tellGuard(`+${String(pid)}`);
  const ended = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
  /** @type {Promise<void> | undefined} */
  let stopping;
  /** @type {Running} */
  const entry = { child, pid, ended, stop: () => (stopping ??= stop()) };
  running.add(entry);
  const forget = () => {
    if (running.delete(entry)) tellGuard(`-${String(pid)}`);
  };
  const stop = async () => {
    await endGroup(pid, graceMs);
    forget();
  };
  // What the child started may still be there when the child itself has gone.
  void ended.then(() => entry.stop());
  return entry;
}

/**
 * Runs a child to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {StartOptions & { timeoutMs?: number, onOutput?: (text: string) => void }} [options]
 * @returns {Promise<Ending & { output: string, timedOut: boolean }>} with the last 4 MiB of what it printed
 */
export async function run(command, args, { timeoutMs = 600_000, onOutput, ...options } = {}) {
  const entry = await start(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  for (const stream of [entry.child.stdout, entry.child.stderr]) {
    stream?.setEncoding('utf8');
    stream?.on('data', (text) => {
      output = (output + text).slice(-4 * 1024 * 1024);
      onOutput?.(text);
    });
  }
  const closed = new Promise((resolve) => entry.child.once('close', resolve));
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    void entry.stop();
  }, timeoutMs);
  const ending = await entry.ended;
  clearTimeout(timer);
  await entry.stop();
  await closed;
  return { ...ending, output, timedOut };
}

/** Ends everything that was started here. */
export async function stopAll() {
  await Promise.all([...running].map((entry) => entry.stop()));
}

/**
 * Calls `handler` once when we are asked to end; asked again, ends everything at once. (npm hands on a Ctrl-C that
 * the terminal has sent us already: what comes within a second is the same request.)
 *
 * @param {(signal: NodeJS.Signals) => Promise<void>} handler
 */
export function onEndRequest(handler) {
  let askedAt = 0;
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      if (askedAt === 0) {
        askedAt = Date.now();
        ending = true;
        void handler(signal);
      } else if (Date.now() - askedAt > 1_000) {
        for (const { pid } of running) signalGroup(pid, 'SIGKILL');
        process.exit(1);
      }
    });
  }
}
