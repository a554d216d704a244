/**
 * What really went into each bundle, read from esbuild's metafile: whatever the sources say, the relay holds no
 * code that could open a message. A relay that does import such code is built as the control, and must be caught.
 */
import { build } from 'esbuild';
import { bundles, buildOptions, hasEntry } from '../bundles.mjs';
import { barredFromBundle } from '../lint/layers.mjs';

/**
 * @param {import('esbuild').Metafile} metafile
 * @param {string} name
 */
function barredInputs(metafile, name) {
  const barred = barredFromBundle[name] ?? [];
  return Object.keys(metafile.inputs).filter((input) => barred.some((prefix) => input.startsWith(prefix)));
}

/** @param {import('esbuild').BuildOptions} options */
async function inputsOf(options) {
  const { metafile } = await build({ ...options, write: false, metafile: true, logLevel: 'silent' });
  return metafile;
}

/** @returns {Promise<string[]>} what does not hold */
export async function checkBundles() {
  const wrong = [];
  for (const bundle of bundles) {
    if (!hasEntry(bundle)) {
      wrong.push(`${bundle.entry} is missing`);
      continue;
    }
    const barred = barredInputs(await inputsOf(buildOptions(bundle)), bundle.name);
    for (const input of barred) wrong.push(`${bundle.outfile} contains ${input}`);
    const control = barredInputs(await inputsOf(withViolation(bundle)), bundle.name);
    if (control.length === 0) wrong.push(`a violation planted in ${bundle.name} was not noticed`);
  }
  return wrong;
}

/** @param {import('../bundles.mjs').Bundle} bundle */
function withViolation(bundle) {
  const violation = ['relay', 'webview'].includes(bundle.name)
    ? './shared/src/ratchet/index.ts'
    : './relay/src/main.ts';
  // What is barred from a page may import what no page has.
  const { entryPoints: _replaced, ...options } = buildOptions(bundle, {
    external: ['vscode', 'pg-native', 'node:*'],
  });
  const contents = `import './${bundle.entry}'; export * from '${violation}';`;
  return {
    ...options,
    stdin: { contents, resolveDir: options.absWorkingDir ?? '.', loader: /** @type {const} */ ('ts') },
  };
}
