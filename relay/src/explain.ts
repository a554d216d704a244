import { hasCode } from '@crypt2chat/shared/errors';
import { FolderInUseError } from './store/index.ts';

interface Place {
  readonly path?: string;
  readonly address?: string;
  readonly port?: number;
}

/**
 * What an operator is told of a failure: a sentence without the failure's own message, which may hold data.
 * @param otherwise for what nobody foresaw
 */
export function explain(error: unknown, otherwise = 'The relay could not start.'): string {
  if (error instanceof FolderInUseError) return error.message;
  if (hasCode(error)) {
    switch (error.code) {
      case 'ERR_DATABASE_NEWER':
        return 'The database was written by a newer version of the relay. Run that version, or restore a backup.';
      case 'ERR_DATABASE_CORRUPT':
        return 'The database is damaged. Restore a backup.';
      case 'ERR_DATABASE_UNSUPPORTED':
        return 'This is not a database that the relay can use.';
      case 'ERR_DATABASE_IN_USE':
        return 'Relays run on this database: stop all of them first. How many there are: relay stats';
      case 'ERR_DATABASE_REPLACED':
        return 'The data began a new life meanwhile. Start the relay again.';
      case 'ERR_DATABASE_LOGIN':
        return 'The database server does not let this user into this database: see DATABASE_URL.';
      case 'ERR_STORAGE_UNAVAILABLE':
        return 'The database server does not answer: see DATABASE_URL.';
      case 'ERR_DATABASE_READ_ONLY':
        return 'The data folder cannot be written.';
      case 'ERR_DATABASE_FULL':
        return 'There is no room left for the database.';
      case 'ERR_DATABASE_IO':
        return 'The disk or the file system failed.';
      case 'ERR_DATABASE_EXISTS':
        return 'There is a file of this name already.';
      default:
        return 'The database cannot be opened.';
    }
  }
  if (error instanceof Error && 'code' in error) {
    if (error.code === 'EADDRINUSE') return 'Something else listens on this address and port.';
    if (error.code === 'EACCES') {
      // A socket has an address, of the network or, with the port -1, of a file.
      const { path, address = 'this address or folder', port = -1 } = error as Error & Place;
      const place = path ?? (port < 0 ? address : `${address}:${port}`);
      return `The system does not let this user use ${place}.`;
    }
    if (error.code === 'ENOENT') return 'There is no such file or folder.';
    if (error.code === 'ENOSPC') return 'There is no room left on the disk.';
    if (error.code === 'EPIPE') return 'Whoever read the output has gone.';
    if (error.code === 'EROFS') return 'The file system can only be read.';
  }
  return otherwise;
}
