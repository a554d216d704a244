import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { toUtf8 } from '../../src/bytes/index.ts';
import { type Mount, Mounts } from '../../src/database/mounts.ts';
import { createSyscalls } from '../../src/database/syscalls.ts';
import { FailingDisk } from './disks.ts';
import { useFolder } from './folder.ts';

const createAndWrite = 0o102;
const errors = { EACCES: 2, EBADF: 8, EIO: 29, ENOENT: 44 };

describe('the calls that SQLite makes for files', () => {
  const { at } = useFolder();
  const pathAt = 64;
  let disk: FailingDisk;
  let mount: Mount;
  let reachedMemory: string[];
  let call: (name: string, ...args: (number | bigint)[]) => number;
  let onPath: (name: string, path: string, ...args: number[]) => number;

  beforeEach(() => {
    disk = new FailingDisk();
    const mounts = new Mounts();
    mount = mounts.add(at(), disk);
    reachedMemory = [];
    const bytes = new Uint8Array(1024);
    const heap = { bytes, view: new DataView(bytes.buffer) };
    const calls = createSyscalls(mounts, () => heap);
    call = (name, ...args) => {
      const own = (): number => {
        reachedMemory.push(name);
        return 0;
      };
      return calls.get(name)!(own)(...args);
    };
    onPath = (name, path, ...args) => {
      bytes.set(toUtf8(`${path}\0`), pathAt);
      return call(name, -100, pathAt, ...args);
    };
  });

  it('open the three files of a database, and no others', () => {
    for (const name of ['data', 'data-wal', 'data-journal']) {
      const descriptor = onPath('__syscall_openat', `/${mount.name}/${name}`, createAndWrite);
      assert(descriptor > 0);
      assert.equal(call('fd_close', descriptor), 0);
      assert(existsSync(at('test.db') + name.slice(4)));
    }
    const others = ['data-shm', 'data-mj0123', 'other', '../data', 'data/deeper'];
    for (const name of others)
      assert(onPath('__syscall_openat', `/${mount.name}/${name}`, createAndWrite) < 0);
    assert.deepEqual(reachedMemory, []);
  });

  it('find nothing outside a mount, and put nothing into memory', () => {
    const names = ['openat', 'newfstatat', 'faccessat', 'unlinkat', 'mkdirat', 'readlinkat', 'utimensat'];
    for (const path of ['/etc/passwd', '/tmp/x', 'relative', '/', '/db-99/data', at()]) {
      for (const name of names) {
        assert.equal(onPath(`__syscall_${name}`, path, createAndWrite), -errors.ENOENT);
      }
    }
    assert.deepEqual(reachedMemory, []);
    assert.equal(onPath('__syscall_openat', '/dev/urandom', 0), 0);
    assert.deepEqual(reachedMemory, ['__syscall_openat']);
  });

  it('refuse everything once a file has failed', () => {
    const descriptor = onPath('__syscall_openat', `/${mount.name}/data`, createAndWrite);
    assert.equal(call('fd_sync', descriptor), 0);
    disk.plan = { operation: 'fsync', errno: 'EIO' };
    assert.equal(call('fd_sync', descriptor), errors.EIO);
    disk.plan = undefined;
    const syncs = disk.counts.fsync;
    assert.equal(call('fd_sync', descriptor), errors.EIO);
    assert.equal(call('__syscall_ftruncate64', descriptor, 0n), -errors.EIO);
    assert.equal(onPath('__syscall_unlinkat', `/${mount.name}/data`), -errors.EIO);
    assert.equal(disk.counts.fsync, syncs);
    assert.deepEqual(mount.fault, { code: 'ERR_DATABASE_IO', detail: 'EIO' });
    mount.stop();
  });

  it('know no descriptor of ours that was closed', () => {
    const descriptor = onPath('__syscall_openat', `/${mount.name}/data`, createAndWrite);
    call('fd_close', descriptor);
    assert.equal(call('fd_sync', descriptor), errors.EBADF);
    assert.equal(call('fd_sync', 5), 0);
    assert.deepEqual(reachedMemory, ['fd_sync']);
  });
});
