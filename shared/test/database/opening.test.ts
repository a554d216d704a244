import assert from 'node:assert/strict';
import {
  mkdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { type MigrationStep } from '../../src/database/database.ts';
import { FailingDisk } from './disks.ts';
import { useFolder } from './folder.ts';
import { addEntry, bodyOf, openSample, schema, verifyEntries } from './sample.ts';

describe('opening a database', () => {
  const { at, open } = useFolder();

  const fill = async (entries: number): Promise<void> => {
    const database = await open();
    database.transaction(() => {
      for (let i = 1; i <= entries; i++) addEntry(database, i);
    });
    database.close();
  };
  const snapshot = (): string => readFileSync(at()).toString('base64');

  it('makes the folder and the file for their owner alone', async () => {
    const fileSystem = new FailingDisk();
    const database = await openSample(at('a/b/test.db'), { fileSystem });
    for (const parent of ['', 'a', 'a/b']) assert(fileSystem.syncedPaths.has(at(parent).replace(/\/$/, '')));
    addEntry(database, 1);
    const modes = ['a', 'a/b', 'a/b/test.db', 'a/b/test.db-wal'].map(
      (name) => statSync(at(name)).mode & 0o777,
    );
    assert.deepEqual(modes, [0o700, 0o700, 0o600, 0o600]);
    database.close();
  });

  it('narrows the mode of a file that came from elsewhere', async () => {
    await fill(1);
    writeFileSync(at('copy.db'), readFileSync(at()), { mode: 0o644 });
    await open({}, 'copy.db');
    assert.equal(statSync(at('copy.db')).mode & 0o777, 0o600);
  });

  it('finds the folder through symbolic links, and takes no link for a file', async () => {
    mkdirSync(at('real'));
    symlinkSync(at('real'), at('link'));
    const database = await open({}, 'link/test.db');
    addEntry(database, 1);
    assert(statSync(at('real/test.db-wal')).size > 0);
    await assert.rejects(open({}, 'real/test.db'), { code: 'ERR_DATABASE_BUSY' });
    database.close();
    symlinkSync(at('real/test.db'), at('file-link.db'));
    await assert.rejects(open({}, 'file-link.db'), { code: 'ERR_DATABASE_UNSUPPORTED' });
    mkdirSync(at('folder.db'));
    await assert.rejects(open({}, 'folder.db'), { code: 'ERR_DATABASE_UNSUPPORTED' });
    assert.equal(realpathSync(dirname(at('real/test.db'))), realpathSync(at('link')));
  });

  it('refuses a second connection to the same file', async () => {
    const database = await open();
    await assert.rejects(open(), { code: 'ERR_DATABASE_BUSY' });
    addEntry(database, 1);
    database.close();
    assert.equal(verifyEntries(await open()), 1);
  });

  it('keeps several databases apart', async () => {
    const one = await open({}, 'one.db');
    const two = await open({}, 'two.db');
    one.transaction(() => {
      addEntry(one, 1);
      addEntry(two, 1);
      addEntry(two, 2);
    });
    one.close();
    addEntry(two, 3);
    assert.equal(verifyEntries(two), 3);
    assert.equal(verifyEntries(await open({}, 'one.db')), 1);
  });

  it('takes the schema from any version to the newest, step by step', async () => {
    const seen: unknown[] = [];
    const steps = [
      ...schema,
      (step: MigrationStep) => {
        seen.push(step.get('SELECT count(*) AS n FROM entries'));
        step.run('ALTER TABLE entries ADD COLUMN size INTEGER');
        for (const row of step.all('SELECT sequence, body FROM entries')) {
          const { sequence, body } = row;
          assert(body instanceof Uint8Array && sequence !== undefined);
          step.run('UPDATE entries SET size = ? WHERE sequence = ?', [body.length, sequence]);
        }
      },
      'CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT; INSERT INTO more VALUES (1); -- one\nINSERT INTO more VALUES (2)',
    ];
    await fill(3);
    let database = await open({ schema: steps.slice(0, 2) });
    assert.deepEqual(database.get('SELECT size FROM entries WHERE sequence = 2'), { size: bodyOf(2).length });
    database.close();
    for (let i = 0; i < 2; i++) {
      database = await open({ schema: steps });
      assert.deepEqual(database.get('SELECT count(*) AS n FROM more'), { n: 2 });
      database.close();
    }
    assert.deepEqual(seen, [{ n: 3 }]);
  });

  it('keeps what came before a migration that fails', async () => {
    await fill(3);
    const broken = [
      'CREATE TABLE a (id INTEGER) STRICT; CREATE TABLE b (id',
      'CREATE TABLE a (id INTEGER) STRICT; CREATE TABLE loose (id INTEGER)',
      'CREATE TABLE a (id INTEGER) STRICT; PRAGMA user_version = 9',
      'CREATE TABLE a (id INTEGER) STRICT; COMMIT',
      (step: MigrationStep) =>
        void step.run('CREATE TABLE a (id INTEGER) STRICT; CREATE TABLE b (id INTEGER) STRICT'),
    ];
    for (const migration of broken) {
      await assert.rejects(open({ schema: [...schema, migration] }), TypeError);
      const database = await open();
      assert.equal(verifyEntries(database), 3);
      assert.equal(database.get("SELECT name FROM sqlite_schema WHERE name = 'a'"), undefined);
      database.close();
    }
  });

  it('refuses a newer version without a change to the file or its log', async () => {
    const newer = await open({ schema: [...schema, 'CREATE TABLE later (id INTEGER) STRICT'] });
    addEntry(newer, 1);
    newer.abandon();
    const before = [at(), at('test.db-wal')].map((path) => readFileSync(path).toString('base64'));
    await assert.rejects(open(), { code: 'ERR_DATABASE_NEWER' });
    assert.deepEqual(
      [at(), at('test.db-wal')].map((path) => readFileSync(path).toString('base64')),
      before,
    );
  });

  it("refuses another program's database without a change to it", async () => {
    await fill(3);
    const before = snapshot();
    await assert.rejects(open({ applicationId: 5 }), { code: 'ERR_DATABASE_UNSUPPORTED' });
    assert.equal(snapshot(), before);
    // Most programs leave the application id at zero.
    const bytes = readFileSync(at());
    bytes.writeUInt32BE(0, 68);
    writeFileSync(at(), bytes);
    await assert.rejects(open(), { code: 'ERR_DATABASE_UNSUPPORTED' });
    assert.deepEqual(readFileSync(at()), bytes);
  });

  describe('reports damage and leaves it as it is:', () => {
    const damage: Record<string, (bytes: Buffer) => Buffer> = {
      'another kind of file': () =>
        Buffer.from('an ordinary text file, longer than a header would be\n'.repeat(99)),
      'a header overwritten': (bytes) => bytes.fill(0, 0, 100),
      'a page in the middle overwritten': (bytes) => bytes.fill(0xa5, 3 * 4096, 4 * 4096),
      'an index that lacks a row': (bytes) => bytes.fill(0, bytes.length - 4096),
      'half of the file': (bytes) => bytes.subarray(0, (bytes.length / 8192) * 4096),
      'the last page cut short': (bytes) => bytes.subarray(0, bytes.length - 1000),
      'less than a header': (bytes) => bytes.subarray(0, 60),
    };
    for (const [name, change] of Object.entries(damage)) {
      it(name, async () => {
        await fill(200);
        writeFileSync(at(), change(readFileSync(at())));
        const before = snapshot();
        await assert.rejects(open(), { code: 'ERR_DATABASE_CORRUPT' });
        assert.equal(snapshot(), before);
      });
    }

    it('a log without its database', async () => {
      const database = await open();
      addEntry(database, 1);
      database.abandon();
      truncateSync(at());
      const log = readFileSync(at('test.db-wal'));
      await assert.rejects(open(), { code: 'ERR_DATABASE_CORRUPT' });
      assert.deepEqual(readFileSync(at('test.db-wal')), log);
    });

    it('a large file that lost its end', async () => {
      const database = await open();
      database.transaction(() => {
        for (let i = 0; i < 70; i++) {
          database.run('INSERT INTO entries VALUES (?, ?, ?)', [i, 'box', new Uint8Array(1024 * 1024)]);
        }
      });
      database.close();
      truncateSync(at(), statSync(at()).size - 4096);
      await assert.rejects(open(), { code: 'ERR_DATABASE_CORRUPT' });
    }).timeout(20_000);
  });

  it('takes up a file that an earlier attempt left empty', async () => {
    writeFileSync(at(), '');
    addEntry(await open(), 1);
    const disk = new FailingDisk();
    disk.plan = { operation: 'fsync', errno: 'EIO', on: /other\.db-wal$/ };
    await assert.rejects(open({ fileSystem: disk }, 'other.db'), { code: 'ERR_DATABASE_IO' });
    assert.equal(verifyEntries(await open({}, 'other.db')), 0);
  });

  it('reads what a connection left in the log', async () => {
    const database = await open();
    for (let i = 1; i <= 5; i++) addEntry(database, i);
    database.abandon();
    assert.equal(verifyEntries(await open()), 5);
  });

  it('sees a disk that takes everything and keeps nothing', async () => {
    class Forgetting extends FailingDisk {
      override writeSync(...[, , , length]: Parameters<FailingDisk['writeSync']>): number {
        return length;
      }
    }
    await assert.rejects(open({ fileSystem: new Forgetting() }), { code: 'ERR_DATABASE_IO' });
  });

  it('refuses options that cannot be meant', async () => {
    for (const options of [
      { applicationId: 0 },
      { applicationId: 2 ** 31 },
      { applicationId: 1.5 },
      { schema: [] },
    ]) {
      await assert.rejects(open(options), RangeError);
    }
  });

  it('overwrites what is deleted, when asked to', async () => {
    const secret = 'a text that is easy to find again';
    for (const secureDelete of [false, true]) {
      const name = `${secureDelete}.db`;
      const database = await open({ secureDelete }, name);
      for (let i = 1; i < 4; i++)
        database.run("INSERT INTO entries VALUES (?, ?, x'00')", [i, `${secret} ${i}`]);
      database.checkpoint();
      assert(readFileSync(at(name)).includes(secret));
      database.run('DELETE FROM entries');
      database.close();
      assert.equal(readFileSync(at(name)).includes(secret), !secureDelete);
    }
  });
});
