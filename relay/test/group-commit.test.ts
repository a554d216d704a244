import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Database, openDatabase } from '@crypt2chat/shared/database';
import { CodedError, hasCode } from '@crypt2chat/shared/errors';
import { GroupCommit } from '../src/store/group-commit.ts';

describe('group commit', () => {
  let folder: string;
  let db: Database;
  let commits: GroupCommit;
  let transactions = 0;
  /** What a flush waits for. */
  let gate: Promise<void>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'c2c-commit-'));
    db = await openDatabase({
      file: join(folder, 'test.db'),
      schema: ['CREATE TABLE numbers (number INTEGER PRIMARY KEY) STRICT'],
      applicationId: 1,
      durableAt: 'flush',
    });
    transactions = 0;
    let depth = 0;
    gate = Promise.resolve();
    commits = new GroupCommit({
      transaction(work) {
        if (depth === 0) transactions += 1;
        depth += 1;
        try {
          return db.transaction(work);
        } finally {
          depth -= 1;
        }
      },
      async flush() {
        await gate;
        await db.flush();
      },
      onFailure: (error) => (error instanceof Error ? error : new Error('?')),
    });
  });
  afterEach(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });

  const insert = (number: number) => () => db.run('INSERT INTO numbers VALUES (?)', [number]).changes;
  const stored = () => db.all('SELECT number FROM numbers ORDER BY number').map(({ number }) => number);

  it('puts what comes together into one transaction', async () => {
    const results = await Promise.all(Array.from({ length: 50 }, (_, i) => commits.enqueue(insert(i))));
    assert.equal(transactions, 1);
    assert.deepEqual(results, Array<number>(50).fill(1));
    assert.equal(stored().length, 50);
  });

  it('answers after the commit, and tells before it answers', async () => {
    const order: string[] = [];
    const answered = commits.enqueue(insert(1), () => {
      order.push(`told of ${stored().length}`);
    });
    assert.deepEqual(stored(), []);
    await answered;
    order.push('answered');
    assert.deepEqual(order, ['told of 1', 'answered']);
    assert.deepEqual(stored(), [1]);
  });

  it('answers after the flush, and takes what comes meanwhile together', async () => {
    let release = (): void => undefined;
    gate = new Promise((resolve) => (release = resolve));
    const answered: number[] = [];
    const first = commits.enqueue(insert(1)).then(() => answered.push(1));
    while (commits.flushing === undefined) await nextTurn();
    const others = [2, 3, 4].map((number) =>
      commits.enqueue(insert(number)).then(() => answered.push(number)),
    );
    await nextTurn();
    assert.deepEqual(
      { answered, transactions, stored: stored() },
      { answered: [], transactions: 1, stored: [1] },
    );
    release();
    await Promise.all([first, ...others]);
    assert.deepEqual({ answered, transactions }, { answered: [1, 2, 3, 4], transactions: 2 });
    assert.equal(commits.flushing, undefined);
  });

  it('fails what a flush that failed was to make durable, and goes on with the next', async () => {
    gate = Promise.reject(new CodedError('ERR_DATABASE_IO', 'lost'));
    gate.catch(() => undefined);
    await assert.rejects(commits.enqueue(insert(1)), (error) => hasCode(error, 'ERR_DATABASE_IO'));
    gate = Promise.resolve();
    assert.equal(await commits.enqueue(insert(2)), 1);
  });

  it('undoes the whole of an operation that fails, and nothing of the others', async () => {
    const half = () => {
      insert(2)();
      throw new TypeError('half-way');
    };
    const outcomes = await Promise.allSettled([
      commits.enqueue(insert(1)),
      commits.enqueue(half),
      commits.enqueue(insert(1)),
      commits.enqueue(insert(3)),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(stored(), [1, 3]);
    const [, second, third] = outcomes;
    assert.ok(second.status === 'rejected' && second.reason instanceof TypeError);
    assert.ok(third.status === 'rejected' && hasCode(third.reason, 'ERR_DATABASE_CONSTRAINT'));
  });

  it('fails as a whole when the storage does', async () => {
    const outcomes = await Promise.allSettled([
      commits.enqueue(insert(1)),
      commits.enqueue(() => {
        throw new CodedError('ERR_DATABASE_FULL', 'full');
      }),
    ]);
    assert.ok(outcomes.every(({ status }) => status === 'rejected'));
    assert.deepEqual(stored(), []);
  });

  it('bounds its queue, and drains it', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => commits.enqueue(insert(i)));
    await assert.rejects(commits.enqueue(insert(-1)), (error) => hasCode(error, 'ERR_RATE_LIMITED'));
    await commits.drain();
    assert.equal(stored().length, 10_000);
    await Promise.all(many);
    assert.ok(transactions > 1);
    await commits.drain();
  });
});
