import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@crypt2chat/shared/clock';
import { createVault } from '@crypt2chat/shared/engine';
import { systemRandomness } from '@crypt2chat/shared/primitives';
import { Core } from '../../src/engine/core.ts';
import { loadGroup, storeGroup, type GroupRecord } from '../../src/engine/group-records.ts';

describe('a durable step', () => {
  let folder: string;
  let core: Core;
  let done: string[];
  const does = (what: string) => () => void done.push(what);
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'crypt2chat-core-'));
    const location = { file: join(folder, 'vault.db'), randomness: systemRandomness };
    core = new Core(await createVault(location, new Uint8Array(32)), systemClock, systemRandomness);
    done = [];
  });
  afterEach(() => {
    core.vault.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('tells at its end, in order, and behind that what is told once', () => {
    core.transaction(() => {
      core.afterCommitOnce('a', does('a'));
      core.afterCommit(does('1'));
      core.transaction(() => {
        core.afterCommitOnce('b', does('b'));
        core.afterCommitOnce('a', does('a again'));
      });
      core.afterCommit(does('2'));
      assert.deepEqual(done, []);
    });
    assert.deepEqual(done, ['1', '2', 'a', 'b']);
    core.transaction(() => core.afterCommitOnce('a', does('a later')));
    core.afterCommitOnce('a', does('at once'));
    assert.deepEqual(done.slice(4), ['a later', 'at once']);
  });

  it('tells nothing of what was undone, be it the whole or an inner one alone', () => {
    const fails = () => {
      core.transaction(() => {
        core.afterCommitOnce('a', does('undone'));
        core.afterCommitOnce('b', does('undone'));
        throw new Error('undone');
      });
    };
    assert.throws(fails);
    core.transaction(() => {
      core.afterCommitOnce('a', does('a'));
      assert.throws(fails);
    });
    assert.deepEqual(done, ['a']);
  });

  it("keeps a group's log through records that come without a change of it, and when one is undone", () => {
    const id = new Uint8Array(32).fill(1);
    const log = new Uint8Array(100_000).fill(2);
    const record: GroupRecord = {
      id,
      standing: 'joining',
      place: 0,
      linkCount: 0,
      since: 0,
      asked: 0,
      askedAt: 0,
      missing: [],
    };
    storeGroup(core, record);
    assert.deepEqual(loadGroup(core, id), record);
    storeGroup(core, { ...record, log });
    storeGroup(core, { ...loadGroup(core, id)!, place: 1 });
    assert.deepEqual(loadGroup(core, id), { ...record, place: 1, log });
    assert.throws(() => {
      core.transaction(() => {
        storeGroup(core, { ...record, log: log.slice(1), place: 2 });
        throw new Error('undone');
      });
    });
    assert.deepEqual(loadGroup(core, id), { ...record, place: 1, log });
  });
});
