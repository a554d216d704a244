/**
 * Who may import whom: the one table from which the lint rule (import-rules.mjs) and the bundle check
 * (../check/bundles.mjs) both judge. A security property rests on it: the relay cannot reach the code that holds
 * keys or opens messages, and no such code enters the webview.
 */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** The folders of shared/src, each with the folders it may stand on. */
const sharedLayers = /** @type {Record<string, readonly string[]>} */ ({
  bytes: [],
  errors: [],
  clock: [],
  cbor: ['bytes', 'errors'],
  wire: ['bytes', 'errors', 'cbor'],
  database: ['bytes', 'errors'],
  primitives: ['bytes', 'errors', 'cbor'],
  log: ['bytes', 'errors', 'cbor', 'primitives'],
  identity: ['bytes', 'errors', 'cbor', 'primitives', 'log'],
  x3dh: ['bytes', 'errors', 'cbor', 'primitives', 'log', 'identity'],
  ratchet: ['bytes', 'errors', 'cbor', 'primitives', 'log', 'identity'],
  groups: ['bytes', 'errors', 'cbor', 'primitives', 'log', 'identity'],
  testing: ['bytes', 'errors', 'primitives'],
  engine: [
    ...['bytes', 'errors', 'clock', 'cbor', 'wire', 'database', 'primitives', 'log', 'identity'],
    ...['x3dh', 'ratchet', 'groups'],
  ],
});

/** What of shared each program may import. The rest is out of its reach, by lint and in its bundle. */
const sharedFor = /** @type {Record<string, readonly string[]>} */ ({
  relay: ['bytes', 'errors', 'clock', 'cbor', 'wire', 'database', 'log', 'identity', 'primitives'],
  webview: ['errors'],
  extension: Object.keys(sharedLayers).filter((folder) => folder !== 'testing'),
});

/**
 * What a finished bundle may not contain, as path prefixes from the top of the checkout. For the relay this is
 * the promise that it can read nothing.
 */
export const barredFromBundle = /** @type {Record<string, readonly string[]>} */ ({
  relay: [...except('shared/src', sharedFor['relay']), 'extension/', 'node_modules/@types/'],
  webview: [
    ...except('shared/src', ['errors', 'bytes', 'cbor', 'wire']),
    ...['relay/', 'extension/src/host/', 'node_modules/@noble/', 'node_modules/sql.js/'],
  ],
  extension: ['relay/', 'extension/src/webview/'],
  worker: ['relay/', 'extension/src/webview/', 'extension/src/host/'],
});

/** Packages that only some folders may import, by prefix of the package's name. */
const packageHomes = [
  { name: '@noble/', homes: ['shared/src/primitives/'] },
  { name: 'cborg', homes: ['shared/src/cbor/'] },
  { name: 'sql.js', homes: ['shared/src/database/'] },
  { name: 'koa', homes: ['relay/src/'] },
  {
    name: 'vscode',
    homes: ['extension/src/host/', 'extension/src/extension.ts', 'extension/src/container.ts'],
  },
  { name: '@vscode/webview-ui-toolkit', homes: ['extension/src/webview/'] },
];

/**
 * @param {string} root
 * @param {readonly string[] | undefined} allowed
 */
function except(root, allowed) {
  return Object.keys(sharedLayers)
    .filter((folder) => !allowed?.includes(folder))
    .map((folder) => `${root}/${folder}/`);
}

/** @param {string} name */
function doorsOf(name) {
  const manifest = JSON.parse(readFileSync(new URL(`../../${name}/package.json`, import.meta.url), 'utf8'));
  const entries = Object.entries(/** @type {Record<string, string>} */ (manifest.exports ?? {}));
  return entries.map(
    ([door, file]) => /** @type {const} */ ([posix.join(manifest.name, door), posix.join(name, file)]),
  );
}

const doors = new Map([...doorsOf('shared'), ...doorsOf('relay')]);

/**
 * What is wrong with `specifier` being imported by `file` (a path from the top of the checkout, with slashes), or
 * undefined where nothing is.
 *
 * @param {string} file
 * @param {string} specifier
 * @returns {string | undefined}
 */
