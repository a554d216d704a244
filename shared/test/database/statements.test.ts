import assert from 'node:assert/strict';
import { type Connection } from '../../src/database/connection.ts';
import { useFolder } from './folder.ts';
import { addEntry } from './sample.ts';

describe('database statements', () => {
  const { open } = useFolder();
  let database: Connection;

  beforeEach(async () => {
    database = await open({ maxStatements: 8 });
  });

  it('say how many rows they changed', () => {
    for (let i = 1; i <= 3; i++) addEntry(database, i);
    assert.deepEqual(database.run("UPDATE entries SET box = 'x' WHERE sequence < ?", [3]), { changes: 2 });
    assert.deepEqual(database.run('DELETE FROM entries WHERE sequence = 9'), { changes: 0 });
    assert.deepEqual(database.run('CREATE INDEX another ON entries (body)'), { changes: 0 });
    assert.deepEqual(database.run('DELETE FROM entries'), { changes: 3 });
  });

  it('give rows by the names of their columns', () => {
    addEntry(database, 1);
    assert.deepEqual(database.get('SELECT sequence AS s, box FROM entries'), { s: 1, box: 'box-1' });
    assert.equal(database.get('SELECT sequence FROM entries WHERE sequence = 2'), undefined);
    assert.throws(() => database.get('SELECT box, box FROM entries'), TypeError);
  });

  it('refuse another number of parameters than they have', () => {
    for (const params of [[], [1], [1, 'a', new Uint8Array(1), 4]]) {
      assert.throws(() => database.run('INSERT INTO entries VALUES (?, ?, ?)', params), TypeError);
    }
    assert.deepEqual(database.get('SELECT count(*) AS n FROM entries'), { n: 0 });
  });

  it('are one to a call', () => {
    const two = 'DELETE FROM entries; DELETE FROM entries';
    for (const sql of [two, '', '  -- nothing\n', 'DELETE FROM entries\0 WHERE 0', 'SELEC 1']) {
      assert.throws(() => database.run(sql), TypeError);
    }
    assert.deepEqual(database.all('SELECT 1 AS one; -- a remark\n /* another */ ; '), [{ one: 1 }]);
  });

  it('leave transactions, durability and other files alone', () => {
    for (const sql of [
      'BEGIN',
      ' commit',
      'END',
      '/* a remark */ ROLLBACK',
      'SAVEPOINT s',
      'RELEASE s1',
      'PRAGMA synchronous = OFF',
      '-- a remark\nATTACH ? AS other',
      'DETACH other',
      'VACUUM',
      '; COMMIT',
      'INSERT OR ROLLBACK INTO entries VALUES (1, 2, 3)',
    ]) {
      assert.throws(() => database.run(sql, []), TypeError);
      assert.throws(() => database.get(sql, []), TypeError);
      assert.throws(() => database.all(sql, []), TypeError);
    }
  });

  it('put a table without a qualified name into the file', async () => {
    database.run('CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT');
    database.run('INSERT INTO later VALUES (7)');
    database.close();
    database = await open();
    assert.deepEqual(database.all('SELECT id FROM later'), [{ id: 7 }]);
  });

  it('are kept ready up to a bound, the most recent ones', () => {
    for (let i = 0; i < 100; i++) {
      assert.deepEqual(database.get(`SELECT ${i} AS n`), { n: i });
      assert.deepEqual(database.get('SELECT ? AS n', [i]), { n: i });
      assert(database.keptStatements <= 8);
    }
    assert.equal(database.keptStatements, 8);
  });

  it('see the schema as it is after a change of it', () => {
    addEntry(database, 1);
    const sql = 'SELECT * FROM entries';
    assert.equal(Object.keys(database.get(sql) ?? {}).length, 3);
    database.run('ALTER TABLE entries ADD COLUMN more INTEGER');
    assert.equal(database.get(sql)?.['more'], null);
    database.run('ALTER TABLE entries DROP COLUMN more');
    assert.equal(Object.keys(database.get(sql) ?? {}).length, 3);
  });

  it('work on more than the cache holds without another file', async () => {
    database.close();
    database = await open({ cacheBytes: 64 * 1024 });
    database.transaction(() => {
      for (let i = 1; i <= 3000; i++) addEntry(database, i);
      assert.throws(() =>
        database.transaction(() => {
          database.run('UPDATE entries SET body = zeroblob(2000)');
          throw new Error('undo');
        }),
      );
    });
    const rows = database.all('SELECT sequence FROM entries ORDER BY hex(body) DESC, random()');
    assert.equal(rows.length, 3000);
  });

  it('search words in memory, beside the file', () => {
    database.run('CREATE VIRTUAL TABLE temp.words USING fts4 (body)');
    database.run('INSERT INTO temp.words (rowid, body) VALUES (?, ?)', [5, 'open the mailbox']);
    assert.deepEqual(database.all('SELECT rowid FROM temp.words WHERE body MATCH ?', ['mail*']), [
      { rowid: 5 },
    ]);
  });
});
