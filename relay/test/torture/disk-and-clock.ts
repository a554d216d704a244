/** A disk that is full and has room again, and a clock that jumps: under load, with kills between. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { holds } from './ledger.ts';
import { Load } from './load.ts';
import type { KillOptions } from './kills.ts';
import { between, pick, seededRandom } from './random.ts';
import { Relays, withFaults, withoutLimits } from './relays.ts';
import { look } from './watch.ts';

/** Of the file system that gets full. */
const diskMegabytes = 48;
/** By then the relay has to have noticed, or to be at work again. */
const noticeTimeoutMs = 40_000;
const hourMs = 3600_000;
const yearMs = 365 * 24 * hourMs;

/**
 * On a small file system of its own, which something else fills now and then. Needs the right to mount one.
 * @returns whether it holds, and in words
 */
export async function fillDisk({
  count,
  seed,
  progress,
}: KillOptions): Promise<{ holds: boolean; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'c2c-torture-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMegabytes}m`, 'tmpfs', folder]);
  const env = { ...withoutLimits, CRYPT2CHAT_DATA: folder };
  const relays = new Relays(() => ({ env }));
  const random = seededRandom(seed);
  const ballast = join(folder, 'ballast');
  const problems: string[] = [];
  let kills = 0;
  const refused = (): number => relays.refusals.get('ERR_STORAGE_FULL') ?? 0;
  try {
    await relays.start();
    const load = new Load(relays, true);
    await load.begin();
    for (let round = 0; round < count; round++) {
      await delay(between(random, 100, 800));
      const before = refused();
      fillUp(ballast);
      if (!(await within(() => refused() > before)))
        problems.push(`round ${round}: nobody was told that it is full`);
      await delay(between(random, 0, 1500));
      const [relay] = relays.running;
      const health = await fetch(`${relay!.origin}/healthz`);
      if (!health.ok) problems.push(`round ${round}: not alive while it is full`);
      const isKilled = round % 2 === 1;
      if (isKilled) {
        kills += 1;
        await relays.end(relay!, 'SIGKILL');
      }
      rmSync(ballast);
      if (isKilled) await relays.start();
      const { acknowledged } = load;
      if (!(await within(() => load.acknowledged > acknowledged + 20)))
        problems.push(`round ${round}: not at work again when there was room`);
      progress(`${round + 1} of ${count} rounds, ${load.acknowledged} acknowledged, ${refused()} times full`);
    }
    problems.push(...(await load.end()));
    const verdict = load.judge();
    const { acknowledged, lost, twice, disordered, damaged } = verdict;
    const text =
      `${count} times full, ${kills} kills while it was, ${refused()} requests refused with ERR_STORAGE_FULL, ` +
      `${acknowledged} acknowledged; ${lost} lost, ${twice} twice, ${disordered} out of order, ${damaged} damaged` +
      problems.map((problem) => `; ${problem}`).join('');
    return { holds: holds(verdict) && problems.length === 0, text };
  } finally {
    await relays.stop();
    execFileSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes until there is no room. */
function fillUp(file: string): void {
  const descriptor = openSync(file, 'w');
  try {
    for (const size of [1024 * 1024, 4096]) {
      for (;;) {
        if (!tryWrite(descriptor, size)) break;
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

function tryWrite(descriptor: number, size: number): boolean {
  try {
    return writeSync(descriptor, Buffer.alloc(size)) > 0;
  } catch {
    return false;
  }
}

/** Where the clock stands, beside the right time; in turns with the right time itself. */
const jumps = [3 * hourMs, -2 * hourMs, 9 * hourMs, -5 * hourMs, -yearMs, -10 * 60_000, -45 * 24 * hourMs];

/**
 * The clock of the relay jumps and comes back, also while it is not running. Somebody is away for all of it, so that
 * what came at a wrong time has to outlive the right one.
 */
export async function turnClock({
  count,
  seed,
  progress,
}: KillOptions): Promise<{ holds: boolean; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'c2c-torture-'));
  const control = join(folder, 'clock.json');
  const env = { ...withoutLimits, ...withFaults({ control }), CRYPT2CHAT_DATA: join(folder, 'data') };
  const relays = new Relays(() => ({ env }));
  const random = seededRandom(seed);
  const turnTo = (clockOffsetMs: number): void => writeFileSync(control, JSON.stringify({ clockOffsetMs }));
  let restarts = 0;
  let said = 0;
  let wentBack = 0;
  try {
    turnTo(0);
    await relays.start();
    const load = new Load(relays, true);
    await load.begin();
    const problems: string[] = [];
    // A relay that has stored nothing knows of no other time than its clock's.
    if (!(await within(() => load.acknowledged > 0))) problems.push('not at work before the clock turned');
    let last = 0;
    for (let round = 0; round < count; round++) {
      const { acknowledged } = load;
      const next = round % 2 === 0 ? pick(random, jumps) : 0;
      const [relay] = relays.running;
      // Odd rounds find their way back; a start sweeps what is over its time.
      const isRestart = random() < 0.4 || round % 2 === 1;
      turnTo(next);
      if (next < last - hourMs) wentBack += 1;
      if (isRestart) {
        restarts += 1;
        said += warningsOf(relay!.lines);
        await relays.end(relay!, random() < 0.5 ? 'SIGKILL' : 'SIGTERM');
        await relays.start();
      } else {
        await look(relay!);
      }
      last = next;
      if (!(await within(() => load.acknowledged > acknowledged + 30)))
        problems.push(`round ${round}: not at work with the clock ${next / hourMs} h off`);
      await delay(between(random, 0, 500));
      progress(`${round + 1} of ${count} rounds, ${load.acknowledged} acknowledged`);
    }
    turnTo(0);
    const [relay] = relays.running;
    said += warningsOf(relay!.lines);
    await relays.end(relay!, 'SIGTERM');
    await relays.start();
    problems.push(...(await load.end()));
    if (wentBack > 0 && said === 0) problems.push('the relay did not say that its clock went back');
    const verdict = load.judge();
    const { acknowledged, lost, twice, disordered, damaged } = verdict;
    const text =
      `${count} turns of the clock, ${wentBack} of them back, ${restarts} restarts, ${said} warnings in the log, ` +
      `${acknowledged} acknowledged; ${lost} lost, ${twice} twice, ${disordered} out of order, ${damaged} damaged` +
      problems.map((problem) => `; ${problem}`).join('');
    return { holds: holds(verdict) && problems.length === 0, text };
  } finally {
    await relays.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function warningsOf(lines: readonly string[]): number {
  return lines.filter((line) => line.includes('"behindSeconds"')).length;
}

async function within(condition: () => boolean): Promise<boolean> {
  const end = performance.now() + noticeTimeoutMs;
  while (!condition()) {
    if (performance.now() > end) return false;
    await delay(10);
  }
  return true;
}
