import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, openDatabase } from '@crypt2chat/shared/database';
import { auditedTables, tablesAboutNobody } from '../src/store/index.ts';
import { migrations } from '../src/store/migrations/index.ts';
import { audit } from '../src/store/sqlite-operator.ts';

describe('the audit', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'c2c-audit-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function withSchema(migration: string[], work: (db: Database) => void): Promise<void> {
    const schema = [...migrations, ...migration];
    const db = await openDatabase({ file: join(folder, 'relay.db'), schema, applicationId: 1 });
    try {
      work(db);
    } finally {
      db.close();
    }
  }

  it('has words for each table and column of the database, and for no other', async () => {
    await withSchema([], (db) => {
      const tables = db.all(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'",
      );
      // One is PostgreSQL's alone; SQLite has a place for it in the file.
      const known = [...Object.keys(auditedTables), ...Object.keys(tablesAboutNobody)].filter(
        (name) => name !== 'schema_version',
      );
      assert.deepEqual(tables.map((row) => row['name']).sort(), known.sort());
      for (const [table, { columns }] of Object.entries(auditedTables)) {
        const found = db.all('SELECT name FROM pragma_table_info(?)', [table]).map((row) => row['name']);
        // PostgreSQL has more of them.
        for (const column of found)
          assert.ok(Object.hasOwn(columns, String(column)), `${table}.${String(column)}`);
        assert.ok(found.length > 0, table);
      }
    });
  });

  it('calls no table empty of people that has a column for them', async () => {
    await withSchema([], (db) => {
      for (const table of Object.keys(tablesAboutNobody)) {
        const found = db.all('SELECT name FROM pragma_table_info(?)', [table]).map((row) => row['name']);
        for (const column of ['account', 'device', 'account_id', 'device_id', 'username']) {
          assert.equal(found.includes(column), false, `${table}.${column}`);
        }
      }
    });
  });

  it('refuses to pass over a table, or a column, of which nobody has said what it holds', async () => {
    const run = (db: Database) => audit(db, new Uint8Array(32));
    await withSchema(['CREATE TABLE visits (account INTEGER, at INTEGER) STRICT'], (db) => {
      assert.throws(() => run(db), /visits/);
    });
    rmSync(join(folder, 'relay.db'));
    await withSchema(['ALTER TABLE accounts ADD COLUMN mail TEXT'], (db) => {
      assert.throws(() => run(db), /accounts \(mail\)/);
    });
    rmSync(join(folder, 'relay.db'));
    await withSchema([], (db) => assert.equal(run(db), undefined));
  });
});
