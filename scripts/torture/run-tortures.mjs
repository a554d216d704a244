/** The tortures by name, and how their sums are told. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { inCheckout } from '../checkout.mjs';
import { start } from '../processes.mjs';
import { Problem, showing } from '../say.mjs';
import { tortureRelay } from './relay.mjs';

/**
 * @typedef {object} Run
 * @property {number} count
 * @property {number} seed
 * @property {(detail: string) => void} progress
 *
 * @typedef {object} Torture
 * @property {string} what
 * @property {number} count how many times, unless `--count` says otherwise
 * @property {(run: Run) => Promise<boolean>} run whether all of it holds
 */

/**
 * @param {string} name
 * @param {string} what
 * @param {number} count
 * @returns {Torture}
 */
function ofRelay(name, what, count) {
  return { what, count, run: (run) => tortureRelay(name, run) };
}

/** @type {Readonly<Record<string, Torture>>} */
const tortures = {
  groups: {
    what: 'random schedules of groups: crashes between requests, lost answers, letters out of order',
    count: 1_000,
    run: runSchedules,
  },
  relay: ofRelay('relay', 'kill -9 of the relay on SQLite under load, again and again', 200),
  'relay-postgres': ofRelay(
    'relay-postgres',
    'kill -9 of two relays on PostgreSQL under load, and of PostgreSQL, again and again',
    200,
  ),
  'relay-power': ofRelay(
    'relay-power',
    'the power goes under load; what was not synced is lost, or a part of it',
    60,
  ),
  'relay-full-disk': ofRelay('relay-full-disk', 'the disk is full, and has room again, under load', 10),
  'relay-clock': ofRelay(
    'relay-clock',
    'the clock jumps by hours and by a year, with restarts, under load',
    40,
  ),
  requests: ofRelay('requests', 'malformed requests, made of the OpenAPI document', 10_000),
  soak: ofRelay('soak', 'minutes with 2,000 waiting devices and constant traffic', 30),
};

/** @param {readonly string[]} args */
export async function runTortures(args) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { count: { type: 'string' }, seed: { type: 'string' }, minutes: { type: 'string' } },
  });
  const unknown = positionals.filter((name) => !(name in tortures));
  if (unknown.length > 0) {
    const lines = Object.entries(tortures).map(([name, { what, count }]) => `${name}: ${what} (${count})`);
    throw new Problem(`There is no torture ${unknown.join(', ')}. There are:\n${lines.join('\n')}`);
  }
  const count = wholeNumber('count', values.count) ?? wholeNumber('minutes', values.minutes);
  const seed = wholeNumber('seed', values.seed) ?? randomInt(1, 2 ** 31);
  let holds = true;
  for (const [name, torture] of Object.entries(tortures)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    holds =
      (await showing(name, (progress) => torture.run({ count: count ?? torture.count, seed, progress }))) &&
      holds;
  }
  return holds;
}

/**
 * @param {string} name
 * @param {string | undefined} text
 */
function wholeNumber(name, text) {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Problem(`--${name} takes a whole number from 1.`);
}

/**
 * A process for each core, each with its share of the seeds. What does not hold is printed with its seed.
 *
 * @param {Run} run
 */
async function runSchedules({ count, seed, progress }) {
  const workers = Math.min(availableParallelism(), count);
  const sums = await Promise.all(
    Array.from({ length: workers }, (_, i) => {
      const first = Math.floor((count * i) / workers);
      const end = Math.floor((count * (i + 1)) / workers);
      return runWorker(first, end, `torture-${seed}`, i === 0 ? progress : () => undefined);
    }),
  );
  const total = sums.reduce((all, sum) => {
    for (const [key, value] of Object.entries(sum)) all[key] = (all[key] ?? 0) + value;
    return all;
  }, /** @type {Record<string, number>} */ ({}));
  console.log(
    `groups: ${total['schedules']} schedules, ${total['operations']} operations, ${total['sent']} messages, ` +
      `${total['epochs']} epochs, ${total['crashes']} crashes; ${total['failed']} did not hold`,
  );
  return total['schedules'] === count && total['failed'] === 0;
}

/**
 * @param {number} first
 * @param {number} end
 * @param {string} prefix of the seeds
 * @param {(detail: string) => void} progress
 * @returns {Promise<Record<string, number>>}
 */
async function runWorker(first, end, prefix, progress) {
  const script = inCheckout('shared', 'test', 'schedules', 'main.ts');
  const worker = await start(
    process.execPath,
    ['--import', 'tsx', script, String(first), String(end), prefix],
    { cwd: inCheckout(), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let last = '{}';
  worker.child.stdout?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
    for (const line of text.split('\n').filter((each) => each !== '')) {
      if (line.startsWith('{')) last = line;
      else console.log(line);
    }
  });
  worker.child.stderr?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
    const line = text.trim().split('\n').at(-1) ?? '';
    if (line.startsWith('{')) progress(`${JSON.parse(line).schedules} of ${end - first} on each core`);
    else if (line !== '') console.error(line);
  });
  await Promise.all([worker.ended, worker.child.stdout && once(worker.child.stdout, 'close')]);
  return JSON.parse(last);
}
