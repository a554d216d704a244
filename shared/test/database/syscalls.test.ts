import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
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
  let bytes: Uint8Array<ArrayBuffer>;
  let reachedMemory: string[];
  let call: (name: string, ...args: (number | bigint)[]) => number;
  let onPath: (name: string, path: string, ...args: number[]) => number;

  beforeEach(() => {
    disk = new FailingDisk();
    const mounts = new Mounts();
    mount = mounts.add(at(), disk);
    reachedMemory = [];
    bytes = new Uint8Array(1024);
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

  describe('that write', () => {
    const vectorAt = 512;
    const bytesAt = 600;
    let descriptor: number;
    let view: DataView;

    /** Writes so many bytes with this value at the file's position. */
    function write(value: number, length: number): void {
      bytes.fill(value, bytesAt, bytesAt + length);
      view.setUint32(vectorAt, bytesAt, true);
      view.setUint32(vectorAt + 4, length, true);
      assert.equal(call('fd_write', descriptor, vectorAt, 1, vectorAt + 8), 0);
      assert.equal(view.getUint32(vectorAt + 8, true), length);
    }
    const seek = (position: number): number => call('fd_seek', descriptor, BigInt(position), 0, vectorAt);
    const onDisk = (): number[] => [...readFileSync(at('test.db'))];

    beforeEach(() => {
      view = new DataView(bytes.buffer);
      descriptor = onPath('__syscall_openat', `/${mount.name}/data`, createAndWrite);
    });

    it('one behind the other reach the disk as one, before an fsync', () => {
      for (const value of [1, 2, 3]) write(value, value);
      assert.deepEqual(onDisk(), []);
      assert.equal(call('fd_sync', descriptor), 0);
      assert.deepEqual(onDisk(), [1, 2, 2, 3, 3, 3]);
      assert.equal(disk.counts.write, 1);
    });

    it('elsewhere in the file come after what was written before', () => {
      write(1, 4);
      seek(2);
      write(2, 4);
      seek(0);
      write(3, 1);
      assert.equal(call('fd_close', descriptor), 0);
      assert.deepEqual(onDisk(), [3, 1, 2, 2, 2, 2]);
    });

    it('are seen by everything that asks for the file', () => {
      const asks: Record<string, () => number> = {
        read: () => seek(0) || call('fd_read', descriptor, vectorAt, 1, vectorAt + 8),
        'seek to the end': () => call('fd_seek', descriptor, 0n, 2, vectorAt),
        fstat: () => call('__syscall_fstat64', descriptor, 256),
        stat: () => onPath('__syscall_newfstatat', `/${mount.name}/data`, 256),
        truncate: () => call('__syscall_ftruncate64', descriptor, 1n),
      };
      for (const [name, ask] of Object.entries(asks)) {
        call('__syscall_ftruncate64', descriptor, 0n);
        seek(0);
        write(7, 2);
        assert.equal(ask(), 0, name);
        assert.deepEqual(onDisk(), name === 'truncate' ? [7] : [7, 7], name);
      }
    });

    it('say at the next call, at the latest, that there was no room', () => {
      disk.plan = { operation: 'write', errno: 'ENOSPC' };
      write(1, 1);
      assert.notEqual(call('fd_sync', descriptor), 0);
      assert.deepEqual(mount.fault, { code: 'ERR_DATABASE_FULL', detail: 'ENOSPC' });
      assert.equal(disk.counts.fsync, 0);
      mount.stop();
    });
  });

  it('know no descriptor of ours that was closed', () => {
    const descriptor = onPath('__syscall_openat', `/${mount.name}/data`, createAndWrite);
    call('fd_close', descriptor);
    assert.equal(call('fd_sync', descriptor), errors.EBADF);
    assert.equal(call('fd_sync', 5), 0);
    assert.deepEqual(reachedMemory, ['fd_sync']);
  });
});
