/**
 * npm run torture [-- NAME… --count N --seed N]: what takes longer than a test may. Each torture prints its seed, what
 * was tried and what was lost; the exit code is 0 only if nothing was. `npm run torture -- nothing` lists them. Of the
 * soak, `--minutes N` says the same as `--count N`.
 */
import { requireNode, requirePackages } from './prepare.mjs';

requireNode();
const { fail } = await import('./say.mjs');
try {
  await requirePackages();
  const { runTortures } = await import('./torture/run-tortures.mjs');
  process.exitCode = (await runTortures(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  fail(error);
}
