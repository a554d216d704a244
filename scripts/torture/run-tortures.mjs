/** The tortures by name, and how their sums are told. */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { inCheckout } from '../checkout.mjs';
import { start } from '../processes.mjs';
import { Problem, showing } from '../say.mjs';

/**
 * @typedef {object} Torture
 * @property {string} what
 * @property {number} count how many times, unless `--count` says otherwise
 * @property {(count: number, progress: (detail: string) => void) => Promise<boolean>} run whether all of it holds
 */

/** @type {Readonly<Record<string, Torture>>} */
const tortures = {
  groups: {
    what: 'random schedules of groups: crashes between requests, lost answers, letters out of order',
    count: 1_000,
    run: runSchedules,
  },
};

/** @param {readonly string[]} args */
export async function runTortures(args) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { count: { type: 'string' } },
  });
  const unknown = positionals.filter((name) => !(name in tortures));
  if (unknown.length > 0) {
    const lines = Object.entries(tortures).map(([name, { what, count }]) => `${name}: ${what} (${count})`);
    throw new Problem(`There is no torture ${unknown.join(', ')}. There are:\n${lines.join('\n')}`);
  }
  const count = values.count === undefined ? undefined : Number(values.count);
  if (count !== undefined && !(Number.isSafeInteger(count) && count > 0))
    throw new Problem('--count takes a whole number from 1.');
  let holds = true;
  for (const [name, torture] of Object.entries(tortures)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    holds = (await showing(name, (progress) => torture.run(count ?? torture.count, progress))) && holds;
  }
  return holds;
}

/**
 * A process for each core, each with its share of the seeds. What does not hold is printed with its seed.
 *
 * @param {number} count
 * @param {(detail: string) => void} progress
 */
async function runSchedules(count, progress) {
  const workers = Math.min(availableParallelism(), count);
  const sums = await Promise.all(
    Array.from({ length: workers }, (_, i) => {
      const first = Math.floor((count * i) / workers);
      const end = Math.floor((count * (i + 1)) / workers);
      return runWorker(first, end, i === 0 ? progress : () => undefined);
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
 * @param {(detail: string) => void} progress
 * @returns {Promise<Record<string, number>>}
 */
async function runWorker(first, end, progress) {
  const script = inCheckout('shared', 'test', 'schedules', 'main.ts');
  const worker = await start(
    process.execPath,
    ['--import', 'tsx', script, String(first), String(end), `torture-${Date.now()}`],
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
