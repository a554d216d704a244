/** The relay as a process of its own, from dist/relay. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inCheckout } from '../checkout.mjs';
import { start } from '../processes.mjs';
import { Problem } from '../say.mjs';

const startTimeoutMs = 30_000;

/**
 * @param {object} options
 * @param {string} options.data the relay's data folder; its log goes beside it
 * @param {number} options.port 0 for any free one
 * @param {NodeJS.ProcessEnv} [options.env]
 * @returns {Promise<import('../processes.mjs').Running & { url: string }>} when it answers
 */
export async function startRelay({ data, port, env = {} }) {
  await mkdir(data, { recursive: true, mode: 0o700 });
  const running = await start(process.execPath, [inCheckout('dist', 'relay', 'main.cjs')], {
    env: {
      ...process.env,
      CRYPT2CHAT_HOST: '127.0.0.1',
      CRYPT2CHAT_PORT: String(port),
      CRYPT2CHAT_DATA: data,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    const url = await listening(running, join(data, '..', 'relay.log'));
    await answering(url);
    return { ...running, url };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/**
 * @param {import('../processes.mjs').Running} running
 * @param {string} logFile
 * @returns {Promise<string>} the relay's address
 */
function listening({ child, ended }, logFile) {
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  /** @type {string[]} */
  const lastLines = [];
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Problem(`The relay did not start within ${String(startTimeoutMs / 1000)} s.`));
    }, startTimeoutMs);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        lastLines.push(sentenceOf(line));
        if (lastLines.length > 10) lastLines.shift();
        const entry = parseLine(line);
        if (entry?.msg !== 'listening' || typeof entry.url !== 'string') return;
        clearTimeout(timer);
        resolve(entry.url);
      });
    }
    child.once('close', () => {
      log.end();
      clearTimeout(timer);
      void ended.then(({ code }) => {
        reject(new Problem(`The relay ended with ${String(code)}:\n  ${lastLines.join('\n  ')}`));
      });
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
