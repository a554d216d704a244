/** The relay as a process of its own: what only a real start, a signal or a kill can show. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The bundle that RELAY_MAIN names, else the sources. */
const bundle = process.env['RELAY_MAIN'] ?? '';
const sources = ['--import', 'tsx', fileURLToPath(new URL('../../src/main.ts', import.meta.url))];
const startTimeoutMs = 60_000;

export interface RelayProcess {
  readonly origin: string;
  readonly pid: number;
  readonly lines: readonly string[];
  /** What came on standard error so far. */
  errorOutput(): string;
  /** Sends the signal and waits for the end. @returns the exit code, or null after a kill. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** The exit code, when it ends by itself. */
  readonly ended: Promise<number | null>;
}

export interface ProcessOptions {
  readonly env: Readonly<Record<string, string>>;
  /** In 1,024-byte blocks: no file may become larger. */
  readonly maxFileBlocks?: number;
  /** Behind the program's name. */
  readonly args?: readonly string[];
  /** Gets the process before it listens. */
  readonly onSpawn?: (child: ChildProcess) => void;
}

/** Without limits on rates, and on any port that is free. */
function spawnRelay({ env, maxFileBlocks, args: words = [] }: ProcessOptions): ChildProcess {
  const rates = Object.fromEntries(
    [
      'REQUESTS_PER_MINUTE_PER_ADDRESS',
      'REQUESTS_PER_MINUTE_PER_ACCOUNT',
      'SIGN_INS_PER_MINUTE_PER_ADDRESS',
      'REGISTRATIONS_PER_HOUR_PER_ADDRESS',
      'REQUESTS_PER_MINUTE_PER_GROUP',
    ].map((name) => [`CRYPT2CHAT_${name}`, '0']),
  );
  const command = [process.execPath, ...(bundle === '' ? sources : [bundle]), ...words];
  const limited = ['/bin/bash', '-c', `ulimit -f ${maxFileBlocks ?? 0} && exec "$@"`, 'relay', ...command];
  const [program, ...args] = maxFileBlocks === undefined ? command : limited;
  return spawn(program!, args, {
    env: { PATH: process.env['PATH'], CRYPT2CHAT_PORT: '0', ...rates, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export async function startProcess(options: ProcessOptions): Promise<RelayProcess> {
  const child = spawnRelay(options);
  options.onSpawn?.(child);
  const ended = exitOf(child);
  const lines: string[] = [];
  let errorOutput = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (errorOutput += text));
  const listening = new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the relay did not listen in time')), startTimeoutMs);
    createInterface({ input: child.stdout! }).on('line', (line) => {
      lines.push(line);
      const { msg, url } = JSON.parse(line) as { msg?: string; url?: string };
      if (msg !== 'listening' || url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
    void ended.then((code) => {
      clearTimeout(timer);
      reject(new Error(`the relay ended with ${code}: ${lines.join('\n')}`));
    });
  });
  const origin = await listening;
  assert.ok(child.pid);
  return {
    origin,
    pid: child.pid,
    lines,
    errorOutput: () => errorOutput,
    ended,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** For a relay that is not to start: its exit code and all that it said. */
export async function runToEnd(options: ProcessOptions): Promise<{ code: number | null; output: string }> {
  const child = spawnRelay(options);
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), startTimeoutMs);
  const code = await exitOf(child);
  clearTimeout(timer);
  return { code, output };
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', (code) => resolve(code)));
}