export function judgeImport(file, specifier) {
  const [area, kind] = file.split('/');
  if (area === undefined || !['shared', 'relay', 'extension', 'bench'].includes(area)) return undefined;
  const inSource = kind === 'src';

  if (specifier.startsWith('@crypt2chat/')) {
    const target = doors.get(specifier);
    if (target === undefined) return `${specifier} is not a door that its package.json exports`;
    return judgePlace(file, target, inSource);
  }
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(file), specifier);
    const targetArea = target.split('/')[0];
    // Measurements drive the same parts as the tests do, which have no door.
    if (targetArea !== area && !(area === 'bench' && target.startsWith('shared/test/')))
      return `reaches into ${targetArea} by path: import @crypt2chat/${targetArea}/… instead`;
    return (inSource ? judgeDoor(file, target) : undefined) ?? judgePlace(file, target, inSource);
  }
  return inSource ? judgePackage(file, specifier) : undefined;
}

/**
 * A folder is entered by its index.ts only.
 *
 * @param {string} file
 * @param {string} target
 */
function judgeDoor(file, target) {
  const below = posix.relative(posix.dirname(file), target).split('/');
  while (below[0] === '..') below.shift();
  if (below.length < 2 || (below.length === 2 && below[1] === 'index.ts')) return undefined;
  return /\.(css|json|svg|ttf)$/.test(target)
    ? undefined
    : `reaches past the door of ${below[0]}/: import its index.ts`;
}

/**
 * @param {string} file
 * @param {string} target
 * @param {boolean} inSource
 */
function judgePlace(file, target, inSource) {
  const [area, , folder] = file.split('/');
  const [targetArea, , targetFolder = ''] = target.split('/');
  // Tests may meet whom they like, by the same doors.
  if (!inSource) return undefined;
  if (targetArea === 'shared') {
    if (area === 'shared') return judgeLayer(folder ?? '', targetFolder);
    const program = area === 'extension' && folder === 'webview' ? 'webview' : (area ?? '');
    if (sharedFor[program]?.includes(targetFolder)) return undefined;
    return `the ${program} must not be able to import shared/src/${targetFolder}`;
  }
  if (targetArea !== area)
    return `${area} and ${targetArea} never import each other: they meet in shared/src/wire`;
  if (area === 'extension') return judgeExtension(file, target);
  return undefined;
}

/**
 * @param {string} folder
 * @param {string} targetFolder
 */
function judgeLayer(folder, targetFolder) {
  if (folder === targetFolder) return undefined;
  const below = sharedLayers[folder];
  if (below === undefined) return `shared/src/${folder} has no place in scripts/lint/layers.mjs`;
  if (below.includes(targetFolder)) return undefined;
  return `${folder} does not stand on ${targetFolder} (it may import: ${below.join(', ') || 'nothing'})`;
}

/**
 * @param {string} file
 * @param {string} target
 */
function judgeExtension(file, target) {
  const folder = file.split('/')[2] ?? '';
  const targetFolder = target.split('/')[2] ?? '';
  if (folder === targetFolder) return undefined;
  if (folder === 'webview' && targetFolder !== 'ipc') return 'the webview imports ipc and errors only';
  if (folder === 'ipc') return 'ipc stands below host, worker and webview and imports none of them';
  if (targetFolder === 'webview') return 'only the webview imports the webview';
  if (folder === 'worker.ts' && targetFolder === 'host')
    return 'the worker has no vscode: it must not import host';
  return undefined;
}

/**
 * @param {string} file
 * @param {string} specifier
 */
function judgePackage(file, specifier) {
  for (const { name, homes } of packageHomes) {
    const matches = name.endsWith('/')
      ? specifier.startsWith(name)
      : specifier === name || specifier.startsWith(`${name}/`);
    if (matches && !homes.some((home) => file.startsWith(home))) {
      return `${specifier} may be imported in ${homes.join(', ')} only`;
    }
  }
  return undefined;
}
