/** Bundles of the database as programs make them; also how tests get children that start quickly. */
import { copyFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';

const sqlJs = dirname(createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm-debug.wasm'));
export const wasmPath = join(sqlJs, 'sql-wasm-debug.wasm');
/** A build whose import names are shortened: files cannot be found among them. */
export const minifiedWasmPath = join(sqlJs, 'sql-wasm.wasm');

/** An ES module has no `require` of its own, nor the names that go with it. */
const requireBanner = [
  "import { createRequire as bundleRequire } from 'node:module';",
  "import { fileURLToPath as bundlePath } from 'node:url';",
  'const require = bundleRequire(import.meta.url);',
  'const __filename = bundlePath(import.meta.url);',
  "const __dirname = bundlePath(new URL('.', import.meta.url));",
].join('\n');

const formats = {
  esm: { format: 'esm', banner: { js: requireBanner } },
  cjs: {
    format: 'cjs',
    define: { 'import.meta.url': 'bundleUrl' },
    banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  },
  // Runs only where the path of the module is given.
  'cjs without a URL': { format: 'cjs', logOverride: { 'empty-import-meta': 'silent' } },
} as const satisfies Record<string, BuildOptions>;

export type Format = keyof typeof formats;

/** Bundles `entry`, a file in this folder, into `folder`. @returns the bundle's path */
export async function bundle(entry: string, folder: string, format: Format, minify = false): Promise<string> {
  const outfile = join(folder, entry.replace(/\.ts$/, format === 'esm' ? '.mjs' : '.cjs'));
  await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    outfile,
    bundle: true,
    minify,
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
    ...formats[format],
  });
  if (format !== 'cjs without a URL') copyFileSync(wasmPath, join(folder, 'sql-wasm-debug.wasm'));
  return outfile;
}
