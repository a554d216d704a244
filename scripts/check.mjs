/**
 * npm run check [-- NAME…]: everything that can be said of the sources without running them, all or those named.
 *
 * TEST_REPORT names a file to which it also writes { passed, failed }.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { inCheckout, top } from './checkout.mjs';
import { onEndRequest, run, stopAll } from './processes.mjs';
import { fail, Problem, seconds } from './say.mjs';

/**
 * @typedef {{ name: string, check: () => Promise<string> }} Check its result is what is wrong, or ''
 */

/**
 * @param {string} script from node_modules
 * @param {readonly string[]} args
 * @returns {Promise<string>} what it says is wrong
 */
async function complaintsOf(script, args) {
  const { code, output } = await run(
    process.execPath,
    [inCheckout('node_modules', ...script.split('/')), ...args],
    {
      cwd: top,
      env: { ...process.env, NO_COLOR: '1' },
      timeoutMs: 300_000,
    },
  );
  return code === 0 ? '' : output.trim() || `ended with ${String(code)}`;
}

/**
 * @param {string} name
 * @param {string} script
 * @param {readonly string[]} args
 * @returns {Check}
 */
function tool(name, script, ...args) {
  return { name, check: async () => beginningOf(await complaintsOf(script, args)) };
}

/**
 * The types of what runs in a page, where Node's own are not known. By the types that it imports, the compiler
 * arrives in shared, too, which does know Node: what it says of those files is for `types` to judge.
 *
 * @param {string} name
 * @param {string} folder
 * @returns {Check}
 */
function pageTypes(name, folder) {
  return {
    name,
    check: async () => {
      const complaints = await complaintsOf(tsc, ['-p', folder, '--pretty', 'false']);
      const elsewhere = /^shared\/.*(\n .*)*\n?/gm;
      return beginningOf(complaints.replaceAll(elsewhere, '').trim());
    },
  };
}

/** @param {string} text */
function beginningOf(text) {
  const lines = text.split('\n');
  if (lines.length <= shownLines) return text;
  return [...lines.slice(0, shownLines), `… and ${String(lines.length - shownLines)} lines more`].join('\n');
}

/**
 * @param {string} name
 * @param {() => Promise<string[]>} list
 * @returns {Check}
 */
function own(name, list) {
  return { name, check: async () => (await list()).join('\n') };
}

const shownLines = 80;
const tsc = 'typescript/bin/tsc';

/** @type {readonly Check[]} in the order of how long they take */
const checks = [
  tool('lint', 'eslint/bin/eslint.js', '.', '--max-warnings', '0'),
  tool('types', tsc, '-p', 'tsconfig.json', '--pretty', 'false'),
  tool('format', 'prettier/bin/prettier.cjs', '--check', '.', '--log-level', 'warn'),
  pageTypes('types:webview', 'extension/src/webview'),
  pageTypes('types:webview-test', 'extension/test/webview/page'),
  tool('types:scripts', tsc, '-p', 'scripts', '--pretty', 'false'),
  tool('unused', 'knip/bin/knip.js', '--no-progress'),
  own('imports', async () => (await import('./check/import-controls.mjs')).checkImportControls()),
  own('cycles', async () => (await import('./check/cycles.mjs')).checkCycles()),
  own('bundles', async () => (await import('./check/bundles.mjs')).checkBundles()),
];

async function main() {
  const { positionals } = parseArgs({ allowPositionals: true });
  if (!existsSync(inCheckout('node_modules', 'typescript'))) {
    throw new Problem('The packages are not installed. Run: npm ci');
  }
  for (const name of positionals) {
    if (!checks.some((check) => check.name === name)) {
      throw new Problem(
        `There is no check called ${name}. There are: ${checks.map((check) => check.name).join(', ')}.`,
      );
    }
  }
  onEndRequest(async () => {
    await stopAll();
    process.exit(130);
  });
  const waiting = checks.filter((check) => positionals.length === 0 || positionals.includes(check.name));
  let passed = 0;
  let failed = 0;
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const beganAt = Date.now();
      const wrong = await next.check().catch((error) => String(error?.stack ?? error));
      const time = seconds(Date.now() - beganAt);
      if (wrong === '') passed += 1;
      else failed += 1;
      console.log(
        wrong === '' ? `ok      ${next.name} (${time})` : `FAILED  ${next.name} (${time})\n${wrong}\n`,
      );
    }
  };
  await Promise.all([work(), work()]);
  const report = process.env['TEST_REPORT'];
  if (report !== undefined) await writeFile(report, JSON.stringify({ passed, failed }));
  console.log(`${String(passed)} passed, ${String(failed)} failed`);
  if (failed > 0) process.exitCode = 1;
}

await main().catch(fail);
