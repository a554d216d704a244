/** What an image holds beyond its base. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { kilobytes } from '../say.mjs';

/** Made anew for each container, and no part of an image. */
const notOfTheImage = ['/dev', '/proc', '/sys', '/run', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf'];

/**
 * A folder has no bytes, a link those of its text.
 *
 * @typedef {Map<string, { bytes: number, hash: string }>} Files by path from the root
 */

/**
 * @param {string} root
 * @returns {Files}
 */
export function filesBelow(root) {
  /** @type {Files} */
  const found = new Map();
  /** @param {string} folder */
  const walk = (folder) => {
    for (const name of readdirSync(join(root, folder))) {
      const path = join(folder, name);
      if (notOfTheImage.includes(path)) continue;
      const stats = lstatSync(join(root, path));
      if (stats.isDirectory()) {
        found.set(`${path}/`, { bytes: 0, hash: '' });
        walk(path);
      } else if (stats.isSymbolicLink() || stats.isFile()) {
        const content = stats.isFile() ? readFileSync(join(root, path)) : readlinkSync(join(root, path));
        found.set(path, {
          bytes: content.length,
          hash: createHash('sha256').update(content).digest('base64'),
        });
      }
    }
  };
  walk('/');
  return found;
}

/** @param {Files} files */
export function bytesIn(files) {
  return [...files.values()].reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * @param {Files} own
 * @param {Files} base
 * @returns {string[]} a line for each file that is new, has another content, or is gone
 */
export function describeFiles(own, base) {
  const added = [...own].filter(([path, { hash }]) => base.get(path)?.hash !== hash);
  const gone = [...base.keys()].filter((path) => !own.has(path));
  return [
    ...added.map(
      ([path, { bytes }]) => `${kilobytes(bytes).padStart(11)}  ${path}${base.has(path) ? ' (changed)' : ''}`,
    ),
    ...gone.map((path) => `${'gone'.padStart(11)}  ${path}`),
  ];
}
