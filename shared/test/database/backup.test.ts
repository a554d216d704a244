import assert from 'node:assert/strict';
import { existsSync, readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { FailingDisk } from './disks.ts';
import { useFolder } from './folder.ts';
import { addEntry, verifyEntries } from './sample.ts';

describe('a backup', () => {
  const { at, open } = useFolder();

  it('is a whole database of its own, made while the first goes on', async () => {
    const database = await open();
    for (let i = 1; i <= 50; i++) addEntry(database, i);
    database.backup(at('copies/one.db'));
    addEntry(database, 51);
    assert.deepEqual(readdirSync(at('copies')), ['one.db']);
    assert.equal(statSync(at('copies/one.db')).mode & 0o777, 0o600);
    const copy = await open({}, 'copies/one.db');
    assert.equal(verifyEntries(copy), 50);
    addEntry(copy, 51);
    assert.equal(verifyEntries(database), 51);
  });

  it('does not take the place of a file', async () => {
    const database = await open();
    writeFileSync(at('taken.db'), '');
    for (const name of ['taken.db', 'test.db']) {
      assert.throws(() => database.backup(at(name)), { code: 'ERR_DATABASE_EXISTS' });
    }
    assert.equal(statSync(at('taken.db')).size, 0);
  });

  it('that fails leaves nothing behind and the database well', async () => {
    const fileSystem = new FailingDisk();
    const database = await open({ fileSystem });
    for (let i = 1; i <= 50; i++) addEntry(database, i);
    for (const [operation, errno, code] of [
      ['write', 'ENOSPC', 'ERR_DATABASE_FULL'],
      ['fsync', 'EIO', 'ERR_DATABASE_IO'],
      ['open', 'EROFS', 'ERR_DATABASE_READ_ONLY'],
    ] as const) {
      fileSystem.plan = { operation, errno, on: /copy/ };
      assert.throws(() => database.backup(at('copy.db')), { code });
      assert.deepEqual(readdirSync(at('')).sort(), ['test.db', 'test.db-wal']);
      addEntry(database, Number(database.get('SELECT max(sequence) AS n FROM entries')?.['n']) + 1);
    }
    fileSystem.plan = undefined;
    database.backup(at('copy.db'));
    assert.equal(verifyEntries(await open({}, 'copy.db')), 53);
  });

  it('takes over from one that was cut off', async () => {
    const database = await open();
    addEntry(database, 1);
    writeFileSync(at('copy.db.partial'), 'half a copy');
    writeFileSync(at('copy.db.partial-journal'), 'and its journal');
    database.backup(at('copy.db'));
    assert(!existsSync(at('copy.db.partial')));
    assert.equal(verifyEntries(await open({}, 'copy.db')), 1);
  });

  it('is durable before its name is there', async () => {
    const order: string[] = [];
    class Watching extends FailingDisk {
      override writeSync(...args: Parameters<FailingDisk['writeSync']>): number {
        if (this.pathOf(args[0]).endsWith('.partial')) order.push('write');
        return super.writeSync(...args);
      }
      override fsyncSync(descriptor: number): void {
        const path = this.pathOf(descriptor);
        if (path.endsWith('.partial')) order.push('sync');
        if (path === realpathSync(at(''))) order.push('sync folder');
        super.fsyncSync(descriptor);
      }
      override renameSync(from: string, to: string): void {
        order.push('rename');
        super.renameSync(from, to);
      }
    }
    const database = await open({ fileSystem: new Watching() });
    database.backup(at('copy.db'));
    const written = order.slice(order.lastIndexOf('write'));
    assert.deepEqual(written.slice(0, 2), ['write', 'sync']);
    assert.deepEqual(written.slice(-2), ['rename', 'sync folder']);
  });
});
