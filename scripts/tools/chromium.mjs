/**
 * A Chromium that needs no display, no root and no system package: on Linux x64 from npm, with the libraries that
 * a bare system lacks; elsewhere the Chrome or Chromium that is installed. CHROMIUM_PATH goes before both.
 */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { Problem } from '../say.mjs';
import { fetchTool } from './fetch.mjs';

/** @returns {Promise<string>} the path of an executable that takes Chromium's command line */
export async function chromium() {
  const named = process.env['CHROMIUM_PATH'];
  if (named !== undefined && named !== '') {
    if (!existsSync(named)) throw new Problem(`CHROMIUM_PATH names ${named}, which is not there.`);
    return named;
  }
  if (process.platform === 'linux' && process.arch === 'x64') return fetchedChromium();
  const installed = installedPlaces().find((place) => existsSync(place));
  if (installed === undefined) {
    throw new Problem('Install Chrome or Chromium for this, or name one: CHROMIUM_PATH=/path/to/chrome');
  }
  return installed;
}

async function fetchedChromium() {
  const folder = await fetchTool({
    name: 'chromium',
    version: '143.0.4',
    title: 'headless Chromium',
    size: '70 MB, 210 MB on disk',
    finish: unpack,
  });
  return join(folder, 'chromium', 'run');
}

/**
 * The package unpacks itself into the machine's temporary folder, where versions and users meet; we unpack it in
 * place, with a script beside it that sets the paths of its libraries and fonts.
 *
 * @param {string} folder
 */
async function unpack(folder) {
  const packages = join(folder, 'node_modules');
  const packed = join(packages, '@sparticuz', 'chromium', 'bin');
  const place = join(folder, 'chromium');
  const fonts = join(place, 'fonts');
  const { extract } = createRequire(join(packed, 'from-here.js'))('tar-fs');
  await mkdir(place);
  /**
   * @param {string} name
   * @param {NodeJS.WritableStream} into
   */
  const brotli = (name, into) =>
    pipeline(createReadStream(join(packed, name)), createBrotliDecompress(), into);
  await brotli('chromium.br', createWriteStream(join(place, 'chromium')));
  await chmod(join(place, 'chromium'), 0o755);
  for (const name of ['al2023', 'fonts', 'swiftshader']) await brotli(`${name}.tar.br`, extract(place));
  for (const name of ['Sans', 'Sans-Bold', 'SansMono', 'SansMono-Bold', 'SansMono-Oblique']) {
    const file = `DejaVu${name}.ttf`;
    await copyFile(join(packages, 'dejavu-fonts-ttf', 'ttf', file), join(fonts, file));
  }
  await writeFile(join(fonts, 'fonts.conf'), fontsConfig);
  await writeFile(join(place, 'run'), launcher, { mode: 0o755 });
  await rm(packages, { recursive: true });
}

const fontsConfig = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">.</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
`;

const launcher = `#!/bin/sh
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd) || exit 1
export FONTCONFIG_PATH="$here/fonts"
export LD_LIBRARY_PATH="$here/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$here/chromium" "$@"
`;

/** @returns {string[]} */
function installedPlaces() {
  if (process.platform === 'darwin') {
    return ['Google Chrome', 'Chromium', 'Microsoft Edge'].map(
      (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
    );
  }
  if (process.platform === 'win32') {
    const roots = [
      process.env['ProgramFiles'],
      process.env['ProgramFiles(x86)'],
      process.env['LOCALAPPDATA'],
    ];
    return roots.flatMap((root) =>
      root === undefined
        ? []
        : [
            join(root, 'Google/Chrome/Application/chrome.exe'),
            join(root, 'Microsoft/Edge/Application/msedge.exe'),
          ],
    );
  }
  const names = [
    'chromium-headless-shell',
    'chromium',
    'chromium-browser',
    'google-chrome-stable',
    'google-chrome',
  ];
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)));
}
