/** An fsync that costs the same for everybody: disks swing manyfold within minutes, and a ratio would swing along. */
import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('slow-fsync.c', import.meta.url));

/**
 * @param folder where the library is put, for whoever runs with it to read
 * @returns what a process needs in its environment; undefined where there is no C compiler, or no such mechanism
 */
export function slowFsync(folder: string, micros: number): Readonly<Record<string, string>> | undefined {
  if (process.platform !== 'linux') return undefined;
  const library = join(folder, 'slow-fsync.so');
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return { LD_PRELOAD: library, FSYNC_MICROS: String(micros) };
}

/** What the disk under `folder` can do: writes of 1 KiB, each with its fsync, one after the other. */
export function syncsPerSecond(folder: string): number {
  const forMs = 300;
  const file = join(folder, 'probe');
  const descriptor = openSync(file, 'w');
  const begin = performance.now();
  let count = 0;
  while (performance.now() - begin < forMs) {
    writeSync(descriptor, new Uint8Array(1024));
    fsyncSync(descriptor);
    count += 1;
  }
  const took = performance.now() - begin;
  closeSync(descriptor);
  rmSync(file);
  return Math.round((count * 1000) / took);
}
