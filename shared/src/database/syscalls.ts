/**
 * The POSIX calls of SQLite's WebAssembly module, answered by node:fs. SQLite's own pager, write-ahead log and
 * fsync then work on a real file, unchanged.
 *
 * Signatures and structures are those of wasm32-emscripten (musl); error numbers are WASI's (`errno.h` there).
 * No call throws into the module: a JavaScript exception would unwind through SQLite without its clean-up.
 */
import { type BigIntStats, constants } from 'node:fs';
import { errnoOf, lookAt } from './file-system.ts';
import { type Mount, type Mounts, type OpenFile, Refusal } from './mounts.ts';

type Argument = number | bigint;
export type Syscall = (...args: Argument[]) => number;

/** The module's memory; its views are new after it grew. */
export interface Heap {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
}

const errorNumbers: Record<string, number> = {
  EACCES: 2,
  EBADF: 8,
  EDQUOT: 19,
  EEXIST: 20,
  EFBIG: 22,
  EINVAL: 28,
  EIO: 29,
  EISDIR: 31,
  EMFILE: 33,
  ENFILE: 41,
  ENOENT: 44,
  ENOSPC: 51,
  ENOTDIR: 54,
  EPERM: 63,
  EROFS: 69,
};

const openFlags = { accessMode: 3, create: 0o100, exclusive: 0o200, truncate: 0o1000 };
const seekFrom = { start: 0, current: 1, end: 2 };
const getLock = 12;
const unlocked = 2;
const fileMode = 0o600;

/** The one file outside our mounts that SQLite has use for: it seeds its generator of temporary names. */
const randomnessPath = '/dev/urandom';

/** Calls that go on while writes are pending; a seek to the end settles them itself. */
const leavesWrites: ReadonlySet<string> = new Set(['fd_write', 'fd_seek', '__syscall_fcntl64']);

