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
 * @property {string} name what stands before a colon names a group too
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
 * @param {{ options?: string[], env?: NodeJS.ProcessEnv }} [more]
 * @returns {Suite}
 */
function mochaSuite(name, patterns, { options = [], env = {} } = {}) {
  return { name, minutes: 10, prepare: async () => ({ args: mocha(patterns, options), env }) };
}

/**
 * Electron's crypto has no Curve448: what decides about formats and behaviour runs once more on noble alone.
 */
const noble = { CRYPT2CHAT_CRYPTO: 'noble' };

/**
 * @param {string} name
 * @param {readonly string[]} more
 * @returns {Suite}
 */
function integration(name, ...more) {
  return {
    name,
    minutes: 8,
    alone: true,
    prepare: async () => {
      const { build } = await import('../build.mjs');
      const { packageExtension, vsixFile } = await import('../package.mjs');
      await build({ quiet: true });
      await packageExtension({ quiet: true });
      const script = inCheckout('extension', 'test', 'integration', 'run.mjs');
      return { args: [script, '--vsix', vsixFile, ...more] };
    },
  };
}

/**
 * Looks at windows of VS Code from outside.
 *
 * @param {string} name
 * @param {string} file
 * @returns {Suite}
 */
function windows(name, file) {
  return {
    name,
    minutes: 8,
    alone: true,
    prepare: async () => {
      // Both are fetched before a test's own time begins.
      const { codeServer } = await import('../tools/code-server.mjs');
      await codeServer();
      await browser();
      return { args: mocha([`extension/test/integration/${file}`]) };
    },
  };
}

async function browser() {
  const { chromium } = await import('../tools/chromium.mjs');
  return chromium();
}

/** The tests start a server of their own unless they are given one. */
async function requirePostgres() {
  const { DATABASE_URL: url = '' } = process.env;
  if (url === '') await (await import('../tools/postgres.mjs')).postgres();
}

const overHttp = [
  ...['accounts', 'events', 'groups', 'groups-events', 'http', 'invites', 'limits', 'mailboxes', 'operator'],
  ...['prekeys', 'sessions'],
];

const apart = ['vectors', 'property', 'scenario'];

/** @type {readonly Suite[]} */
export const suites = [
  {
    name: 'check',
    minutes: 12,
    alone: true,
    prepare: async () => ({ args: [inCheckout('scripts', 'check.mjs')] }),
  },
  mochaSuite('unit', ['shared/test/**/*.test.ts', 'extension/test/unit/**/*.test.ts'], {
    options: apart.flatMap((folder) => ['--ignore', `shared/test/${folder}/**`]),
  }),
  ...apart.map((folder) => mochaSuite(folder, [`shared/test/${folder}/**/*.test.ts`])),
  mochaSuite('vectors:noble', ['shared/test/{vectors,primitives}/**/*.test.ts'], { env: noble }),
  // What hostile people do to groups turns on rules, which are the same with either backend.
  mochaSuite('scenario:noble', ['shared/test/scenario/**/*.test.ts'], {
    options: ['--ignore', 'shared/test/scenario/groups-*.test.ts'],
    env: noble,
  }),
  {
    name: 'relay',
    minutes: 10,
    prepare: async () => {
      await requirePostgres();
      const { build } = await import('../build.mjs');
      await build({ names: ['relay'], quiet: true });
      const env = { RELAY_MAIN: inCheckout('dist', 'relay', 'main.cjs') };
      return { args: mocha(['relay/test/**/*.test.ts']), env };
    },
  },
  {
    // What the relay does over HTTP, once more with the other store.
    name: 'relay:postgres',
    minutes: 8,
    prepare: async () => {
      await requirePostgres();
      const files = overHttp.map((name) => `relay/test/${name}.test.ts`);
      return { args: mocha(files), env: { RELAY_TEST_STORE: 'postgres' } };
    },
  },
  {
    name: 'webview',
    minutes: 5,
    alone: true,
    prepare: async () => {
      const env = { CHROMIUM_PATH: await browser() };
      return { args: mocha(['extension/test/webview/**/*.test.ts']), env };
    },
  },
  integration('integration'),
  integration('integration:noble', '--noble'),
  windows('integration:windows', 'windows.test.mjs'),
  windows('integration:groups', 'group-windows.test.mjs'),
];
