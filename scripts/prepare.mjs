/**
 * What has to be there before anything else can run: a Node that is new enough, and the packages of the lockfile.
 * Imports nothing that npm would have to bring, and nothing an old Node could not read.
 */
import { existsSync, readFileSync } from 'node:fs';

const oldest = '20.19';
const place = new URL('../', import.meta.url);

/** Ends the process with a sentence if Node is too old for what comes next. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(
    'This needs Node.js ' +
      oldest +
      ' or newer; this is ' +
      process.versions.node +
      '.\n' +
      'Get it from https://nodejs.org and run the same command again.',
  );
  process.exit(1);
}

/** Installs the packages of package-lock.json unless they are there. */
export async function requirePackages() {
  const missing = whatIsMissing();
  if (missing === undefined) return;
  const [{ npm }, { showing }] = await Promise.all([import('./npm.mjs'), import('./say.mjs')]);
  const { fileURLToPath } = await import('node:url');
  console.log(`Installing the packages (${missing}): about 60 MB, 280 MB on disk.`);
  await showing('Installing the packages', () =>
    npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: fileURLToPath(place),
      what: 'the packages',
    }),
  );
}

/**
 * Compares what npm says it installed with the lockfile. (Their times would say less: git sets them as it likes.)
 *
 * @returns {string | undefined}
 */
function whatIsMissing() {
  const installedFile = new URL('node_modules/.package-lock.json', place);
  if (!existsSync(installedFile)) return 'they are not there yet';
  const wanted = JSON.parse(readFileSync(new URL('package-lock.json', place), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes('node_modules/') || entry.link) continue;
    const present = installed[path];
    if (present === undefined && (entry.optional || entry.devOptional)) continue;
    if (present === undefined) return `${path.replace(/^.*node_modules\//, '')} is new`;
    if (present.version !== entry.version) return `${path.replace(/^.*node_modules\//, '')} has changed`;
  }
  return undefined;
}
