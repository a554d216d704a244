/**
 * A copy of an open database by VACUUM INTO. It is written under another name and renamed when it is complete and
 * durable, so that a file of the wanted name is always a whole one.
 */
import { failure, withCodes } from './failures.ts';
import { type FileSystem, lookAt, syncDirectory } from './file-system.ts';
import { locate } from './locate.ts';
import { type Mount, type Mounts } from './mounts.ts';

export function backUp(
  mounts: Mounts,
  fileSystem: FileSystem,
  file: string,
  copyTo: (target: Mount) => void,
): void {
  const path = locate(fileSystem, file);
  if (withCodes(() => lookAt(fileSystem, path)) !== undefined) throw failure('ERR_DATABASE_EXISTS');
  const partial = `${path}.partial`;
  const clear = (): void =>
    withCodes(() => {
      removeIfThere(fileSystem, partial);
      removeIfThere(fileSystem, `${partial}-journal`);
    });
  clear();
  const target = mounts.add(partial, fileSystem);
  try {
    copyTo(target);
    withCodes(() => {
      // VACUUM INTO has synced what it wrote.
      fileSystem.renameSync(partial, path);
      syncDirectory(fileSystem, target.directory);
    });
  } catch (error) {
    mounts.remove(target);
    clear();
    throw error;
  }
  mounts.remove(target);
}

function removeIfThere(fileSystem: FileSystem, path: string): void {
  if (lookAt(fileSystem, path) !== undefined) fileSystem.unlinkSync(path);
}
