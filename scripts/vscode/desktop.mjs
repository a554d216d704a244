/** Desktop VS Code: where it is, how an extension gets into it, and what takes its place where there is no display. */
import { existsSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { inCheckout } from '../checkout.mjs';
import { run } from '../processes.mjs';
import { Problem } from '../say.mjs';

/** What the desktop is held at when it is downloaded: the same as code-server's. */
const pinnedVersion = '1.139.1';

export const standIn = inCheckout('scripts', 'vscode', 'stand-in.mjs');

/** Whether a window could appear here. */
export function hasDisplay() {
  if (process.platform !== 'linux') return process.env['SSH_CONNECTION'] === undefined;
  return Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
}

/**
 * The executable that VSCODE names.
 *
 * @returns {string | undefined}
 */
function namedDesktop() {
  const named = process.env['VSCODE'];
  if (named === undefined || named === '') return undefined;
  if (!existsSync(named)) throw new Problem(`VSCODE names ${named}, which is not there.`);
  return named;
}

/**
 * The executable of an installed VS Code: the program itself and not the `code` script, which returns at once and
 * leaves nobody to end it.
 *
 * @returns {string | undefined}
 */
function installedDesktop() {
  const home = homedir();
  /** @type {string[]} */
  const places = [];
  if (process.platform === 'darwin') {
    for (const root of ['/Applications', join(home, 'Applications')]) {
      for (const program of ['Code', 'Electron']) {
        places.push(join(root, 'Visual Studio Code.app', 'Contents', 'MacOS', program));
      }
    }
  } else if (process.platform === 'win32') {
    const local = process.env['LOCALAPPDATA'];
    if (local !== undefined) places.push(join(local, 'Programs', 'Microsoft VS Code', 'Code.exe'));
    const programs = process.env['ProgramFiles'];
    if (programs !== undefined) places.push(join(programs, 'Microsoft VS Code', 'Code.exe'));
  } else {
    places.push(
      '/usr/share/code/code',
      '/snap/code/current/usr/share/code/code',
      '/opt/visual-studio-code/code',
    );
  }
  return [...desktopsOnPath(), ...places].find((place) => existsSync(place));
}

/** The programs behind the `code` scripts on PATH: each script is in a `bin` folder of its installation. */
function desktopsOnPath() {
  const script = process.platform === 'win32' ? 'code.cmd' : 'code';
  const program = process.platform === 'win32' ? 'Code.exe' : 'code';
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && existsSync(join(folder, script)))
    .map((folder) => join(dirname(dirname(realpathSync(join(folder, script)))), program));
}

/**
 * Downloads desktop VS Code, or says why it cannot.
 *
 * @returns {Promise<string | undefined>}
 */
async function downloadedDesktop() {
  const { downloadAndUnzipVSCode } = await import('@vscode/test-electron');
  try {
    return await downloadAndUnzipVSCode({
      version: pinnedVersion,
      cachePath: inCheckout('.vscode-test'),
      timeout: 30_000,
    });
  } catch (error) {
    console.log(
      `Desktop VS Code cannot be downloaded (${error instanceof Error ? error.message : String(error)}).`,
    );
    return undefined;
  }
}

/**
 * The desktop on which to open a window for a person, or undefined where there can be none.
 *
 * @returns {Promise<string | undefined>}
 */
export async function desktopForPeople() {
  const named = namedDesktop();
  if (named !== undefined) return named;
  if (!hasDisplay()) return undefined;
  const installed = installedDesktop();
  if (installed !== undefined) return installed;
  console.log('Downloading desktop VS Code (about 150 MB), this once.');
  return downloadedDesktop();
}

/**
 * What the integration tests run in: always the same version, so a download rather than what is installed.
 *
 * @returns {Promise<string>}
 */
export async function desktopForTests() {
  const named = namedDesktop();
  if (named !== undefined) return named;
  const downloaded = hasDisplay() ? await downloadedDesktop() : undefined;
  return downloaded ?? standIn;
}

/**
 * @param {string} executable
 * @param {readonly string[]} profile its `--user-data-dir` and `--extensions-dir`
 * @param {string} vsix
 */
export async function installExtension(executable, profile, vsix) {
  const args = [...profile, '--install-extension', vsix, '--force'];
  const [command, before, env] = await commandLineOf(executable);
  const { code, output } = await run(command, [...before, ...args], { env, timeoutMs: 180_000 });
  if (code !== 0) throw new Problem(`VS Code did not install ${vsix}:\n${output.trim()}`);
}

/**
 * How to call VS Code for what it does without a window: its program run as Node on its own cli.js, which is what
 * the `code` script does.
 *
 * @param {string} executable
 * @returns {Promise<[command: string, args: string[], env: NodeJS.ProcessEnv]>}
 */
async function commandLineOf(executable) {
  if (executable.endsWith('.mjs')) return [process.execPath, [executable], process.env];
  const resources =
    process.platform === 'darwin'
      ? join(dirname(executable), '..', 'Resources')
      : join(dirname(executable), 'resources');
  const cli = join(resources, 'app', 'out', 'cli.js');
  if (!existsSync(cli)) throw new Problem(`${executable} is not desktop VS Code: it has no ${cli}.`);
  return [executable, [cli], { ...process.env, ELECTRON_RUN_AS_NODE: '1' }];
}
