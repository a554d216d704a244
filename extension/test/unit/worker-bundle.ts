/** The engine's thread as it is shipped, but built where a test may throw it away. */
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { build } from 'esbuild';

const top = fileURLToPath(new URL('../../../', import.meta.url));

/** @returns what Session needs to know of it. */
export async function bundleWorker(folder: string): Promise<{ workerFile: string; wasmFile: string }> {
  const workerFile = join(folder, 'worker.cjs');
  await build({
    entryPoints: [join(top, 'extension', 'src', 'worker.ts')],
    outfile: workerFile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    define: { 'import.meta.url': '__bundleUrl' },
    banner: { js: "const __bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'warning',
  });
  return { workerFile, wasmFile: join(top, 'node_modules', 'sql.js', 'dist', 'sql-wasm-debug.wasm') };
}
