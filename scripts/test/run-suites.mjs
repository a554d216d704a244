/** Runs suites, at most two at a time, and adds up what they report. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { top } from '../checkout.mjs';
import { onEndRequest, run, stopAll } from '../processes.mjs';
import { Problem, seconds } from '../say.mjs';
import { suites } from './suites.mjs';

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {import('./suites.mjs').Suite} Suite
 */

/**
 * @param {readonly string[]} names none for all
 * @returns {Promise<boolean>} whether all passed
 */
export async function runSuites(names) {
  for (const name of names) {
    if (suites.some((suite) => goesBy(suite, name))) continue;
    throw new Problem(
      `There is no suite called ${name}. There are: ${suites.map((suite) => suite.name).join(', ')}.`,
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'crypt2chat-test-'));
  onEndRequest(async () => {
    await stopAll();
    await rm(folder, { recursive: true, force: true });
    process.exit(130);
  });
  const total = { passed: 0, failed: 0, skipped: 0 };
  /** @param {Suite} suite */
  const runAndAdd = async (suite) => {
    const counts = await runSuite(suite, join(folder, `${suite.name.replace(':', '-')}.json`));
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  };
  const chosen = suites.filter((suite) => names.length === 0 || names.some((name) => goesBy(suite, name)));
  const together = chosen.filter((suite) => suite.alone !== true);
  const work = async () => {
    for (let suite = together.shift(); suite !== undefined; suite = together.shift()) await runAndAdd(suite);
  };
  await Promise.all([work(), work()]);
  for (const suite of chosen.filter((suite) => suite.alone === true)) await runAndAdd(suite);
  await rm(folder, { recursive: true, force: true });
  console.log(`\n${inWords(total)}`);
  return total.failed === 0 && total.skipped === 0 && total.passed > 0;
}

/**
 * @param {Suite} suite
 * @param {string} name
 */
function goesBy(suite, name) {
  return suite.name === name || suite.name.startsWith(`${name}:`);
}

/** @param {Counts} counts */
function inWords({ passed, failed, skipped }) {
  return `${String(passed)} passed, ${String(failed)} failed${skipped > 0 ? `, ${String(skipped)} skipped` : ''}`;
}

/**
 * @param {Suite} suite
 * @param {string} report
 * @returns {Promise<Counts>}
 */
async function runSuite(suite, report) {
  const beganAt = Date.now();
  console.log(`${suite.name} …`);
  const { counts, output, trouble } = await outcomeOf(suite, report);
  if (counts.failed > 0) console.log(withoutProgress(output).trimEnd());
  if (trouble !== undefined) console.log(`  ${suite.name}: ${trouble}`);
  console.log(`${suite.name}: ${inWords(counts)} (${seconds(Date.now() - beganAt)})`);
  return counts;
}

/** @param {string} output */
function withoutProgress(output) {
  return output.replaceAll(/^ {2}….*\n/gm, '');
}

/**
 * A suite that cannot begin, ends early, reports nothing or does not end counts as one failure more.
 *
 * @param {Suite} suite
 * @param {string} report
 * @returns {Promise<{ counts: Counts, output: string, trouble?: string }>}
 */
async function outcomeOf(suite, report) {
  const none = { passed: 0, failed: 1, skipped: 0 };
  let command;
  try {
    command = await suite.prepare();
  } catch (error) {
    const text =
      error instanceof Problem ? error.message : String(error instanceof Error ? error.stack : error);
    return { counts: none, output: '', trouble: text };
  }
  const { code, output, timedOut } = await run(process.execPath, command.args, {
    cwd: top,
    env: { ...process.env, ...command.env, TEST_REPORT: report, NO_COLOR: '1' },
    timeoutMs: suite.minutes * 60_000,
    onOutput: (text) => {
      for (const line of text.split('\n'))
        if (line.startsWith('  …')) console.log(`${suite.name}${line.slice(1)}`);
    },
  });
  const counts = await readCounts(report);
  if (counts === undefined) {
    const how = timedOut
      ? `did not end within ${String(suite.minutes)} minutes`
      : `ended with ${String(code)}`;
    return { counts: none, output, trouble: `${how} before it had reported` };
  }
  /** @param {string} trouble */
  const withOneMore = (trouble) => ({ counts: { ...counts, failed: counts.failed + 1 }, output, trouble });
  if (timedOut) return withOneMore('reported, but did not end: something was left open');
  if (counts.passed + counts.failed === 0) return withOneMore('there was nothing to run');
  if (code !== 0 && counts.failed === 0)
    return withOneMore(`ended with ${String(code)} though all tests passed`);
  return { counts, output };
}

/**
 * @param {string} file
 * @returns {Promise<Counts | undefined>}
 */
async function readCounts(file) {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { passed, failed, skipped = 0 } = JSON.parse(text);
  return { passed, failed, skipped };
}
