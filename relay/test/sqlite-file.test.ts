import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemClock } from '@crypt2chat/shared/clock';
import { type Database, openDatabase } from '@crypt2chat/shared/database';
import { CodedError, hasCode } from '@crypt2chat/shared/errors';
import { SqliteFile } from '../src/store/sqlite-file.ts';

describe('the file of the store', () => {
  let folder: string;
  let file: SqliteFile;
  let fatal: unknown[];
  let reopened: number;
  /** What a flush waits for; where it rejects, the database is as dead as after a failure of the disk. */
  let gate: Promise<void>;
  /** What opening the file anew waits for. */
  let opening: Promise<void>;

  const open = async (): Promise<Database> => {
    const db = await openDatabase({
      file: join(folder, 'test.db'),
      schema: ['CREATE TABLE numbers (number INTEGER PRIMARY KEY) STRICT'],
      applicationId: 1,
      durableAt: 'flush',
    });
    const flush = async (): Promise<void> => {
      try {
        await gate;
      } catch (error) {
        db.close();
        throw error;
      }
      await db.flush();
    };
    return {
      run: (...given) => db.run(...given),
      get: (...given) => db.get(...given),
      all: (...given) => db.all(...given),
      transaction: (work) => db.transaction(work),
      flush,
      backup: (to) => db.backup(to),
      checkpoint: () => db.checkpoint(),
      close: () => db.close(),
    };
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'c2c-file-'));
    gate = Promise.resolve();
    opening = Promise.resolve();
    fatal = [];
    reopened = 0;
    file = new SqliteFile({
      db: await open(),
      open: async () => {
        await opening;
        return open();
      },
      clock: systemClock,
      onFatal: (error) => fatal.push(error),
      onReopened: () => (reopened += 1),
    });
  });
  afterEach(async () => {
    await file.close();
    rmSync(folder, { recursive: true });
  });

  const insert = (number: number) => file.write((db) => db.run('INSERT INTO numbers VALUES (?)', [number]));
  const count = () => file.read((db) => db.all('SELECT number FROM numbers').length);

  /** Holds flushes back until one of the functions is called. */
  const hold = () => {
    const held = { release: (): void => undefined, fail: (_: Error): void => undefined };
    gate = new Promise((resolve, reject) => Object.assign(held, { release: resolve, fail: reject }));
    return held;
  };

  it('says nothing of what is not durable', async () => {
    const { release } = hold();
    const written = insert(1);
    // The transaction is one turn away.
    await nextTurn();
    await nextTurn();
    let found: number | undefined;
    const reading = count().then((number) => (found = number));
    await nextTurn();
    assert.equal(found, undefined);
    release();
    assert.equal(await reading, 1);
    await written;
    assert.equal(await count(), 1);
  });

  it('answers a read at once where nothing is on its way to the disk', async () => {
    await insert(1);
    const { release } = hold();
    assert.equal(await count(), 1);
    release();
  });

  it('fails who wrote and who read where a flush fails', async () => {
    const { fail } = hold();
    const written = insert(1);
    await nextTurn();
    await nextTurn();
    const read = count();
    fail(new CodedError('ERR_DATABASE_IO', 'lost'));
    for (const outcome of await Promise.allSettled([written, read])) {
      assert.ok(outcome.status === 'rejected' && hasCode(outcome.reason, 'ERR_DATABASE_IO'));
    }
    assert.ok(hasCode(fatal[0], 'ERR_DATABASE_IO'));
  });

  it('opens the file anew where a flush finds no room, and says so to who remembers what it read', async () => {
    const { fail } = hold();
    const written = insert(1);
    fail(new CodedError('ERR_DATABASE_FULL', 'full'));
    gate.catch(() => undefined);
    await assert.rejects(written, (error) => hasCode(error, 'ERR_STORAGE_FULL'));
    gate = Promise.resolve();
    while (reopened === 0) await nextTurn();
    // What was not made durable then is now, or gone.
    assert.ok([0, 1].includes(await count()));
    assert.deepEqual(fatal, []);
  });

  it('answers nobody and does not end while the file is being opened anew', async () => {
    const { fail } = hold();
    const written = insert(1);
    fail(new CodedError('ERR_DATABASE_FULL', 'full'));
    gate.catch(() => undefined);
    let open = (): void => undefined;
    opening = new Promise((resolve) => (open = resolve));
    await assert.rejects(written, (error) => hasCode(error, 'ERR_STORAGE_FULL'));
    await assert.rejects(count(), (error) => hasCode(error, 'ERR_STORAGE_FULL'));
    let isOver = false;
    const closed = file.close().then(() => (isOver = true));
    await nextTurn();
    await nextTurn();
    assert.equal(isOver, false);
    open();
    await closed;
    assert.equal(reopened, 1);
  });
});
