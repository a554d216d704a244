/**
 * The files that SQLite may touch. A mount is a virtual folder `/db-N` that holds one database: `data`,
 * `data-wal` and `data-journal`, each bound to a real path. SQLite never sees a path of the machine, and has no
 * name for any other file.
 *
 * A mount stops at its first fault: from then on every call fails and nothing more is written, so that what
 * follows (SQLite closing the file, for one) cannot make it worse. The next opening recovers from the disk.
 *
 * SQLite writes its log in pieces, a header of 24 bytes and a page by turns. Pieces that follow each other in a file
 * become one write, before anything else is asked of the mount: an fsync covers the same bytes as ever.
 */
import { dirname } from 'node:path';
import { type DatabaseErrorCode } from '../errors/index.ts';
import { codeOfErrno } from './failures.ts';
import { errnoOf, type FileSystem, lookAt } from './file-system.ts';

/** What SQLite adds to a database's name for the files beside it. There is no `-shm` in exclusive mode. */
const suffixes = ['', '-wal', '-journal'];

/** Descriptors of ours start here; smaller ones belong to Emscripten. */
const firstDescriptor = 1 << 20;

export type OpenFile = {
  readonly mount: Mount;
  readonly path: string;
  readonly descriptor: number;
  /** Device and inode: which file this is, whatever its name says by now. */
  readonly identity: string;
  readonly isDirectory: boolean;
  position: number;
};

/** `detail` is the system's own name of it. */
export type Fault = { readonly code: DatabaseErrorCode; readonly detail: string };

/** Thrown inside a system call; its name becomes the result that SQLite sees. */
export class Refusal extends Error {
  readonly errno: string;

  constructor(errno: string) {
    super(errno);
    this.errno = errno;
  }
}

/** The pages of a hundred messages or so. */
const pendingBytes = 256 * 1024;

export class Mount {
  readonly name: string;
  readonly path: string;
  readonly directory: string;
  readonly fileSystem: FileSystem;
  readonly #paths = new Map<string, string>();
  readonly #open = new Set<OpenFile>();
  #fault: Fault | undefined;
  #pending: { readonly file: OpenFile; readonly at: number; length: number } | undefined;
  #buffer: Uint8Array | undefined;

  constructor(name: string, path: string, fileSystem: FileSystem) {
    this.name = name;
    this.path = path;
    this.directory = dirname(path);
    this.fileSystem = fileSystem;
    for (const suffix of suffixes) this.#paths.set(`data${suffix}`, path + suffix);
  }

  /** The name by which SQLite opens the database. */
  get virtualPath(): string {
    return `/${this.name}/data`;
  }

  /** The first thing that went wrong here, if anything has. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** @throws Refusal for a name that no database has. */
  realPath(name: string): string {
    const path = name === '' ? this.directory : this.#paths.get(name);
    if (path === undefined) throw new Refusal('EACCES');
    return path;
  }

  assertSound(): void {
    if (this.#fault !== undefined) throw new Refusal('EIO');
  }

  /** Takes down the first thing that went wrong; what comes after it is its consequence. */
  fail(errno: string): void {
    this.#fault ??= { code: codeOfErrno(errno), detail: errno };
  }

  opened(path: string, descriptor: number, isDirectory: boolean): OpenFile {
    const identity = identityOf(this.fileSystem.fstatSync(descriptor, { bigint: true }));
    const file = { mount: this, path, descriptor, identity, isDirectory, position: 0 };
    this.#open.add(file);
    return file;
  }

  /** Takes `bytes` for the file's position, and moves it on. */
  write(file: OpenFile, bytes: Uint8Array): void {
    const follows = this.#pending?.file === file && this.#pending.at + this.#pending.length === file.position;
    const isRoom = (this.#pending?.length ?? 0) + bytes.length <= pendingBytes;
    if (!follows || !isRoom) {
      this.settle();
      this.#pending = { file, at: file.position, length: 0 };
    }
    if (bytes.length > pendingBytes) this.#writeAll(file, bytes, file.position);
    else {
      this.#buffer ??= new Uint8Array(pendingBytes);
      this.#buffer.set(bytes, this.#pending!.length);
      this.#pending!.length += bytes.length;
    }
    file.position += bytes.length;
  }

  /** Writes what has been taken. */
  settle(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending && this.#buffer)
      this.#writeAll(pending.file, this.#buffer.subarray(0, pending.length), pending.at);
  }

  #writeAll({ descriptor }: OpenFile, bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length;) {
      const written = this.fileSystem.writeSync(descriptor, bytes, done, bytes.length - done, at + done);
      if (written === 0) throw new Refusal('EIO');
      done += written;
    }
  }

