/**
 * npm test [-- NAME…]: all suites, or those named, and one line at the end: `N passed, N failed`. The exit code is
 * 0 only if all passed.
 */
import { requireNode, requirePackages } from './prepare.mjs';

requireNode();
const { fail } = await import('./say.mjs');
try {
  await requirePackages();
  const { runSuites } = await import('./test/run-suites.mjs');
  process.exitCode = (await runSuites(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  fail(error);
}
