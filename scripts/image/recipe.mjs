/** What the Dockerfile and the environment say, for whichever program builds. */
import { readFile } from 'node:fs/promises';
import { inCheckout } from '../checkout.mjs';

/**
 * @param {string} file
 * @returns {Promise<string>} the base of the last stage
 */
export async function baseIn(file) {
  const lines = (await readFile(inCheckout(file), 'utf8')).split('\n');
  const bases = lines.flatMap((line) => /^FROM (?:--\S+ )*(\S+)/.exec(line)?.[1] ?? []);
  return /** @type {string} */ (bases.at(-1));
}

/** @returns {string[]} options for what the build may see and the image not */
export function secrets() {
  const named = /** @type {const} */ ([
    ['npmrc', process.env['IMAGE_NPMRC']],
    ['ca', process.env['IMAGE_CA']],
  ]);
  return named.flatMap(([id, file]) =>
    file === undefined || file === '' ? [] : ['--secret', `id=${id},src=${file}`],
  );
}
