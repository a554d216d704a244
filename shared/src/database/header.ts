/** The database file's first 100 bytes (https://www.sqlite.org/fileformat2.html#the_database_header). */
import { constants } from 'node:fs';
import { equalBytes, toUtf8 } from '../bytes/index.ts';
import { type FileSystem } from './file-system.ts';

export type Header = {
  readonly isSqlite: boolean;
  readonly pageSize: number;
  readonly pageCount: number;
  readonly userVersion: number;
  readonly applicationId: number;
};

const headerSize = 100;
const magic = toUtf8('SQLite format 3\0');

/**
 * What stands in the file itself, past SQLite and its cache. A shorter file reads as if zeros followed.
 * @throws the system's errors
 */
export function readHeader(fileSystem: FileSystem, path: string): Header {
  const bytes = new Uint8Array(headerSize);
  const descriptor = fileSystem.openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW, 0);
  try {
    fileSystem.readSync(descriptor, bytes, 0, headerSize, 0);
  } finally {
    fileSystem.closeSync(descriptor);
  }
  const view = new DataView(bytes.buffer);
  const pageSize = view.getUint16(16);
  return {
    isSqlite: equalBytes(bytes.subarray(0, magic.length), magic),
    pageSize: pageSize === 1 ? 65_536 : pageSize,
    pageCount: view.getUint32(28),
    userVersion: view.getUint32(60),
    applicationId: view.getUint32(68),
  };
}
