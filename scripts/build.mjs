/**
 * npm run build [-- --dev] [NAME…]: the bundles into dist/ and extension/dist/, all or those named.
 *
 *   --dev   with source maps and not minified
 */
import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { bundles, buildOptions, hasEntry } from './bundles.mjs';
import { inCheckout } from './checkout.mjs';
import { requireNode, requirePackages } from './prepare.mjs';
import { fail, kilobytes, Problem } from './say.mjs';

/** @type {import('esbuild').BuildOptions} */
const readable = { minify: false, minifySyntax: false, minifyWhitespace: false, sourcemap: true };

/**
 * @param {{ names?: readonly string[], dev?: boolean, quiet?: boolean }} [options] no names for all
 */
export async function build({ names = [], dev = false, quiet = false } = {}) {
  // Only here: who starts a program that builds may not have esbuild yet.
  const { build: esbuild, stop } = await import('esbuild');
  const known = bundles.map((bundle) => bundle.name);
  for (const name of names) {
    if (!known.includes(name))
      throw new Problem(`There is no bundle called ${name}. There are: ${known.join(', ')}.`);
  }
  const chosen = bundles.filter((bundle) => names.length === 0 || names.includes(bundle.name));
  for (const bundle of chosen) {
    if (!hasEntry(bundle)) throw new Problem(`Cannot build ${bundle.name}: ${bundle.entry} is missing.`);
  }
  await mkdir(inCheckout('dist', 'meta'), { recursive: true });
  for (const bundle of chosen) {
    const { metafile } = await esbuild(buildOptions(bundle, dev ? readable : {}));
    await writeFile(inCheckout('dist', 'meta', `${bundle.name}.json`), JSON.stringify(metafile));
    if (bundle.wasm) {
      await copyFile(
        inCheckout('node_modules', 'sql.js', 'dist', 'sql-wasm-debug.wasm'),
        inCheckout(dirname(bundle.outfile), 'sql-wasm-debug.wasm'),
      );
    }
    if (quiet) continue;
    for (const file of Object.keys(metafile?.outputs ?? {})) {
      if (file.endsWith('.map')) continue;
      console.log(`${file.padEnd(32)} ${kilobytes((await stat(inCheckout(file))).size).padStart(9)}`);
    }
  }
  await stop();
}

if (process.argv[1] === import.meta.filename) {
  try {
    const { values, positionals } = parseArgs({
      options: { dev: { type: 'boolean' } },
      allowPositionals: true,
    });
    requireNode();
    await requirePackages();
    await build({ names: positionals, dev: values.dev ?? false });
  } catch (error) {
    fail(error);
  }
}