/** For every call that can reach a file: what takes its place, given the module's `own`, which lives in memory. */
export function createSyscalls(mounts: Mounts, heap: () => Heap): Map<string, (own: Syscall) => Syscall> {
  const text = (pointer: number): string => {
    const { bytes } = heap();
    return Buffer.from(bytes.subarray(pointer, bytes.indexOf(0, pointer))).toString();
  };

  const writeStat = (stats: BigIntStats, pointer: number): number => {
    heap().bytes.fill(0, pointer, pointer + 96);
    const { view } = heap();
    const fields = [stats.dev, stats.mode, stats.nlink, stats.uid, stats.gid];
    fields.forEach((value, i) => view.setUint32(pointer + 4 * i, Number(value & 0xffffffffn), true));
    view.setBigInt64(pointer + 24, stats.size, true);
    view.setUint32(pointer + 32, 4096, true);
    view.setBigUint64(pointer + 88, stats.ino, true);
    return 0;
  };

  /** @param move gets each part of the vector that is not empty, and says how much of it was moved. */
  const transfer = ([vector, count, done]: Three, move: (part: Uint8Array) => number): number => {
    const { bytes, view } = heap();
    let total = 0;
    for (let i = 0; i < count; i++) {
      const pointer = view.getUint32(vector + 8 * i, true);
      const length = view.getUint32(vector + 8 * i + 4, true);
      if (length === 0) continue;
      const moved = move(bytes.subarray(pointer, pointer + length));
      total += moved;
      if (moved < length) break;
    }
    view.setUint32(done, total, true);
    return 0;
  };

  const read = (file: OpenFile, rest: Three): number =>
    transfer(rest, (part) => {
      const { fileSystem } = file.mount;
      const moved = fileSystem.readSync(file.descriptor, part, 0, part.length, file.position);
      file.position += moved;
      return moved;
    });

  const write = (file: OpenFile, rest: Three): number =>
    transfer(rest, (part) => {
      file.mount.write(file, part);
      return part.length;
    });

  const seek = (file: OpenFile, [offset, whence, result]: Three): number => {
    if (whence === seekFrom.end) file.mount.settle();
    if (whence === seekFrom.current) file.position += offset;
    else if (whence === seekFrom.end) file.position = sizeOf(file) + offset;
    else file.position = offset;
    heap().view.setBigInt64(result, BigInt(file.position), true);
    return 0;
  };

  const stat = (mount: Mount, path: string, pointer: number): number => {
    const found = lookAt(mount.fileSystem, path);
    return found === undefined ? refuse('ENOENT') : writeStat(found, pointer);
  };

  /** What follows the descriptor stands in the second argument. */
  const onDescriptor: Record<string, (file: OpenFile, rest: Three, descriptor: number) => number> = {
    fd_read: read,
    fd_write: write,
    fd_seek: (file, rest) => seek(file, rest),
    fd_sync: (file) => {
      if (!file.isDirectory) file.mount.assertInPlace();
      file.mount.fileSystem.fsyncSync(file.descriptor);
      return 0;
    },
    fd_close: (file, _, descriptor) => {
      mounts.forget(descriptor);
      file.mount.close(file);
      return 0;
    },
    __syscall_fstat64: (file, [pointer]) =>
      writeStat(file.mount.fileSystem.fstatSync(file.descriptor, { bigint: true }), pointer),
    __syscall_ftruncate64: (file, [length]) => {
      file.mount.fileSystem.ftruncateSync(file.descriptor, length);
      return 0;
    },
    // Whoever opens a database owns exclusion; SQLite is told that nobody else ever locks the file.
    __syscall_fcntl64: (_, [command, pointer]) => {
      const { view } = heap();
      if (command === getLock) view.setInt16(view.getUint32(pointer, true), unlocked, true);
      return 0;
    },
    // Modes and owners are set at opening.
    __syscall_fchmod: () => 0,
    __syscall_fchown32: () => 0,
  };

  /** What follows the path stands in the third argument. */
  const onPath: Record<string, (mount: Mount, path: string, rest: Three) => number> = {
    __syscall_stat64: (mount, path, [pointer]) => stat(mount, path, pointer),
    __syscall_lstat64: (mount, path, [pointer]) => stat(mount, path, pointer),
    __syscall_chmod: () => refuse('EACCES'),
    __syscall_rmdir: () => refuse('EACCES'),
  };

  const onPathInFolder: typeof onPath = {
    __syscall_newfstatat: (mount, path, [pointer]) => stat(mount, path, pointer),
    __syscall_openat: (mount, path, [flags]) => {
      const isDirectory = path === mount.directory;
      // Windows cannot open a directory; SQLite goes on without, and names are durable there all the same.
      if (isDirectory && process.platform === 'win32') refuse('EACCES');
      const descriptor = mount.fileSystem.openSync(path, hostFlags(flags), fileMode);
      return mounts.register(mount.opened(path, descriptor, isDirectory));
    },
    __syscall_faccessat: (mount, path) =>
      lookAt(mount.fileSystem, path) === undefined ? refuse('ENOENT') : 0,
    __syscall_unlinkat: (mount, path) => {
      mount.fileSystem.unlinkSync(path);
      return 0;
    },
    __syscall_readlinkat: () => refuse('EINVAL'),
    __syscall_mkdirat: () => refuse('EACCES'),
    __syscall_utimensat: () => refuse('EACCES'),
  };

  const wrappers = new Map<string, (own: Syscall) => Syscall>();
  for (const [name, call] of Object.entries(onDescriptor)) {
    // WASI's calls return an error number, Linux's its negative.
    const isWasi = name.startsWith('fd_');
    const answer = (result: number): number => (isWasi ? Math.abs(result) : result);
    wrappers.set(name, (own) => (...args) => {
      const descriptor = Number(args[0]);
      if (!mounts.isOurs(descriptor)) return own(...args);
      const file = mounts.file(descriptor);
      if (file === undefined) return answer(-errorNumber('EBADF'));
      return answer(
        attempt(file.mount, () => {
          if (!leavesWrites.has(name)) file.mount.settle();
          return call(file, three(args, 1), descriptor);
        }),
      );
    });
  }
  for (const [calls, at] of [
    [onPath, 0],
    [onPathInFolder, 1],
  ] as const) {
    for (const [name, call] of Object.entries(calls)) {
      wrappers.set(name, (own) => (...args) => {
        const path = text(Number(args[at]));
        if (path === randomnessPath) return own(...args);
        const found = mounts.find(path);
        // Whatever is not ours does not exist: in the module's file system in memory it would be lost.
        if (found === undefined) return -errorNumber('ENOENT');
        const { mount } = found;
        return attempt(mount, () => {
          mount.settle();
          return call(mount, mount.realPath(found.name), three(args, at + 1));
        });
      });
    }
  }
  return wrappers;
}

/** The call's result, or a negative error number. Whatever the system refuses is the end of the mount. */
function attempt(mount: Mount, call: () => number): number {
  try {
    mount.assertSound();
    return call();
  } catch (error) {
    const errno = error instanceof Refusal ? error.errno : (errnoOf(error) ?? 'EIO');
    // SQLite asks for files that may be absent, and a Refusal but for EIO is our own answer, not a fault.
    const isFault = errno !== 'ENOENT' && (!(error instanceof Refusal) || errno === 'EIO');
    if (isFault) mount.fail(errno);
    return -errorNumber(errno);
  }
}

type Three = readonly [number, number, number];

function three(args: readonly Argument[], from: number): Three {
  return [Number(args[from] ?? 0), Number(args[from + 1] ?? 0), Number(args[from + 2] ?? 0)];
}

function refuse(errno: string): never {
  throw new Refusal(errno);
}

function errorNumber(errno: string): number {
  return errorNumbers[errno] ?? errorNumbers['EIO']!;
}

function sizeOf(file: OpenFile): number {
  return Number(file.mount.fileSystem.fstatSync(file.descriptor, { bigint: true }).size);
}

/** O_NOFOLLOW always: it is undefined, hence nothing, on Windows. */
function hostFlags(flags: number): number {
  const { O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW } = constants;
  return (
    (flags & openFlags.accessMode) |
    (flags & openFlags.create ? O_CREAT : 0) |
    (flags & openFlags.exclusive ? O_EXCL : 0) |
    (flags & openFlags.truncate ? O_TRUNC : 0) |
    O_NOFOLLOW
  );
}
