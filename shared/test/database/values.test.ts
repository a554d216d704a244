import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Connection } from '../../src/database/connection.ts';
import { type Param } from '../../src/database/statement.ts';
import { useFolder } from './folder.ts';

describe('database values', () => {
  const { open } = useFolder();
  let database: Connection;

  beforeEach(async () => {
    const schema = [
      'CREATE TABLE things (id INTEGER PRIMARY KEY, i INTEGER, r REAL, t TEXT, b BLOB, a ANY) STRICT',
    ];
    database = await open({ schema });
  });

  const throughAColumn = (column: string, value: Param): unknown =>
    database.get(`INSERT INTO things (${column}) VALUES (?) RETURNING ${column} AS value`, [value])?.[
      'value'
    ];

  it('come back as they went in', () => {
    const cases: [string, fc.Arbitrary<Param>][] = [
      ['i', fc.maxSafeInteger().filter((value) => !Object.is(value, -0))],
      ['r', fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Number.isInteger(x))],
      ['t', fc.string({ unit: 'binary' })],
      ['b', fc.uint8Array()],
      ['a', fc.constantFrom(null, 'text', 1.5, -1, 2 ** 31 - 1)],
    ];
    for (const [column, values] of cases) {
      const same = fc.property(values, (value) => assert.deepEqual(throughAColumn(column, value), value));
      database.transaction(() => fc.assert(same));
    }
    for (const text of ['', '\0', 'a\0b', '\uFEFFx', '🜁', 'é'.repeat(70_000)]) {
      assert.equal(throughAColumn('t', text), text);
    }
    for (const size of [0, 300_000]) {
      const bytes = new Uint8Array(size).fill(7);
      assert.deepEqual(throughAColumn('b', bytes), bytes);
    }
  }).timeout(10_000);

  it('are independent of the buffers that they came from and go to', () => {
    const bytes = new Uint8Array([1, 2, 3]);
    database.run('INSERT INTO things (id, b) VALUES (1, ?)', [bytes]);
    bytes.fill(9);
    const first = database.get('SELECT b FROM things')?.['b'];
    assert(first instanceof Uint8Array);
    first.fill(8);
    assert.deepEqual(database.get('SELECT b FROM things'), { b: new Uint8Array([1, 2, 3]) });
  });

  it('keep integers from 2^31 to 2^53 as integers, equal and in order', () => {
    const largest = Number.MAX_SAFE_INTEGER - 1;
    const large = [2 ** 31, 2 ** 32 + 1, 2 ** 40, largest - 1, largest];
    for (const value of [...large, ...large.map((x) => -x)]) {
      database.run('INSERT INTO things (id, i) VALUES (?, ?)', [value, value]);
      const row = database.get('SELECT typeof(id) AS k, typeof(i) AS t, i FROM things WHERE id = ?', [value]);
      assert.deepEqual(row, { k: 'integer', t: 'integer', i: value });
      assert.equal(database.get('SELECT id FROM things WHERE i = ?', [value - 1]), undefined);
      const above = database.get('SELECT count(*) AS n FROM things WHERE id = ? AND i > ?', [
        value,
        value - 1,
      ]);
      assert.deepEqual(above, { n: 1 });
      database.run('DELETE FROM things');
    }
    for (const value of large) database.run('INSERT INTO things (id, i) VALUES (?, ?)', [value, 1]);
    const found = database.all('SELECT id FROM things WHERE id >= ? ORDER BY id LIMIT ?', [2 ** 40, 2]);
    assert.deepEqual(found, [{ id: 2 ** 40 }, { id: largest - 1 }]);
  });

  it('take true and false as 1 and 0', () => {
    assert.equal(throughAColumn('i', true), 1);
    assert.equal(throughAColumn('i', false), 0);
  });

  it('refuse what could not come back the same', () => {
    for (const value of [2 ** 53, -(2 ** 53), 1e300, Number.NaN, 'half \uD83D pair', '\uDE00']) {
      assert.throws(() => throughAColumn('a', value), RangeError);
    }
    assert.deepEqual(database.all('SELECT id FROM things'), []);
  });

  it('refuse to read an integer that a number cannot hold', () => {
    database.run('INSERT INTO things (id, i) VALUES (1, 9007199254740993)');
    assert.throws(() => database.get('SELECT i FROM things'), RangeError);
    assert.deepEqual(database.get('SELECT id FROM things'), { id: 1 });
  });

  it('stay where the schema lets them', () => {
    for (const [column, value] of [
      ['i', 'text'],
      ['i', 1.5],
      ['t', new Uint8Array(2)],
      ['b', 'text'],
    ] as const) {
      assert.throws(() => throughAColumn(column, value), { code: 'ERR_DATABASE_CONSTRAINT' });
    }
  });
});
