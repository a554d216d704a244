/** What the measurements share: processor time, medians, a server in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { createInterface } from 'node:readline';

export interface Cost {
  /** Processor time of this process, all threads: other processes on the machine hardly matter to it. */
  readonly cpuMs: number;
  readonly wallMs: number;
}

export async function costOf(work: () => unknown): Promise<Cost> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMs: (user + system) / 1000, wallMs: performance.now() - start };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** The machine, in the words that stand above each table. */
export function machine(): string {
  const load = loadavg()[0]?.toFixed(1) ?? 'unknown';
  return `${cpus()[0]?.model ?? 'unknown CPU'} x ${cpus().length}, load ${load}, Node ${process.version}`;
}

export interface Started {
  readonly origin: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a program that says, in a line of JSON, at which `url` it is `listening`. */
export async function startServer(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Started> {
  const child: ChildProcess = spawn(process.execPath, [...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const origin = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the server ended before it listened')));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      // It may have other things to say first.
      if (!line.startsWith('{')) return;
      const { msg, url } = JSON.parse(line) as { msg?: string; url?: string };
      if (msg === 'listening' && url !== undefined) resolve(url);
    });
  });
  return {
    origin,
    pid: child.pid!,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The relay's settings that limit how often something may be asked for: none of them, for a measurement. */
export const unlimited: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'REQUESTS_PER_MINUTE_PER_ADDRESS',
    'REQUESTS_PER_MINUTE_PER_ACCOUNT',
    'SIGN_INS_PER_MINUTE_PER_ADDRESS',
    'REGISTRATIONS_PER_HOUR_PER_ADDRESS',
    'CLAIMS_PER_HOUR_PER_ACCOUNT',
    'CLAIMS_PER_HOUR_PER_TARGET',
    'GROUPS_PER_HOUR_PER_ACCOUNT',
    'REQUESTS_PER_MINUTE_PER_GROUP',
  ].map((name) => [`CRYPT2CHAT_${name}`, '0']),
);
