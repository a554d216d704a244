import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type Connection } from '../../src/database/connection.ts';
import { FailingDisk } from './disks.ts';
import { useFolder } from './folder.ts';
import { addEntry, bodyOf, openSample, verifyEntries } from './sample.ts';

/** Runs `work` as somebody without root's right to write everywhere. */
async function withoutPrivilege(work: () => Promise<void>): Promise<void> {
  const user = process.geteuid?.();
  if (user === 0) process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    if (user === 0) process.seteuid?.(0);
  }
}

describe('failures of the storage', () => {
  const { at, open } = useFolder();

  /** The code of the first failure; every way to use the database must say the same from then on. */
  const assertDead = (database: Connection, code: string, first: () => unknown): void => {
    assert.throws(first, { code });
    const uses = [
      () => database.run('DELETE FROM entries'),
      () => database.get('SELECT 1 AS one'),
      () => database.all('SELECT 1 AS one'),
      () => database.transaction(() => 1),
      () => database.checkpoint(),
      () => database.backup(at('copy.db')),
    ];
    for (const use of uses) assert.throws(use, { code });
    database.close();
  };

  const failures = [
    { operation: 'write', errno: 'ENOSPC', code: 'ERR_DATABASE_FULL' },
    { operation: 'write', errno: 'EDQUOT', code: 'ERR_DATABASE_FULL' },
    { operation: 'write', errno: 'EFBIG', code: 'ERR_DATABASE_FULL' },
    { operation: 'write', errno: 'EIO', code: 'ERR_DATABASE_IO' },
    { operation: 'write', errno: 'EROFS', code: 'ERR_DATABASE_READ_ONLY' },
    { operation: 'fsync', errno: 'EIO', code: 'ERR_DATABASE_IO' },
    { operation: 'fsync', errno: 'ENOSPC', code: 'ERR_DATABASE_FULL' },
  ] as const;
  for (const { operation, errno, code } of failures) {
    it(`end the database at ${errno} from ${operation}, and the next opening recovers`, async () => {
      const fileSystem = new FailingDisk();
      const database = await open({ fileSystem });
      for (let i = 1; i <= 3; i++) addEntry(database, i);
      fileSystem.plan = { operation, errno };
      assertDead(database, code, () => addEntry(database, 4));
      const again = await open();
      // The commit that failed may be there or not; what came before it is.
      assert(verifyEntries(again) >= 3);
      addEntry(again, 9);
    });
  }

  for (const { errno, code } of failures.filter(({ operation }) => operation === 'fsync')) {
    it(`end the database at ${errno} from a flush, also where it was used meanwhile`, async () => {
      const fileSystem = new FailingDisk();
      const database = await open({ fileSystem, durableAt: 'flush' });
      addEntry(database, 1);
      await database.flush();
      let release = (): void => undefined;
      fileSystem.gate = new Promise((resolve) => (release = resolve));
      addEntry(database, 2);
      const flush = database.flush();
      addEntry(database, 3);
      fileSystem.plan = { operation: 'fsync', errno };
      release();
      await assert.rejects(flush, { code });
      await assert.rejects(database.flush(), { code });
      assertDead(database, code, () => addEntry(database, 4));
      assert(verifyEntries(await open()) >= 1);
    });
  }

  it('reach a flush where the file is not under its name any more', async () => {
    const database = await open({ durableAt: 'flush' });
    addEntry(database, 1);
    renameSync(`${at()}-wal`, `${at()}-elsewhere`);
    await assert.rejects(database.flush(), { code: 'ERR_DATABASE_IO' });
  });

  it('write nothing more after the first', async () => {
    const fileSystem = new FailingDisk();
    const database = await open({ fileSystem });
    addEntry(database, 1);
    fileSystem.plan = { operation: 'fsync', errno: 'EIO' };
    assert.throws(() => addEntry(database, 2), { code: 'ERR_DATABASE_IO' });
    fileSystem.plan = undefined;
    const writes = fileSystem.counts.write;
    const before = readFileSync(at()).toString('base64');
    assert.throws(() => addEntry(database, 3), { code: 'ERR_DATABASE_IO' });
    database.close();
    assert.equal(fileSystem.counts.write, writes);
    assert.equal(readFileSync(at()).toString('base64'), before);
  });

  it('reach the caller through a transaction, and through one that hides them', async () => {
    for (const hides of [false, true]) {
      const fileSystem = new FailingDisk();
      const name = `${hides}.db`;
      const database = await open({ fileSystem, cacheBytes: 8192 }, name);
      const work = (): void =>
        database.transaction(() => {
          fileSystem.plan = { operation: 'write', errno: 'ENOSPC' };
          try {
            for (let i = 1; i <= 100; i++) addEntry(database, i);
          } catch (error) {
            if (!hides) throw error;
          }
        });
      assertDead(database, 'ERR_DATABASE_FULL', work);
      assert.equal(verifyEntries(await open({}, name)), 0);
    }
  });

  it('reach the caller when the commit comes with the end of a statement that returns a row', async () => {
    const fileSystem = new FailingDisk();
    const database = await open({ fileSystem });
    fileSystem.plan = { operation: 'fsync', errno: 'EIO' };
    const sql = 'INSERT INTO entries VALUES (1, ?, ?) RETURNING sequence';
    assertDead(database, 'ERR_DATABASE_IO', () => database.get(sql, ['box', bodyOf(1)]));
  });

  it('reach the caller when writing the log back fails after the commit', async () => {
    const fileSystem = new FailingDisk();
    const database = await open({ fileSystem, checkpointPages: 2 });
    fileSystem.plan = { operation: 'write', errno: 'ENOSPC', on: /test\.db$/ };
    // SQLite itself lets this pass: the entry is safe in the log.
    assertDead(database, 'ERR_DATABASE_FULL', () => addEntry(database, 1));
    assert.equal(verifyEntries(await open()), 1);
  });

  it('reach the caller at the close', async () => {
    const fileSystem = new FailingDisk();
    const database = await open({ fileSystem });
    addEntry(database, 1);
    fileSystem.plan = { operation: 'write', errno: 'ENOSPC' };
    assert.throws(() => database.close(), { code: 'ERR_DATABASE_FULL' });
    assert.equal(verifyEntries(await open()), 1);
  });

  it('end the database where a page is damaged that opening did not read', async () => {
    const fileSystem = new FailingDisk();
    const database = await open({ cacheBytes: 8192, fileSystem });
    database.transaction(() => {
      for (let i = 1; i <= 200; i++) addEntry(database, i);
    });
    database.checkpoint();
    const bytes = readFileSync(at());
    writeFileSync(at(), bytes.fill(0xa5, 5 * 4096, 20 * 4096), { flag: 'r+' });
    assertDead(database, 'ERR_DATABASE_CORRUPT', () => database.all('SELECT * FROM entries'));
  });

  for (const name of ['test.db', 'test.db-wal']) {
    it(`stop at once when ${name} is deleted, replaced or moved away beneath us`, async () => {
      const changes = [
        () => rmSync(at(name)),
        () => renameSync(at(name), at('elsewhere')),
        () => {
          writeFileSync(at('other'), readFileSync(at(name)));
          renameSync(at('other'), at(name));
        },
      ];
      for (const change of changes) {
        const database = await open();
        addEntry(database, 1);
        change();
        assertDead(database, 'ERR_DATABASE_IO', () => addEntry(database, 2));
        for (const left of ['test.db', 'test.db-wal', 'elsewhere']) rmSync(at(left), { force: true });
      }
    });
  }

  it('let a folder be opened again once there is room', async () => {
    const fileSystem = new FailingDisk();
    fileSystem.plan = { operation: 'write', errno: 'ENOSPC' };
    await assert.rejects(open({ fileSystem }), { code: 'ERR_DATABASE_FULL' });
    fileSystem.plan = undefined;
    addEntry(await open({ fileSystem }), 1);
  });

  it('at opening, say that the file or the folder is read-only', async () => {
    for (const operation of ['open', 'write'] as const) {
      const fileSystem = new FailingDisk();
      fileSystem.plan = { operation, errno: 'EROFS' };
      await assert.rejects(open({ fileSystem }), { code: 'ERR_DATABASE_READ_ONLY' });
    }
    mkdirSync(at('folder'));
    const database = await openSample(at('folder/test.db'));
    addEntry(database, 1);
    database.close();
    chmodSync(at(''), 0o755);
    for (const [folderMode, fileMode] of [
      [0o777, 0o444],
      [0o555, 0o666],
    ] as const) {
      chmodSync(at('folder/test.db'), fileMode);
      chmodSync(at('folder'), folderMode);
      await withoutPrivilege(async () => {
        await assert.rejects(openSample(at('folder/test.db')), { code: 'ERR_DATABASE_READ_ONLY' });
      });
      chmodSync(at('folder'), 0o755);
    }
    chmodSync(at('folder'), 0o555);
    await withoutPrivilege(async () => {
      await assert.rejects(openSample(at('folder/new.db')), { code: 'ERR_DATABASE_READ_ONLY' });
      await assert.rejects(openSample(at('folder/new/new.db')), { code: 'ERR_DATABASE_READ_ONLY' });
    });
    chmodSync(at('folder'), 0o755);
    const again = await open({}, 'folder/test.db');
    assert.equal(verifyEntries(again), 1);
  });

  it('are not the end when a closed database is used, only a TypeError', async () => {
    const database = await open();
    database.close();
    database.close();
    assert.throws(() => database.get('SELECT 1 AS one'), TypeError);
    assert.throws(() => database.transaction(() => 1), TypeError);
  });
});
