/**
 * That no file imports itself by way of others, read from esbuild's metafile of all sources. Imports of types
 * alone are gone by then: they make no order of loading.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { inCheckout, top } from '../checkout.mjs';

/** @typedef {ReadonlyMap<string, readonly string[]>} Graph from each file to those it imports */

/** @returns {Promise<string[]>} what does not hold */
export async function checkCycles() {
  const control = findCycle(
    new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', []],
      ['d', ['b']],
    ]),
  );
  if (control?.join() !== 'b,d,b') return ['a planted cycle was not found'];
  const cycle = findCycle(await importGraph());
  return cycle === undefined ? [] : [cycle.join('\n  imports ')];
}

/** @returns {Promise<Graph>} */
async function importGraph() {
  const { metafile } = await build({
    absWorkingDir: top,
    entryPoints: await sources(),
    outdir: 'never-written',
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['vscode', 'pg-native'],
    loader: { '.ttf': 'empty', '.svg': 'text' },
    logLevel: 'silent',
  });
  return new Map(
    Object.entries(metafile.inputs)
      .filter(([file]) => !file.startsWith('node_modules/'))
      .map(([file, { imports }]) => [
        file,
        imports.filter(({ external }) => external !== true).map(({ path }) => path),
      ]),
  );
}

async function sources() {
  /** @type {string[]} */
  const files = [];
  for (const workspace of ['shared', 'relay', 'extension']) {
    const folder = inCheckout(workspace, 'src');
    for (const name of await readdir(folder, { recursive: true })) {
      if (name.endsWith('.ts') && !name.endsWith('.d.ts')) files.push(join(folder, name));
    }
  }
  return files;
}

/**
 * @param {Graph} graph
 * @returns {string[] | undefined} the files of a cycle, the first of them again at the end
 */
function findCycle(graph) {
  /** @type {Set<string>} */
  const done = new Set();
  /** @type {string[]} */
  const path = [];
  /**
   * @param {string} file
   * @returns {string[] | undefined}
   */
  const visit = (file) => {
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next);
      if (cycle !== undefined) return cycle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
