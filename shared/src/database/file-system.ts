/**
 * The part of node:fs that the database stands on. Everything that reaches the disk passes here, so that tests
 * can record every step, or let one fail.
 */
import fs, { type BigIntStats } from 'node:fs';

type Exact = { readonly bigint: true };

export interface FileSystem {
  openSync(path: string, flags: number, mode: number): number;
  closeSync(descriptor: number): void;
  readSync(descriptor: number, into: Uint8Array, offset: number, length: number, position: number): number;
  writeSync(descriptor: number, from: Uint8Array, offset: number, length: number, position: number): number;
  fsyncSync(descriptor: number): void;
  fsync(descriptor: number, done: (error: Error | null) => void): void;
  ftruncateSync(descriptor: number, length: number): void;
  fchmodSync(descriptor: number, mode: number): void;
  fstatSync(descriptor: number, options: Exact): BigIntStats;
  lstatSync(path: string, options: Exact): BigIntStats;
  unlinkSync(path: string): void;
  renameSync(from: string, to: string): void;
}

export const nodeFileSystem: FileSystem = fs;

/** What `path` names, without following a symbolic link; undefined where there is nothing. */
export function lookAt(fileSystem: FileSystem, path: string): BigIntStats | undefined {
  try {
    return fileSystem.lstatSync(path, { bigint: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes the names in `directory` durable. Windows can neither open a directory nor needs to. */
export function syncDirectory(fileSystem: FileSystem, directory: string): void {
  if (process.platform === 'win32') return;
  const descriptor = fileSystem.openSync(directory, fs.constants.O_RDONLY, 0);
  try {
    fileSystem.fsyncSync(descriptor);
  } finally {
    fileSystem.closeSync(descriptor);
  }
}

/** The system's name of what went wrong (`ENOSPC`), where `error` came from the system. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
