import assert from 'node:assert/strict';
import { bundle } from './bundle.ts';
import { runChild } from './child.ts';
import { useFolder } from './folder.ts';
import { verifyEntries } from './sample.ts';

describe('a SQLite that has come to grief', () => {
  const { at, open } = useFolder();

  it('ends every database of its process and leaves the files well', async () => {
    const path = await bundle('broken-child.ts', at(''), 'esm');
    const { code, output, errors } = await runChild(process.execPath, [path, at('one.db'), at('two.db')]);
    assert.equal(errors, '');
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(output), {
      codes: ['ERR_DATABASE_IO', 'ERR_DATABASE_IO', 'ERR_DATABASE_IO'],
      isBroken: true,
    });
    for (const name of ['one.db', 'two.db']) assert.equal(verifyEntries(await open({}, name)), 1);
  }).timeout(30_000);
});
