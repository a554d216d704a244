/** Ending a process together with all that it started, by its id. */
import { spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * @param {number} pid the leader of the group
 * @param {NodeJS.Signals | 0} signal
 * @returns {boolean} whether anybody was there
 */
export function signalGroup(pid, signal) {
  try {
    if (process.platform !== 'win32') {
      process.kill(-pid, signal);
    } else if (signal === 0) {
      process.kill(pid, 0);
    } else {
      // Windows has no groups and no polite request that a console program would hear.
      return spawnSync('taskkill', ['/pid', String(pid), '/t', '/f'], { windowsHide: true }).status === 0;
    }
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * Asks the group to end, waits for `graceMs`, and kills what is left.
 *
 * @param {number} pid
 * @param {number} graceMs
 */
export async function endGroup(pid, graceMs) {
  if (!signalGroup(pid, 'SIGTERM')) return;
  const deadline = Date.now() + graceMs;
  while (signalGroup(pid, 0)) {
    if (Date.now() > deadline) {
      signalGroup(pid, 'SIGKILL');
      return;
    }
    await pause(25);
  }
}
