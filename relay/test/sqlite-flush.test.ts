/** The SQLite store while the disk takes its time with a flush, and when the flush fails. */
import assert from 'node:assert/strict';
import fs, { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { hasCode } from '@crypt2chat/shared/errors';
import { manualClock, seededRandomness } from '@crypt2chat/shared/testing';
import { openSqliteStore, type Store } from '../src/store/index.ts';
import { until } from './support/relay.ts';
import { alice, aliceAccount, at, bytes, envelopes, maxAccountBytes } from './support/store-fixture.ts';

const systemFsync = fs.fsync;
const isFull = (error: unknown) => hasCode(error, 'ERR_STORAGE_FULL');

describe('the SQLite store and its flushes', () => {
  let folder: string;
  let store: Store;
  let fatal: unknown[];
  const clock = manualClock();
  /** Flushes wait here while there is such a list. */
  let held: (() => void)[] | undefined;
  /** The next one fails with it. */
  let failure: string | undefined;

  const open = () =>
    openSqliteStore({
      folder,
      clock,
      randomness: seededRandomness('flush'),
      onFatal: (error) => fatal.push(error),
    });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'c2c-flush-'));
    fatal = [];
    held = undefined;
    failure = undefined;
    Object.assign(fs, {
      fsync(descriptor: number, done: (error: Error | null) => void) {
        const go = () => {
          const code = failure;
          failure = undefined;
          if (code === undefined) systemFsync(descriptor, done);
          else setImmediate(() => done(Object.assign(new Error(code), { code, syscall: 'fsync' })));
        };
        if (held === undefined) go();
        else held.push(go);
      },
    });
    store = await open();
    await store.register(aliceAccount);
  });
  afterEach(async () => {
    release();
    await store.close();
    Object.assign(fs, { fsync: systemFsync });
    rmSync(folder, { recursive: true });
  });

  function release(): void {
    const flushes = held ?? [];
    held = undefined;
    for (const go of flushes) go();
  }

  /** From now on flushes wait; resolves once one does, of what `act` does. */
  async function holding<T>(act: () => Promise<T>): Promise<{ readonly done: Promise<T> }> {
    held = [];
    const done = act();
    await until(() => held?.length === 1, 'a flush is under way');
    return { done };
  }

  /** What has come of a promise after some turns of the loop. */
  async function soon<T>(promise: Promise<T>): Promise<T | 'nothing'> {
    let outcome: T | 'nothing' = 'nothing';
    void promise.then((value) => (outcome = value));
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    return outcome;
  }

  const deliver = (from: number) =>
    store.deliver({
      deviceId: alice.deviceId,
      envelopes: envelopes(from),
      at,
      maxWaiting: 10,
      maxAccountBytes,
    });

  function told(): string[] {
    const heard: string[] = [];
    store.listen({
      delivered: () => heard.push('delivered'),
      revoked: () => heard.push('revoked'),
      missed: () => heard.push('missed'),
    });
    return heard;
  }

  it('wakes nobody for what is not durable', async () => {
    const heard = told();
    const { done } = await holding(() => deliver(1));
    assert.equal(await soon(done), 'nothing');
    assert.deepEqual(heard, []);
    release();
    assert.deepEqual(await done, ['stored']);
    assert.deepEqual(heard, ['delivered']);
  });

  it('tells no capability that is not durable, to the first who asks or to the next, and keeps none', async () => {
    const capability = async () => (await store.mailbox(alice.deviceId))?.capabilityHash;
    await store.setCapability(alice.deviceId, bytes(32, 1));
    assert.deepEqual(await capability(), bytes(32, 1));
    const { done } = await holding(() => store.setCapability(alice.deviceId, bytes(32, 2)));
    const [first, second] = [capability(), capability()];
    assert.equal(await soon(first), 'nothing');
    assert.equal(await soon(capability()), 'nothing');
    release();
    await done;
    assert.deepEqual([await first, await second, await capability()], Array(3).fill(bytes(32, 2)));
  });

  it('has its secrets on the disk before it is used', async () => {
    await store.close();
    rmSync(folder, { recursive: true });
    const { done } = await holding(open);
    assert.equal(await soon(done), 'nothing');
    release();
    store = await done;
  });

  it('lets everybody look again after a flush that found no room, and refuses writes for a second', async () => {
    const heard = told();
    failure = 'ENOSPC';
    await assert.rejects(deliver(1), isFull);
    await until(() => heard.length > 0, 'the file is open again');
    assert.deepEqual(heard, ['missed']);
    await assert.rejects(deliver(2), isFull);
    assert.equal((await store.envelopes(alice.deviceId, 0, 10)).length, 1, 'it is there all the same');
    clock.advance(1000);
    assert.deepEqual(await deliver(1), ['duplicate']);
    assert.deepEqual(await deliver(2), ['stored']);
    assert.deepEqual(fatal, []);
  });

  it('closes with a flush under way that fails: everybody is answered, and no new write is taken', async () => {
    const { done } = await holding(() => deliver(1));
    const queued = deliver(2);
    const closing = store.close();
    await assert.rejects(deliver(3), /closed/);
    failure = 'EIO';
    const outcomes = Promise.allSettled([done, queued]);
    release();
    for (const { status } of await outcomes) assert.equal(status, 'rejected');
    await closing;
    assert.equal(fatal.length, 1);
  });
});
