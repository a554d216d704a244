/** VS Code as a server on 127.0.0.1, for a browser to open. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, start } from '../processes.mjs';
import { Problem } from '../say.mjs';
import { codeServer } from '../tools/code-server.mjs';

const startTimeoutMs = 90_000;

/**
 * @typedef {object} Server
 * @property {string} url without a slash at its end
 * @property {string} authority
 * @property {Promise<import('../processes.mjs').Ending>} ended
 * @property {() => Promise<void>} stop
 */

/**
 * @param {import('./profile.mjs').Profile} profile
 * @param {NodeJS.ProcessEnv} env
 */
function environment(profile, env) {
  const merged = { ...process.env, ...env };
  // Inside a VS Code terminal these would tie the new one to the outer one.
  for (const name of Object.keys(merged)) {
    if (/^(VSCODE_|ELECTRON_)/.test(name) && !(name in env)) delete merged[name];
  }
  return {
    ...merged,
    CODE_SERVER_CONFIG: join(profile.folder, 'code-server.yaml'),
    // Else it leaves logs and a heartbeat in the person's home.
    XDG_DATA_HOME: profile.folder,
  };
}

/** @param {import('./profile.mjs').Profile} profile */
function profileArguments(profile) {
  return ['--user-data-dir', profile.userData, '--extensions-dir', profile.extensions];
}

/**
 * Runs code-server for what it does without serving, such as `--install-extension FILE`.
 *
 * @param {import('./profile.mjs').Profile} profile
 * @param {readonly string[]} args
 */
export async function runCodeServer(profile, args) {
  const { node, entry } = await codeServer();
  await writeFile(join(profile.folder, 'code-server.yaml'), '{}\n');
  const options = { env: environment(profile, {}), timeoutMs: 120_000 };
  const { code, output } = await run(node, [entry, ...profileArguments(profile), ...args], options);
  if (code !== 0) throw new Problem(`VS Code (code-server ${args.join(' ')}) failed:\n${output.trim()}`);
  return output;
}

/**
 * @param {object} options
 * @param {import('./profile.mjs').Profile} options.profile
 * @param {number} [options.port] 0 for any free one
 * @param {NodeJS.ProcessEnv} [options.env] what extensions find in their environment besides ours
 * @param {boolean} [options.offline] without a marketplace
 * @param {string} [options.workspace] the folder that the address opens
 * @returns {Promise<Server>}
 */
export async function startCodeServer({ profile, port = 0, env = {}, offline = true, workspace }) {
  const { node, entry } = await codeServer();
  await writeFile(join(profile.folder, 'code-server.yaml'), '{}\n');
  const args = [
    ...['--bind-addr', `127.0.0.1:${String(port)}`, '--auth', 'none', '--ignore-last-opened'],
    ...['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'],
    '--disable-getting-started-override',
    // Only with it does the page honour the payload that names an extension under development.
    ...['--vscode-option', 'enable-smoke-test-driver'],
  ];
  const server = await start(
    node,
    [entry, ...args, ...profileArguments(profile), ...(workspace === undefined ? [] : [workspace])],
    {
      env: environment(profile, { ...(offline ? { EXTENSIONS_GALLERY: '{"serviceUrl":""}' } : {}), ...env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  try {
    const url = await listening(server);
    return { url, authority: new URL(url).host, ended: server.ended, stop: server.stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/**
 * @param {import('../processes.mjs').Running} server
 * @returns {Promise<string>}
 */
function listening({ child, ended }) {
  let output = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Problem(`VS Code did not start within ${String(startTimeoutMs / 1000)} s:\n${output}`));
    }, startTimeoutMs);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8');
      stream?.on('data', (text) => {
        output = (output + text).slice(-20_000);
        const url = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1];
        if (url === undefined) return;
        clearTimeout(timer);
        resolve(url);
      });
    }
    void ended.then(({ code }) => {
      clearTimeout(timer);
      reject(new Problem(`VS Code ended with ${String(code)} while starting:\n${output}`));
    });
  });
}
