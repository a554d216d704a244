import assert from 'node:assert/strict';
import { type Connection } from '../../src/database/connection.ts';
import { FailingDisk } from './disks.ts';
import { useFolder } from './folder.ts';
import { addEntry } from './sample.ts';

describe('database transactions', () => {
  const { at, open } = useFolder();
  let disk: FailingDisk;
  let database: Connection;

  beforeEach(async () => {
    disk = new FailingDisk();
    const child =
      'CREATE TABLE notes (entry INTEGER REFERENCES entries DEFERRABLE INITIALLY DEFERRED) STRICT';
    const schema = ['CREATE TABLE entries (sequence INTEGER PRIMARY KEY, box TEXT, body BLOB) STRICT', child];
    database = await open({ schema, fileSystem: disk });
  });

  const sequences = (): unknown[] =>
    database.all('SELECT sequence FROM entries ORDER BY 1').map(({ sequence }) => sequence);

  it('return what their work returns, with one fsync for all of it', () => {
    // The first commit after the log was emptied begins it anew, which takes an fsync of its own.
    addEntry(database, 0);
    const before = disk.counts.fsync;
    const result = database.transaction(() => {
      for (let i = 1; i <= 20; i++) addEntry(database, i);
      return 'done';
    });
    assert.equal(result, 'done');
    assert.equal(disk.counts.fsync - before, 1);
    addEntry(database, 21);
    assert.equal(disk.counts.fsync - before, 2);
  });

  it('leave the fsync to flush where that makes them durable, and go on meanwhile', async () => {
    const disk = new FailingDisk();
    const database = await open({ fileSystem: disk, durableAt: 'flush' }, 'flushed.db');
    addEntry(database, 0);
    await database.flush();
    const before = disk.counts.fsync;
    let release = (): void => undefined;
    disk.gate = new Promise((resolve) => (release = resolve));
    database.transaction(() => addEntry(database, 1));
    addEntry(database, 2);
    let isFlushed = false;
    const flush = database.flush().then(() => (isFlushed = true));
    addEntry(database, 3);
    assert.equal(database.all('SELECT 1 AS one FROM entries').length, 4);
    assert.deepEqual({ isFlushed, fsyncs: disk.counts.fsync - before }, { isFlushed: false, fsyncs: 0 });
    release();
    await flush;
    assert.equal(disk.counts.fsync - before, 1);
    assert(disk.syncedPaths.has(at('flushed.db-wal')));
  });

  it('cannot be flushed from inside, nor after the end', async () => {
    const flushes: Promise<void>[] = [];
    database.transaction(() => void flushes.push(database.flush()));
    await assert.rejects(flushes[0]!, TypeError);
    let release = (): void => undefined;
    disk.gate = new Promise((resolve) => (release = resolve));
    const flush = database.flush();
    database.close();
    release();
    await assert.rejects(flush, TypeError);
    await assert.rejects(database.flush(), TypeError);
  });

  it('leave nothing behind when their work throws', () => {
    const reason = new Error('reason');
    const work = (): void => {
      addEntry(database, 1);
      throw reason;
    };
    assert.throws(() => database.transaction(work), reason);
    assert.deepEqual(sequences(), []);
    database.transaction(() => addEntry(database, 2));
    assert.deepEqual(sequences(), [2]);
  });

  it('undo a failed part of a batch, and that part only', () => {
    database.transaction(() => {
      for (let i = 1; i <= 6; i++) {
        const part = (): void => {
          addEntry(database, i);
          database.transaction(() => addEntry(database, i + 100));
          if (i % 2 === 0) addEntry(database, 1);
        };
        if (i % 2 === 0) assert.throws(() => database.transaction(part), { code: 'ERR_DATABASE_CONSTRAINT' });
        else database.transaction(part);
      }
    });
    assert.deepEqual(sequences(), [1, 3, 5, 101, 103, 105]);
  });

  it('go on after a statement that a constraint refused', () => {
    database.transaction(() => {
      addEntry(database, 1);
      assert.throws(() => addEntry(database, 1), { code: 'ERR_DATABASE_CONSTRAINT' });
      addEntry(database, 2);
    });
    assert.deepEqual(sequences(), [1, 2]);
  });

  it('leave nothing behind when the commit itself is refused', () => {
    const work = (): void => {
      addEntry(database, 1);
      database.run('INSERT INTO notes VALUES (99)');
    };
    assert.throws(() => database.transaction(work), { code: 'ERR_DATABASE_CONSTRAINT' });
    assert.deepEqual(sequences(), []);
    database.transaction(() => addEntry(database, 2));
    assert.deepEqual(sequences(), [2]);
  });

  it('end with a statement that stands alone, though its row was read before', () => {
    const sql = 'INSERT INTO notes VALUES (99) RETURNING entry';
    assert.throws(() => database.get(sql), { code: 'ERR_DATABASE_CONSTRAINT' });
    assert.deepEqual(database.all('SELECT entry FROM notes'), []);
  });

  it('do not wait', () => {
    const work = async (): Promise<void> => addEntry(database, 1);
    assert.throws(() => void database.transaction(work), TypeError);
    assert.deepEqual(sequences(), []);
  });

  it('bar what cannot be done inside them', () => {
    database.transaction(() => {
      addEntry(database, 1);
      assert.throws(() => database.close(), TypeError);
      assert.throws(() => database.checkpoint(), TypeError);
      assert.throws(() => database.backup(at('copy.db')), TypeError);
    });
    assert.deepEqual(sequences(), [1]);
  });
});
