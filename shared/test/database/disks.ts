/** Disks other than the machine's own: one that fails on request, and a base for others. */
import { type BigIntStats } from 'node:fs';
import { type FileSystem, nodeFileSystem } from '../../src/database/file-system.ts';

type Exact = { readonly bigint: true };

/** Hands everything to the real disk, and knows which path a descriptor belongs to. */
export class PassingDisk implements FileSystem {
  readonly #paths = new Map<number, string>();

  pathOf(descriptor: number): string {
    return this.#paths.get(descriptor) ?? '';
  }

  openSync(path: string, flags: number, mode: number): number {
    const descriptor = nodeFileSystem.openSync(path, flags, mode);
    this.#paths.set(descriptor, path);
    return descriptor;
  }
  closeSync(descriptor: number): void {
    this.#paths.delete(descriptor);
    nodeFileSystem.closeSync(descriptor);
  }
  readSync(descriptor: number, into: Uint8Array, offset: number, length: number, position: number): number {
    return nodeFileSystem.readSync(descriptor, into, offset, length, position);
  }
  writeSync(descriptor: number, from: Uint8Array, offset: number, length: number, position: number): number {
    return nodeFileSystem.writeSync(descriptor, from, offset, length, position);
  }
  fsyncSync(descriptor: number): void {
    nodeFileSystem.fsyncSync(descriptor);
  }
  fsync(descriptor: number, done: (error: Error | null) => void): void {
    nodeFileSystem.fsync(descriptor, done);
  }
  ftruncateSync(descriptor: number, length: number): void {
    nodeFileSystem.ftruncateSync(descriptor, length);
  }
  fchmodSync(descriptor: number, mode: number): void {
    nodeFileSystem.fchmodSync(descriptor, mode);
  }
  fstatSync(descriptor: number, options: Exact): BigIntStats {
    return nodeFileSystem.fstatSync(descriptor, options);
  }
  lstatSync(path: string, options: Exact): BigIntStats {
    return nodeFileSystem.lstatSync(path, options);
  }
  unlinkSync(path: string): void {
    nodeFileSystem.unlinkSync(path);
  }
  renameSync(from: string, to: string): void {
    nodeFileSystem.renameSync(from, to);
  }
}

type Operation = 'open' | 'read' | 'write' | 'fsync' | 'truncate' | 'unlink';

/** Fails what `plan` names from then on, and counts what is done; a flush waits for `gate`. */
export class FailingDisk extends PassingDisk {
  plan: { operation: Operation; errno: string; on?: RegExp } | undefined;
  gate = Promise.resolve();
  readonly counts = { write: 0, fsync: 0 };
  readonly syncedPaths = new Set<string>();

  #pass(operation: Operation, path: string): void {
    const { plan } = this;
    if (plan?.operation !== operation || plan.on?.test(path) === false) return;
    throw Object.assign(new Error(plan.errno), { code: plan.errno, syscall: operation });
  }

  override openSync(path: string, flags: number, mode: number): number {
    this.#pass('open', path);
    return super.openSync(path, flags, mode);
  }
  override readSync(...args: Parameters<FileSystem['readSync']>): number {
    this.#pass('read', this.pathOf(args[0]));
    return super.readSync(...args);
  }
  override writeSync(...args: Parameters<FileSystem['writeSync']>): number {
    this.counts.write += 1;
    this.#pass('write', this.pathOf(args[0]));
    return super.writeSync(...args);
  }
  override fsyncSync(descriptor: number): void {
    this.counts.fsync += 1;
    this.#pass('fsync', this.pathOf(descriptor));
    super.fsyncSync(descriptor);
    this.syncedPaths.add(this.pathOf(descriptor));
  }
  override fsync(descriptor: number, done: (error: Error | null) => void): void {
    void this.gate.then(() => {
      try {
        this.fsyncSync(descriptor);
        done(null);
      } catch (error) {
        done(error as Error);
      }
    });
  }
  override ftruncateSync(descriptor: number, length: number): void {
    this.#pass('truncate', this.pathOf(descriptor));
    super.ftruncateSync(descriptor, length);
  }
  override unlinkSync(path: string): void {
    this.#pass('unlink', path);
    super.unlinkSync(path);
  }
}
