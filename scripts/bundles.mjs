/**
 * The bundles that are made of the sources: what each begins with, and where it goes. build.mjs writes them;
 * the checks build the same ones in memory and look at what went in.
 */
import { existsSync } from 'node:fs';
import { inCheckout, top } from './checkout.mjs';

/**
 * @typedef {object} Bundle
 * @property {string} name
 * @property {string} entry from the top of the checkout
 * @property {string} outfile
 * @property {boolean} wasm whether SQLite's WebAssembly belongs beside it
 * @property {import('esbuild').BuildOptions} options
 */

/** A bundle in CommonJS has no `import.meta.url` unless it is given one. @type {import('esbuild').BuildOptions} */
const node = {
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  define: { 'import.meta.url': '__bundleUrl' },
  banner: { js: "const __bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
};

/** @type {readonly Bundle[]} */
export const bundles = [
  {
    name: 'relay',
    entry: 'relay/src/main.ts',
    outfile: 'dist/relay/main.cjs',
    wasm: true,
    // Names stay as they are, for the log; keepNames would do the same at run time, for each closure that is made.
    // The pg package tries its native twin and runs without.
    options: { ...node, external: ['pg-native'], minifyWhitespace: true, minifySyntax: true },
  },
  {
    name: 'extension',
    entry: 'extension/src/extension.ts',
    outfile: 'extension/dist/extension.cjs',
    wasm: true,
    options: { ...node, external: ['vscode'], minify: true, keepNames: true },
  },
  {
    name: 'worker',
    entry: 'extension/src/worker.ts',
    outfile: 'extension/dist/worker.cjs',
    wasm: true,
    options: { ...node, minify: true, keepNames: true },
  },
  {
    name: 'webview',
    entry: 'extension/src/webview/main.ts',
    outfile: 'extension/dist/webview.js',
    wasm: false,
    options: {
      platform: 'browser',
      format: 'iife',
      target: 'chrome132',
      minify: true,
      loader: { '.ttf': 'file', '.svg': 'text' },
      assetNames: '[name]',
    },
  },
];

/** @param {Bundle} bundle */
export function hasEntry(bundle) {
  return existsSync(inCheckout(bundle.entry));
}

/**
 * @param {Bundle} bundle
 * @param {import('esbuild').BuildOptions} [more]
 * @returns {import('esbuild').BuildOptions}
 */
export function buildOptions(bundle, more = {}) {
  return {
    absWorkingDir: top,
    entryPoints: [bundle.entry],
    outfile: bundle.outfile,
    bundle: true,
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
    ...bundle.options,
    ...more,
  };
}
