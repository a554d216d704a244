/**
 * The folder in which `npm start` keeps everything: relay/, alice/, bob/ and what must be the same the next time.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../say.mjs';

/**
 * Takes the folder for this process.
 *
 * @param {string} folder
 * @returns {Promise<() => Promise<void>>} gives it back
 */
export async function takeDataFolder(folder) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'in-use-by');
  const owner = Number(await readFile(file, 'utf8').catch(() => ''));
  if (owner > 0 && isRunning(owner)) {
    throw new Problem(
      `Another npm start uses ${folder} (process ${String(owner)}).\n` +
        'End that one first, or give this one a folder and a port of its own: npm start -- --data FOLDER --port PORT\n' +
        `Should no other be running, delete ${file}.`,
    );
  }
  await rm(file, { force: true });
  try {
    await writeFile(file, `${String(process.pid)}\n`, { flag: 'wx' });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    throw new Problem(`Another npm start has just taken ${folder}.`);
  }
  return () => rm(file, { force: true });
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

const defaultPort = 8787;

/**
 * The relay's port. Its address is part of every account made there, and VS Code in the browser keeps secrets per
 * address: so a folder keeps the port that it began with.
 *
 * @param {string} folder
 * @param {number | undefined} wanted
 * @returns {Promise<number>}
 */
export async function portOf(folder, wanted) {
  const file = join(folder, 'port');
  const known = Number(await readFile(file, 'utf8').catch(() => ''));
  if (known > 0) {
    if (wanted !== undefined && wanted !== known) {
      throw new Problem(
        `The accounts in ${folder} belong to a relay on port ${String(known)}.\n` +
          'Leave --port out, or begin anew in another folder: npm start -- --data FOLDER --port PORT',
      );
    }
    return known;
  }
  const port = wanted ?? defaultPort;
  await writeFile(file, `${String(port)}\n`);
  return port;
}
