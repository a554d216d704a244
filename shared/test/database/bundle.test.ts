import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { bundle, type Format, minifiedWasmPath, wasmPath } from './bundle.ts';
import { runChild } from './child.ts';
import { useFolder } from './folder.ts';

describe('a bundle of the database', () => {
  const { at } = useFolder();

  const run = async (
    format: Format,
    task: object,
    how: { minify?: boolean; inWorker?: boolean } = {},
  ): Promise<unknown> => {
    const path = await bundle('bundled-child.ts', at(''), format, how.minify);
    const file = at('data/notes.db');
    const args = [path, JSON.stringify({ file, ...task }), ...(how.inWorker === true ? ['worker'] : [])];
    const { code, output, errors } = await runChild(process.execPath, args);
    assert.equal(errors, '');
    assert.equal(code, 0);
    assert.equal(readFileSync(file).toString('latin1', 0, 15), 'SQLite format 3');
    return JSON.parse(output);
  };
  const expected = { rows: [{ id: 1, size: 1000 }], size: 60_000_000 };

  it('works as an ES module', async () => {
    assert.deepEqual(await run('esm', {}, { minify: true }), expected);
  }).timeout(30_000);

  it('works as CommonJS', async () => {
    assert.deepEqual(await run('cjs', {}, { minify: true }), expected);
  }).timeout(30_000);

  it('works in a worker thread', async () => {
    assert.deepEqual(await run('cjs', {}, { inWorker: true }), expected);
  }).timeout(30_000);

  it('needs to know nothing of its own place when told where the module is', async () => {
    assert.deepEqual(await run('cjs without a URL', { wasm: wasmPath }), expected);
  }).timeout(30_000);

  it('refuses a module whose calls it cannot find, and can go on with the right one', async () => {
    const result = await run('esm', { wrongWasm: minifiedWasmPath });
    assert.deepEqual(result, { ...expected, refused: 'ERR_DATABASE_UNSUPPORTED' });
  }).timeout(30_000);
});
