/** From the name of a database file, as callers give it, to the one real path that it has. */
import { mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { failure, withCodes } from './failures.ts';
import { type FileSystem, lookAt, syncDirectory } from './file-system.ts';

const folderMode = 0o700;

/**
 * Makes the folder where it is missing, for its owner alone, and resolves it through all symbolic links. The file
 * itself may not be one: its log would stand beside the link, and be missed by whoever opens the target.
 * @throws CodedError ERR_DATABASE_UNSUPPORTED for anything but a file; _READ_ONLY, _FULL or _IO
 */
export function locate(fileSystem: FileSystem, file: string): string {
  return withCodes(() => {
    const folder = resolve(dirname(file));
    const made = mkdirSync(folder, { recursive: true, mode: folderMode });
    if (made !== undefined) syncMade(fileSystem, made, folder);
    const path = join(realpathSync(folder), basename(file));
    if (lookAt(fileSystem, path)?.isFile() === false) throw failure('ERR_DATABASE_UNSUPPORTED', 'not a file');
    return path;
  });
}

/** Makes the names of new folders durable: each stands in the one above it. */
function syncMade(fileSystem: FileSystem, first: string, last: string): void {
  let parent = dirname(first);
  for (const name of relative(parent, last).split(sep)) {
    syncDirectory(fileSystem, parent);
    parent = join(parent, name);
  }
}
