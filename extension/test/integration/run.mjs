/**
 * Runs the tests of this folder inside VS Code: on the desktop where there is one, else on its stand-in (see
 * scripts/vscode/stand-in.mjs). The extension comes from its VSIX, as it comes to people.
 *
 *   node extension/test/integration/run.mjs --vsix FILE [--noble]
 *
 * Tests find a running relay at TEST_RELAY_URL. --noble leaves the extension only noble's curves, as Electron does.
 */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runTests, TestRunFailedError } from '@vscode/test-electron';
import { build } from 'esbuild';
import { inCheckout, top } from '../../../scripts/checkout.mjs';
import { onEndRequest, stopAll } from '../../../scripts/processes.mjs';
import { fail, Problem } from '../../../scripts/say.mjs';
import { startRelay } from '../../../scripts/start/relay.mjs';
import { desktopForTests, installExtension } from '../../../scripts/vscode/desktop.mjs';

const output = inCheckout('dist', 'test', 'integration');
const carrier = join(output, 'carrier');

async function bundleTests() {
  await rm(output, { recursive: true, force: true });
  const here = import.meta.dirname;
  const tests = (await readdir(here)).filter((file) => file.endsWith('.test.ts'));
  await build({
    absWorkingDir: top,
    entryPoints: [...tests, 'suite.ts'].map((file) => join(here, file)),
    outdir: output,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
    logLevel: 'warning',
  });
}

/** VS Code runs a suite only for an extension under development: this one does nothing else. */
async function makeCarrier() {
  await mkdir(carrier, { recursive: true });
  const manifest = {
    name: 'suite-carrier',
    publisher: 'crypt2chat',
    version: '0.0.0',
    engines: { vscode: '*' },
  };
  await writeFile(join(carrier, 'package.json'), JSON.stringify(manifest));
}

async function main() {
  const { values } = parseArgs({ options: { vsix: { type: 'string' }, noble: { type: 'boolean' } } });
  if (values.vsix === undefined) throw new Problem('Say which extension to test: --vsix FILE');
  await bundleTests();
  await makeCarrier();
  const vscodeExecutablePath = await desktopForTests();
  const folder = await mkdtemp(join(tmpdir(), 'crypt2chat-integration-'));
  onEndRequest(async () => {
    await stopAll();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    process.exit(130);
  });
  try {
    const profile = [
      '--user-data-dir',
      join(folder, 'user-data'),
      '--extensions-dir',
      join(folder, 'extensions'),
    ];
    const workspace = join(folder, 'workspace');
    await mkdir(workspace);
    const relay = await startRelay({ data: join(folder, 'relay'), port: 0 });
    await installExtension(vscodeExecutablePath, profile, resolve(values.vsix));
    await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath: carrier,
      extensionTestsPath: join(output, 'suite.cjs'),
      extensionTestsEnv: {
        TEST_REPORTER: inCheckout('scripts', 'test', 'reporter.cjs'),
        TEST_RELAY_URL: relay.url,
        ...(values.noble ? { CRYPT2CHAT_CRYPTO: 'noble' } : {}),
      },
      launchArgs: [workspace, ...profile],
    });
  } finally {
    await stopAll();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

await main().catch((error) => {
  // What failed has been said already, test by test.
  fail(error instanceof TestRunFailedError ? new Problem(error.message) : error);
});
