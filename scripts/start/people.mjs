/** Alice and Bob: a VS Code each, with a profile of its own, the extension from its VSIX, and the relay's address. */
import { mkdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { start } from '../processes.mjs';
import { Problem, showing } from '../say.mjs';
import { runCodeServer, startCodeServer } from '../vscode/code-server.mjs';
import { installExtension } from '../vscode/desktop.mjs';
import { prepareProfile, profileAt } from '../vscode/profile.mjs';

/**
 * @typedef {{ name: string, profile: import('../vscode/profile.mjs').Profile, project: string }} Person
 * @typedef {{ ended: Promise<unknown>, stop: () => Promise<void> }} Opened
 */

/**
 * @param {string} data
 * @param {string} relayUrl
 * @returns {Promise<Person[]>}
 */
export async function preparePeople(data, relayUrl) {
  return Promise.all(
    ['Alice', 'Bob'].map(async (name) => {
      const profile = profileAt(join(data, name.toLowerCase()));
      await prepareProfile(profile, {
        'crypt2chat.relayUrl': relayUrl,
        'window.title': `${name} — \${rootName}`,
      });
      return { name, profile, project: await makeProject(profile.folder, relayUrl) };
    }),
  );
}

/**
 * Something to point at when talking about code. It names the relay too, for the window that F5 opens: that one has
 * the developer's own profile.
 *
 * @param {string} folder
 * @param {string} relayUrl
 */
async function makeProject(folder, relayUrl) {
  const project = join(folder, 'project');
  const file = join(project, 'greeting.ts');
  await mkdir(join(project, '.vscode'), { recursive: true });
  const settings = { 'crypt2chat.relayUrl': relayUrl };
  await writeFile(join(project, '.vscode', 'settings.json'), `${JSON.stringify(settings)}\n`);
  if (!existsSync(file)) {
    await writeFile(
      file,
      'export function greeting(name: string): string {\n  return `Hello, ${name}!`;\n}\n',
    );
  }
  return project;
}

/**
 * @param {string} executable
 * @param {Person} person
 * @param {string} vsix
 * @returns {Promise<Opened>}
 */
export async function openOnDesktop(executable, { name, profile, project }, vsix) {
  const place = ['--user-data-dir', profile.userData, '--extensions-dir', profile.extensions];
  await showing(`Installing the extension for ${name}`, () => installExtension(executable, place, vsix));
  // Electron's sandbox needs rights that neither root nor a freshly unpacked download has on Linux.
  const unpacked =
    process.platform === 'linux' && (process.getuid?.() === 0 || executable.includes('.vscode-test'));
  const args = [
    ...place,
    '--new-window',
    '--disable-workspace-trust',
    '--skip-welcome',
    ...(unpacked ? ['--no-sandbox'] : []),
  ];
  const running = await start(executable, [...args, project], { env: desktopEnvironment(), stdio: 'ignore' });
  return running;
}

/** Started from a terminal inside VS Code, the new one must not take itself for a part of that. */
function desktopEnvironment() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (/^(VSCODE_|ELECTRON_)/.test(name)) delete env[name];
  return env;
}

/**
 * @param {Person} person
 * @param {string} vsix
 * @param {number} port
 * @returns {Promise<Opened & { url: string }>}
 */
export async function openInBrowser({ name, profile, project }, vsix, port) {
  return showing(`Starting VS Code for ${name}`, async () => {
    await runCodeServer(profile, ['--install-extension', vsix, '--force']);
    try {
      return await startCodeServer({ profile, port, offline: false, workspace: project });
    } catch (error) {
      if (error instanceof Problem) throw new Problem(`${name}: ${error.message}`);
      throw error;
    }
  });
}
