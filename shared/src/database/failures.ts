/**
 * From what the system and SQLite say to what callers see. A failure of the storage is a CodedError; a mistake in
 * the caller's SQL or parameters is a TypeError or RangeError. Messages hold no value and no path.
 */
import { CodedError, type DatabaseErrorCode } from '../errors/index.ts';
import { errnoOf } from './file-system.ts';

const sentences: Record<DatabaseErrorCode, string> = {
  ERR_DATABASE_BUSY: 'the database is already open in this process',
  ERR_DATABASE_CONSTRAINT: 'a constraint of the schema forbids this',
  ERR_DATABASE_CORRUPT: 'the database file is damaged',
  ERR_DATABASE_EXISTS: 'there is a file of this name already',
  ERR_DATABASE_FULL: 'there is no room left for the database',
  ERR_DATABASE_IO: 'the database file could not be read or written',
  ERR_DATABASE_NEWER: 'the database was written by a newer version',
  ERR_DATABASE_READ_ONLY: 'the database file or its folder is read-only',
  ERR_DATABASE_UNSUPPORTED: 'this is not a database that this program can use',
};

export function failure(code: DatabaseErrorCode, detail?: string): CodedError<DatabaseErrorCode> {
  return new CodedError(code, detail === undefined ? sentences[code] : `${sentences[code]} (${detail})`);
}

/** What the system's refusal of a file operation means for a database. */
export function codeOfErrno(errno: string | undefined): DatabaseErrorCode {
  switch (errno) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return 'ERR_DATABASE_FULL';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'ERR_DATABASE_READ_ONLY';
    default:
      return 'ERR_DATABASE_IO';
  }
}

/** Runs `work`; what the system refuses comes out as a CodedError. */
export function withCodes<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const errno = errnoOf(error);
    throw errno === undefined ? error : failure(codeOfErrno(errno), errno);
  }
}

/** A result code of SQLite other than success (https://www.sqlite.org/rescode.html); stays inside this folder. */
export class SqliteFailure extends Error {
  readonly resultCode: number;

  constructor(resultCode: number, message: string) {
    super(message);
    this.resultCode = resultCode & 0xff;
  }

  /** The code for a failure of the storage, after which the connection cannot go on; undefined for others. */
  get storageCode(): DatabaseErrorCode | undefined {
    switch (this.resultCode) {
      case resultCodes.corrupt:
      case resultCodes.notDatabase:
        return 'ERR_DATABASE_CORRUPT';
      case resultCodes.full:
        return 'ERR_DATABASE_FULL';
      case resultCodes.readOnly:
        return 'ERR_DATABASE_READ_ONLY';
      case resultCodes.noMemory:
      case resultCodes.inputOutput:
      case resultCodes.cannotOpen:
        return 'ERR_DATABASE_IO';
      default:
        return undefined;
    }
  }

  /** What the caller sees of a failure that leaves the connection well. */
  forCaller(): Error {
    if (this.resultCode === resultCodes.constraint) return failure('ERR_DATABASE_CONSTRAINT', this.message);
    if (this.resultCode === resultCodes.tooBig) return new RangeError(this.message);
    return new TypeError(this.message);
  }
}

export const resultCodes = {
  ok: 0,
  noMemory: 7,
  readOnly: 8,
  inputOutput: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  tooBig: 18,
  constraint: 19,
  range: 25,
  notDatabase: 26,
  row: 100,
  done: 101,
} as const;
