/**
 * Programs that the tests and `npm start` need and that npm can bring: fetched once into .vscode-test/, which git
 * ignores. Each has a folder here with its lockfile, so that npm holds what it fetches against the hashes in it.
 *
 * A tool is made in a folder of its own and renamed when it is whole: half a download is never taken for one, and
 * of two processes that fetch the same tool, the later one finds the place taken and uses what is there.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inCheckout } from '../checkout.mjs';
import { npm } from '../npm.mjs';
import { showing } from '../say.mjs';

/**
 * @typedef {object} Tool
 * @property {string} name the folder here that holds its package.json and lockfile
 * @property {string} version
 * @property {string} title
 * @property {string} size what a person should know before it is fetched
 * @property {(folder: string) => Promise<void>} [finish] what is left to do once npm is done
 */

const store = inCheckout('.vscode-test');
const whole = 'whole';

export const quietly = [
  '--ignore-scripts',
  '--omit=dev',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  '--engine-strict=false',
];

/**
 * @param {Tool} tool
 * @returns {Promise<string>} the folder in which the tool's node_modules is
 */
export async function fetchTool(tool) {
  const place = join(store, `${tool.name}-${tool.version}`);
  if (existsSync(join(place, whole))) return place;
  await mkdir(store, { recursive: true });
  await removeAbandoned();
  const partial = join(store, `partial-${String(process.pid)}-${tool.name}`);
  console.log(`Fetching ${tool.title} into .vscode-test/ (${tool.size}), this once.`);
  try {
    await showing(`Fetching ${tool.title}`, async () => {
      await rm(partial, { recursive: true, force: true });
      await mkdir(partial);
      for (const file of ['package.json', 'package-lock.json']) {
        await copyFile(inCheckout('scripts', 'tools', tool.name, file), join(partial, file));
      }
      await npm(['ci', ...quietly], { cwd: partial, what: tool.title });
      await tool.finish?.(partial);
      await writeFile(join(partial, whole), tool.version);
    });
    await settle(partial, place);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return place;
}

/**
 * @param {string} partial
 * @param {string} place
 */
async function settle(partial, place) {
  try {
    await rename(partial, place);
  } catch (error) {
    if (existsSync(join(place, whole))) return;
    throw error;
  }
}

/** Removes what processes left behind that ended while fetching. */
async function removeAbandoned() {
  for (const name of await readdir(store)) {
    const pid = Number(/^partial-(\d+)-/.exec(name)?.[1]);
    if (pid > 0 && !isRunning(pid)) await rm(join(store, name), { recursive: true, force: true });
  }
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
