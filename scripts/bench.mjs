/**
 * npm run bench -- NAME [OPTION…]: one of the measurements in bench/, each of which prints its table and its settings.
 * What ours is measured beside is fetched first.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { inCheckout, top } from './checkout.mjs';
import { requireNode, requirePackages } from './prepare.mjs';

requireNode();
const { fail, Problem } = await import('./say.mjs');

/** Each with what it is told of what was fetched or built for it. */
const measurements = /** @type {Record<string, () => Promise<Record<string, string>>>} */ ({
  crypto: async () => ({}),
  groups: async () => {
    const { tsMls } = await import('./tools/ts-mls.mjs');
    return { TS_MLS_FOLDER: await tsMls() };
  },
  relay: async () => {
    const { build } = await import('./build.mjs');
    const { postgres } = await import('./tools/postgres.mjs');
    await build({ names: ['relay'], quiet: true });
    await postgres();
    return {};
  },
});

try {
  const [name = '', ...options] = process.argv.slice(2);
  const peers = Object.hasOwn(measurements, name) ? measurements[name] : undefined;
  if (peers === undefined)
    throw new Problem(`Say what to measure: npm run bench -- ${Object.keys(measurements).join(' | ')}`);
  await requirePackages();
  // Its lines are shown as they come, and an interruption reaches it by the terminal.
  const program = spawn(
    process.execPath,
    ['--import', 'tsx', inCheckout('bench', `${name}.ts`), ...options],
    { cwd: top, env: { ...process.env, ...(await peers()) }, stdio: 'inherit' },
  );
  const [code] = await once(program, 'exit');
  process.exitCode = typeof code === 'number' ? code : 1;
} catch (error) {
  fail(error);
}
