/** What processes cost, as Linux counts it; undefined elsewhere. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Running } from './peer.ts';

type Processes = Pick<Running, 'pid' | 'alsoPids'>;

function withChildren(pid: number): number[] {
  const all = [pid];
  for (const one of all) {
    const threads = attempt(() => readdirSync(`/proc/${one}/task`)) ?? [];
    for (const thread of threads) {
      const children = attempt(() => readFileSync(`/proc/${one}/task/${thread}/children`, 'latin1')) ?? '';
      all.push(...children.split(' ').filter(Boolean).map(Number));
    }
  }
  return all;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // It has ended in the meantime.
    return undefined;
  }
}

function pidsOf({ pid, alsoPids = [] }: Processes): number[] {
  return [pid, ...alsoPids].flatMap(withChildren);
}

/** Of all threads of all its processes, as the scheduler counts to the nanosecond. */
export function cpuMs(running: Processes): number | undefined {
  if (process.platform !== 'linux') return undefined;
  let nanos = 0;
  for (const pid of pidsOf(running)) {
    for (const thread of attempt(() => readdirSync(`/proc/${pid}/task`)) ?? []) {
      const line = attempt(() => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1'));
      nanos += Number(line?.split(' ')[0] ?? 0);
    }
  }
  return nanos / 1e6;
}

/** What the processes have by themselves, and their part of what they share (PSS). */
export function memoryMb(running: Processes): number | undefined {
  if (process.platform !== 'linux') return undefined;
  let kilobytes = 0;
  for (const pid of pidsOf(running)) {
    const text = attempt(() => readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')) ?? '';
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
  }
  return kilobytes / 1024;
}
