/**
 * The tortures of the relay: real relay processes from the bundle, and clients over HTTP that count. What each does
 * stands in relay/test/torture/; here it is built, started, and its progress shown.
 */
import { createInterface } from 'node:readline';
import { build } from '../build.mjs';
import { inCheckout } from '../checkout.mjs';
import { run, start } from '../processes.mjs';
import { Problem } from '../say.mjs';

/**
 * @param {string} name
 * @param {import('./run-tortures.mjs').Run} options
 * @returns {Promise<boolean>} whether all of it holds
 */
export async function tortureRelay(name, { count, seed, progress }) {
  if (name === 'relay-postgres') await (await import('../tools/postgres.mjs')).postgres();
  await build({ names: ['relay'], quiet: true });
  const script = inCheckout('relay', 'test', 'torture', 'main.ts');
  const command = [process.execPath, '--import', 'tsx', script, name, String(count), String(seed)];
  const [program, ...args] = name === 'relay-full-disk' ? [...(await mounting()), ...command] : command;
  const { child, ended } = await start(/** @type {string} */ (program), args, {
    cwd: inCheckout(),
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, RELAY_MAIN: inCheckout('dist', 'relay', 'main.cjs') },
  });
  createInterface({ input: /** @type {import('node:stream').Readable} */ (child.stderr) }).on(
    'line',
    (line) => {
      if (line.startsWith('… ')) progress(line.slice(2));
      else console.error(line);
    },
  );
  return (await ended).code === 0;
}

/** What a command stands behind that may mount a file system, which is gone with it. */
async function mounting() {
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const command = ['unshare', ...asRoot, '--mount'];
  const { code } = await run('unshare', [...asRoot, '--mount', 'true']).catch(() => ({ code: 1 }));
  if (code === 0) return command;
  throw new Problem(
    'relay-full-disk needs a file system of its own: Linux, with unshare, and the right to mount.',
  );
}
