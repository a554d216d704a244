/** What can be seen of a relay's process from outside: its memory, its descriptors. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { RelayProcess } from '../support/process.ts';

const answerTimeoutMs = 30_000;

export interface Memory {
  readonly clockOffsetMs: number;
  readonly rss: number;
  /** After all garbage was collected. */
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
}

/** Asks the process (scripts/torture/faults.cjs): it reads its orders anew, and collects its garbage. */
export async function look(relay: RelayProcess): Promise<Memory> {
  const before = answersOf(relay).length;
  process.kill(relay.pid, 'SIGUSR2');
  const end = performance.now() + answerTimeoutMs;
  for (;;) {
    const answers = answersOf(relay);
    if (answers.length > before) return answers.at(-1)!;
    if (performance.now() > end) throw new Error('the relay does not say what its memory holds');
    await delay(10);
  }
}

function answersOf(relay: RelayProcess): Memory[] {
  const lines = relay.errorOutput().split('\n').slice(0, -1);
  return lines
    .filter((line) => line.startsWith('{"faults"'))
    .map((line) => (JSON.parse(line) as { faults: Memory }).faults);
}

export function descriptorsOf({ pid }: RelayProcess): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Resident, in bytes. */
export function residentBytes({ pid }: RelayProcess): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;
}
