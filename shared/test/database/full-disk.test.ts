import assert from 'node:assert/strict';
import { bundle } from './bundle.ts';
import { runChild } from './child.ts';
import { useFolder } from './folder.ts';
import { addEntry, verifyEntries } from './sample.ts';

describe('a full disk', () => {
  const { at, open } = useFolder();

  it('ends the database with its code and loses nothing acknowledged', async () => {
    const path = await bundle('filling-child.ts', at(''), 'esm');
    // The shell counts blocks of 512 or 1,024 bytes. Node ignores the signal, so that writing fails as on a disk.
    const limited = ['-c', 'ulimit -f 2000 && exec "$0" "$@"', process.execPath, path, at()];
    const { code, output, errors } = await runChild('/bin/sh', limited);
    assert.equal(errors, '');
    assert.equal(code, 0);
    const result = JSON.parse(output) as { acknowledged: number; code: string; later: string };
    assert.equal(result.code, 'ERR_DATABASE_FULL');
    assert.equal(result.later, 'ERR_DATABASE_FULL');
    assert(result.acknowledged > 100);
    const database = await open();
    const last = verifyEntries(database);
    assert(last >= result.acknowledged && last <= result.acknowledged + 1);
    addEntry(database, last + 1);
  }).timeout(60_000);
});
