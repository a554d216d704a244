import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FolderGuard, FolderInUseError, guardFolder } from '../src/store/folder-guard.ts';

describe('the guard of the data folder', () => {
  let folder: string;
  const held: FolderGuard[] = [];
  const lost = () => assert.fail('lost');
  const take = async (path = folder): Promise<FolderGuard> => {
    const guard = await guardFolder(path, lost);
    held.push(guard);
    return guard;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'c2c-guard-'));
  });
  afterEach(async () => {
    for (const guard of held.splice(0)) await guard.release();
    rmSync(folder, { recursive: true });
  });

  /** A socket file of a process that was killed. */
  async function leaveStale(path: string): Promise<void> {
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    assert.ok(existsSync(path));
  }

  it('is held by one at a time, and free again when it is released', async () => {
    const first = await take();
    await assert.rejects(take(), FolderInUseError);
    await first.release();
    assert.deepEqual(readdirSync(folder), []);
    await take();
  });

  it('makes the folder', async () => {
    await take(join(folder, 'new', 'folder'));
  });

  it('takes over from one that was killed, and one of many who come at once', async () => {
    for (let round = 0; round < 5; round++) {
      await leaveStale(join(folder, 'relay.sock'));
      const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => take()));
      const winners = attempts.filter(({ status }) => status === 'fulfilled');
      assert.equal(winners.length, 1);
      for (const attempt of attempts) {
        if (attempt.status === 'rejected') assert.ok(attempt.reason instanceof FolderInUseError);
      }
      assert.deepEqual(readdirSync(folder), ['relay.sock']);
      for (const guard of held.splice(0)) await guard.release();
    }
  });

  it('leaves a folder alone whose owner says nothing', async () => {
    const mute = createServer();
    await new Promise<void>((resolve) => mute.listen(join(folder, 'relay.sock'), resolve));
    try {
      await assert.rejects(take(), FolderInUseError);
    } finally {
      await new Promise((resolve) => mute.close(resolve));
    }
  });

  it('works in folders whose path is longer than a socket’s may be', async () => {
    const long = join(folder, 'x'.repeat(60), 'y'.repeat(60));
    const other = join(folder, 'x'.repeat(60), `${'y'.repeat(60)}z`);
    mkdirSync(other, { recursive: true });
    const first = await take(long);
    await assert.rejects(take(long), FolderInUseError);
    await take(other);
    assert.deepEqual(readdirSync(long), ['relay.sock']);
    await first.release();
    assert.deepEqual(readdirSync(long), []);
    await leaveStale(join(folder, 'relay.sock'));
    await take();
  });

  it('deletes nothing but sockets', async () => {
    writeFileSync(join(folder, 'relay.sock'), 'not a socket');
    await assert.rejects(take(), (error) => !(error instanceof FolderInUseError));
    assert.deepEqual(readdirSync(folder), ['relay.sock']);
  });
});
