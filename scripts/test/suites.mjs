/**
 * The suites of `npm test`. Each runs in a process of its own and leaves its figures in the file that TEST_REPORT
 * names; see reporter.cjs.
 */
import { inCheckout } from '../checkout.mjs';

/**
 * @typedef {object} Command
 * @property {readonly string[]} args for node
 * @property {NodeJS.ProcessEnv} [env]
 *
 * @typedef {object} Suite
 * @property {string} name
 * @property {number} minutes how long it may take
 * @property {boolean} [alone] keeps both cores busy, or measures waiting times
 * @property {() => Promise<Command>} prepare
 */

/**
 * @param {readonly string[]} patterns
 * @param {readonly string[]} [options]
 * @returns {string[]}
 */
function mocha(patterns, options = []) {
  return [
    inCheckout('node_modules', 'mocha', 'bin', 'mocha.js'),
    ...['--reporter', inCheckout('scripts', 'test', 'reporter.cjs')],
    ...options,
    ...patterns,
  ];
}

/**
 * @param {string} name
 * @param {readonly string[]} patterns
 * @param {{ minutes?: number, options?: string[] }} [more]
 * @returns {Suite}
 */
function mochaSuite(name, patterns, { minutes = 5, options = [] } = {}) {
  return { name, minutes, prepare: async () => ({ args: mocha(patterns, options) }) };
}

const apart = ['vectors', 'property', 'scenario'];

/** @type {readonly Suite[]} */
export const suites = [
  {
    name: 'check',
    minutes: 5,
    alone: true,
    prepare: async () => ({ args: [inCheckout('scripts', 'check.mjs')] }),
  },
  mochaSuite('unit', ['shared/test/**/*.test.ts', 'extension/test/unit/**/*.test.ts'], {
    options: apart.flatMap((folder) => ['--ignore', `shared/test/${folder}/**`]),
  }),
  ...apart.map((folder) => mochaSuite(folder, [`shared/test/${folder}/**/*.test.ts`])),
  mochaSuite('relay', ['relay/test/**/*.test.ts']),
  {
    name: 'webview',
    minutes: 5,
    alone: true,
    prepare: async () => {
      const { chromium } = await import('../tools/chromium.mjs');
      const env = { CHROMIUM_PATH: await chromium() };
      return { args: mocha(['extension/test/webview/**/*.test.ts']), env };
    },
  },
  {
    name: 'integration',
    minutes: 8,
    alone: true,
    prepare: async () => {
      const { build } = await import('../build.mjs');
      const { packageExtension, vsixFile } = await import('../package.mjs');
      await build({ quiet: true });
      await packageExtension({ quiet: true });
      return { args: [inCheckout('extension', 'test', 'integration', 'run.mjs'), '--vsix', vsixFile] };
    },
  },
];
