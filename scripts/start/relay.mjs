/** The relay as a process of its own, from dist/relay. */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inCheckout } from '../checkout.mjs';
import { followFile } from '../follow-file.mjs';
import { start } from '../processes.mjs';
import { Problem } from '../say.mjs';

const startTimeoutMs = 30_000;

/**
 * The relay writes its log to the file itself: it must be able to stop in peace when we are gone.
 *
 * @param {object} options
 * @param {string} options.data the relay's data folder; its log goes beside it
 * @param {number} options.port 0 for any free one
 * @param {NodeJS.ProcessEnv} [options.env]
 * @returns {Promise<import('../processes.mjs').Running & { url: string }>} when it answers
 */
export async function startRelay({ data, port, env = {} }) {
  await mkdir(data, { recursive: true, mode: 0o700 });
  const logFile = join(data, '..', 'relay.log');
  const log = openSync(logFile, 'a', 0o600);
  const from = fstatSync(log).size;
  const running = await start(process.execPath, [inCheckout('dist', 'relay', 'main.cjs')], {
    env: {
      ...withoutDatabase(process.env),
      CRYPT2CHAT_HOST: '127.0.0.1',
      CRYPT2CHAT_PORT: String(port),
      CRYPT2CHAT_DATA: data,
      ...env,
    },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  try {
    const url = await listening(running, logFile, from);
    await answering(url);
    return { ...running, url };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/**
 * This relay keeps everything in its folder, also where a database is named for some other program.
 *
 * @param {NodeJS.ProcessEnv} env
 */
function withoutDatabase({ DATABASE_URL: _other, ...env }) {
  return env;
}

/**
 * @param {import('../processes.mjs').Running} running
 * @param {string} logFile
 * @param {number} from where this run's lines begin
 * @returns {Promise<string>} the relay's address
 */
function listening({ ended }, logFile, from) {
  let text = '';
  return new Promise((resolve, reject) => {
    const follower = followFile(
      logFile,
      (more) => {
        text += more;
        const entry = text
          .split('\n')
          .map(parseLine)
          .find((line) => line?.msg === 'listening');
        if (typeof entry?.url !== 'string') return;
        clearTimeout(timer);
        resolve(entry.url);
        // Not now: the follower is in the middle of its work.
        setImmediate(follower.stop);
      },
      { from },
    );
    const timer = setTimeout(() => {
      follower.stop();
      reject(
        new Problem(`The relay did not start within ${String(startTimeoutMs / 1000)} s; see ${logFile}.`),
      );
    }, startTimeoutMs);
    void ended.then(({ code }) => {
      clearTimeout(timer);
      follower.stop();
      const said = text.trim().split('\n').slice(-10).map(sentenceOf);
      reject(new Problem(`The relay ended with ${String(code)}:\n  ${said.join('\n  ')}`));
    });
  });
}

/** @param {string} url */
async function answering(url) {
  const response = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(startTimeoutMs) });
  if (!response.ok) throw new Problem(`The relay is not ready: /readyz answers ${String(response.status)}.`);
}

/**
 * @param {string} line
 * @returns {{ msg?: unknown, url?: unknown } | undefined}
 */
function parseLine(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** @param {string} line */
function sentenceOf(line) {
  const message = parseLine(line)?.msg;
  return typeof message === 'string' ? message : line;
}