  /** Hands the log to the disk without waiting for it here. @throws what the system refuses, or a Refusal */
  async flush(): Promise<void> {
    try {
      this.assertSound();
      this.settle();
      this.assertInPlace();
      const log = this.#find('-wal');
      if (log === undefined) throw new Refusal('EIO');
      await new Promise<void>((resolve, reject) => {
        this.fileSystem.fsync(log.descriptor, (error) => (error === null ? resolve() : reject(error)));
      });
      this.assertSound();
    } catch (error) {
      this.fail(error instanceof Refusal ? error.errno : (errnoOf(error) ?? 'EIO'));
      throw error;
    }
  }

  close(file: OpenFile): void {
    if (this.#open.delete(file)) this.fileSystem.closeSync(file.descriptor);
  }

  /**
   * Checks that every open file still stands under its name. Without it a file that was deleted or replaced
   * beneath us would take commits that nobody finds again.
   * @throws Refusal EIO
   */
  assertInPlace(): void {
    for (const { path, identity, isDirectory } of this.#open) {
      if (isDirectory) continue;
      const found = lookAt(this.fileSystem, path);
      if (found === undefined || identityOf(found) !== identity) throw new Refusal('EIO');
    }
  }

  /** Whether SQLite holds the database (or its log) open. */
  holds(suffix: '' | '-wal'): boolean {
    return this.#find(suffix) !== undefined;
  }

  #find(suffix: '' | '-wal'): OpenFile | undefined {
    return [...this.#open].find(({ path }) => path === this.path + suffix);
  }

  /** Ends all traffic: files are closed as they are, and every later call fails. */
  stop(): void {
    this.fail('EIO');
    for (const file of this.#open) {
      this.#open.delete(file);
      try {
        this.fileSystem.closeSync(file.descriptor);
      } catch (error) {
        // Nothing hangs on these descriptors any more: the mount has already failed.
        if (errnoOf(error) === undefined) throw error;
      }
    }
  }
}

export class Mounts {
  readonly #mounts = new Map<string, Mount>();
  readonly #files = new Map<number, OpenFile>();
  #nextMount = 1;
  #nextDescriptor = firstDescriptor;

  add(path: string, fileSystem: FileSystem): Mount {
    const mount = new Mount(`db-${this.#nextMount++}`, path, fileSystem);
    this.#mounts.set(mount.name, mount);
    return mount;
  }

  /** Forgets a mount after SQLite has closed it. */
  remove(mount: Mount): void {
    mount.stop();
    this.#mounts.delete(mount.name);
    for (const [descriptor, file] of this.#files) if (file.mount === mount) this.#files.delete(descriptor);
  }

  /** The mount and the name in it (empty: the folder itself); undefined for a path that is not ours. */
  find(virtualPath: string): { mount: Mount; name: string } | undefined {
    const [, folder = '', name = '', ...deeper] = virtualPath.split('/');
    const mount = this.#mounts.get(folder);
    return mount === undefined || deeper.length > 0 ? undefined : { mount, name };
  }

  register(file: OpenFile): number {
    const descriptor = this.#nextDescriptor++;
    this.#files.set(descriptor, file);
    return descriptor;
  }

  file(descriptor: number): OpenFile | undefined {
    return this.#files.get(descriptor);
  }

  isOurs(descriptor: number): boolean {
    return descriptor >= firstDescriptor;
  }

  forget(descriptor: number): void {
    this.#files.delete(descriptor);
  }
}

export function identityOf(stats: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${stats.dev}:${stats.ino}`;
}
