#!/usr/bin/env node
/**
 * Stands in for the desktop's `code` where there is no display: takes the same command line and runs VS Code as
 * code-server with headless Chromium. `runTests({ vscodeExecutablePath })` of @vscode/test-electron cannot tell
 * the difference.
 *
 * STAND_IN_TIMEOUT_S: how long a suite may take (300 when unset).
 */
import { fstatSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inCheckout } from '../checkout.mjs';
import { followFile } from '../follow-file.mjs';
import { onEndRequest, stopAll } from '../processes.mjs';
import { bootVSCode } from './boot.mjs';
import { runCodeServer } from './code-server.mjs';
import { prepareProfile } from './profile.mjs';

const exitCodes = { hostDied: 74, noResult: 124, gone: 72, error: 73, interrupted: 130 };

/** @param {string} value */
const toPath = (value) => resolve(value.startsWith('file:') ? fileURLToPath(value) : value);

/** The part of the desktop's command line that matters here; the rest is about windows and is left out. */
function parseCommandLine() {
  const parsed = {
    developmentPaths: /** @type {string[]} */ ([]),
    testsPath: /** @type {string | undefined} */ (undefined),
    userData: /** @type {string | undefined} */ (undefined),
    extensions: /** @type {string | undefined} */ (undefined),
    workspace: /** @type {string | undefined} */ (undefined),
    /** What is done without opening a window. */
    command: /** @type {string[]} */ ([]),
  };
  const args = process.argv.slice(2);
  for (let arg = args.shift(); arg !== undefined; arg = args.shift()) {
    const [, name, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    const value = () => inline ?? args.shift() ?? '';
    if (name === 'extensionDevelopmentPath') parsed.developmentPaths.push(toPath(value()));
    else if (name === 'extensionTestsPath') parsed.testsPath = toPath(value());
    else if (name === 'user-data-dir') parsed.userData = toPath(value());
    else if (name === 'extensions-dir') parsed.extensions = toPath(value());
    else if (name === 'folder-uri') parsed.workspace = toPath(value());
    else if (name === 'install-extension') parsed.command.push('--install-extension', value());
    else if (name === 'list-extensions' || name === 'version' || name === 'force') parsed.command.push(arg);
    else if (!arg.startsWith('-')) parsed.workspace ??= toPath(arg);
  }
  return parsed;
}

async function main() {
  const line = parseCommandLine();
  const scratch = await mkdtemp(join(tmpdir(), 'vscode-stand-in-'));
  const userData = line.userData ?? join(scratch, 'user-data');
  // The desktop's layout, not that of profileAt: these folders are the caller's.
  const profile = {
    folder: userData,
    userData,
    extensions: line.extensions ?? join(userData, 'extensions'),
    browser: join(userData, 'browser'),
  };
  try {
    if (line.command.length === 0) return await openWindow(line, profile, scratch);
    await prepareProfile(profile);
    process.stdout.write(await runCodeServer(profile, line.command));
    return 0;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * @param {ReturnType<typeof parseCommandLine>} line
 * @param {import('./profile.mjs').Profile} profile
 * @param {string} scratch
 * @returns {Promise<number>} the exit code
 */
async function openWindow({ developmentPaths, testsPath, workspace }, profile, scratch) {
  const output = join(scratch, 'output');
  const result = join(scratch, 'result');
  await writeFile(output, '');
  const follower = followFile(output, (text) => process.stdout.write(text));
  /** @type {(code: number) => void} */
  let finish = () => undefined;
  const finished = new Promise((resolve) => {
    finish = resolve;
  });
  onEndRequest(async () => {
    finish(exitCodes.interrupted);
  });
  endWithCaller(() => {
    finish(exitCodes.interrupted);
  });
  const window = await bootVSCode({
    profile,
    developmentPaths,
    ...(workspace === undefined ? {} : { workspace }),
    ...(testsPath === undefined
      ? {}
      : {
          testsPath: inCheckout('scripts', 'vscode', 'wrapper-suite.cjs'),
          env: { STAND_IN_SUITE: testsPath, STAND_IN_OUTPUT: output, STAND_IN_RESULT: result },
        }),
    onLog: () => undefined,
    onExit: (code) => {
      // 0 is also what is reported when the extension host died in the middle of the suite.
      void readFile(result, 'utf8').then(
        (text) => {
          finish(JSON.parse(text).passed === true ? code : code || 1);
        },
        () => {
          finish(exitCodes.hostDied);
        },
      );
    },
  });
  const limitMs =
    testsPath === undefined ? undefined : Number(process.env['STAND_IN_TIMEOUT_S'] ?? 300) * 1000;
  const timer =
    limitMs === undefined
      ? undefined
      : setTimeout(() => {
          console.error(`The suite gave no result within ${String(limitMs / 1000)} s.`);
          finish(exitCodes.noResult);
        }, limitMs);
  void window.ended.then(() => {
    finish(exitCodes.gone);
  });
  const code = await finished;
  clearTimeout(timer);
  if (code === exitCodes.hostDied) console.error('The extension host ended before the suite did.');
  if (code === exitCodes.gone) console.error('VS Code ended before the suite did.');
  await window.close();
  follower.stop();
  return code;
}

/**
 * Whoever runs a suite holds a pipe to us: when it breaks, nobody waits for the outcome any more.
 *
 * @param {() => void} end
 */
function endWithCaller(end) {
  const input = fstatSync(0);
  if (input.isSocket() || input.isFIFO()) process.stdin.on('end', end).on('error', end).resume();
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error);
  process.exitCode = exitCodes.error;
}
await stopAll();
process.exit();
