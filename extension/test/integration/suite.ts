/**
 * The entry that VS Code's extension host loads: runs mocha over the bundled `*.test.cjs` beside it. run.mjs
 * builds and starts all this.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Mocha from 'mocha';

const testTimeoutMs = 60_000;

export async function run(): Promise<void> {
  process.setSourceMapsEnabled(true);
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: testTimeoutMs,
    forbidOnly: true,
    reporter: process.env['TEST_REPORTER'] ?? 'spec',
  });
  for (const file of readdirSync(__dirname)) {
    if (file.endsWith('.test.cjs')) mocha.addFile(join(__dirname, file));
  }
  await mocha.loadFilesAsync();
  const failures = await new Promise<number>((resolve) => {
    mocha.run(resolve);
  });
  if (failures > 0) throw new Error(`${failures} tests failed`);
}
