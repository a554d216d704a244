/** Packs the built extension into dist/crypt2chat.vsix: what runs, its manifest and what a person reads. */
import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inCheckout, isInCheckout } from './checkout.mjs';
import { run } from './processes.mjs';
import { fail, kilobytes, Problem } from './say.mjs';

export const vsixFile = inCheckout('dist', 'crypt2chat.vsix');

const stage = inCheckout('dist', 'vsix');

/** Packs what `npm run build` has built. */
export async function packageExtension({ quiet = false } = {}) {
  if (!isInCheckout('extension', 'dist', 'extension.cjs')) {
    throw new Problem('The extension is not built yet. Run: npm run build');
  }
  await rm(stage, { recursive: true, force: true });
  await mkdir(stage, { recursive: true });
  const manifest = JSON.parse(await readFile(inCheckout('extension', 'package.json'), 'utf8'));
  for (const key of ['dependencies', 'devDependencies', 'scripts', 'private'])
    Reflect.deleteProperty(manifest, key);
  await writeFile(join(stage, 'package.json'), JSON.stringify({ ...manifest, files: ['**'] }, undefined, 2));
  const readmes = ['extension/README.md', 'README.md'];
  const readme = readmes.find((file) => isInCheckout(file));
  for (const [from, to] of [
    ['extension/dist', 'dist'],
    ['extension/media', 'media'],
    [readme, 'README.md'],
    ['LICENSE', 'LICENSE'],
    ['CHANGELOG.md', 'CHANGELOG.md'],
  ]) {
    if (from === undefined || to === undefined || !isInCheckout(from)) continue;
    await cp(inCheckout(from), join(stage, to), {
      recursive: true,
      filter: (path) => !path.endsWith('.map'),
    });
  }
  const vsce = inCheckout('node_modules', '@vscode', 'vsce', 'vsce');
  const flags = [
    '--no-dependencies',
    '--allow-missing-repository',
    '--no-rewrite-relative-links',
    '--skip-license',
  ];
  const { code, output } = await run(process.execPath, [vsce, 'package', ...flags, '--out', vsixFile], {
    cwd: stage,
  });
  if (code !== 0) throw new Problem(`vsce could not pack the extension:\n${output.trim()}`);
  if (!quiet) console.log(`dist/crypt2chat.vsix ${kilobytes((await stat(vsixFile)).size)}`);
}

if (process.argv[1] === import.meta.filename) await packageExtension().catch(fail);
