/**
 * Opening: find the file, see that it is ours and well, bring it to the newest schema, and prove that it is on the
 * disk before anybody trusts it with data. Whatever is wrong with the file, it is let go as it was.
 */
import { constants } from 'node:fs';
import { Connection } from './connection.ts';
import { type Database, type Migration } from './database.ts';
import { failure, withCodes } from './failures.ts';
import { errnoOf, type FileSystem, lookAt, nodeFileSystem } from './file-system.ts';
import { readHeader } from './header.ts';
import { loadSqlite } from './load.ts';
import { locate } from './locate.ts';
import { identityOf, type Mount, Refusal } from './mounts.ts';

export type DatabaseOptions = {
  /** The database file. Its folder is made when missing, with mode 0700; the file has mode 0600. */
  file: string;
  /** Path of sql.js's `sql-wasm-debug.wasm`; by default the one beside the bundle, or in the package. */
  wasm?: string;
  /** The schema's history, at least one: version n is what the first n migrations make. */
  schema: readonly Migration[];
  /** Marks the file as this program's (PRAGMA application_id): 1 to 2^31 - 1. */
  applicationId: number;
  /** How much of the file is kept in memory, in bytes; 8 MiB by default. */
  cacheBytes?: number;
  /** When a change survives a loss of power: once it is committed (the default), or once a `flush` after it is done. */
  durableAt?: 'commit' | 'flush';
  /** Overwrites deleted rows with zeros in the file. Off by default. */
  secureDelete?: boolean;
};

/** For this folder's tests: another disk, and settings that lose data, as controls. */
export type UnsafeOptions = {
  fileSystem?: FileSystem;
  unsafeSynchronous?: 'OFF' | 'NORMAL';
  unsafeJournal?: 'OFF';
  /** Pages in the log at which SQLite writes it back: fewer bring more checkpoints into a short test. */
  checkpointPages?: number;
  maxStatements?: number;
};

const mebibyte = 1024 * 1024;
const defaultCacheBytes = 8 * mebibyte;
/** To this the log is cut back after it was larger. */
const maxIdleLogBytes = 16 * mebibyte;
/** A file up to this size is read through at opening; with larger ones that would make every start slow. */
const maxCheckedBytes = 64 * mebibyte;
const fileMode = 0o600;
const synchronousLevels = { OFF: 0, NORMAL: 1, FULL: 2 };

/** By device and inode. Two connections to one file would not see each other's log. */
const openFiles = new Set<string>();

/**
 * Opens the database, or makes it.
 *
 * There are no locks between processes: **the caller sees to it that nobody else has the file open**, before the
 * call and for as long as the database is open. Within the process a second opening is refused. An existing
 * folder keeps its mode.
 *
 * A file up to 64 MiB is checked whole (PRAGMA quick_check), of a larger one the header, the schema and the
 * length; other damage there shows when it is met. When this throws, an existing file is as it was, except that a
 * migration that was complete stays.
 *
 * @throws CodedError ERR_DATABASE_UNSUPPORTED (another program's file, or none that is a file; an unknown build
 *   of sql.js), _NEWER (a version beyond `schema`), _CORRUPT, _READ_ONLY, _FULL, _IO, _BUSY
 * @throws RangeError or TypeError for wrong options, and for a migration that is wrong or leaves a table that is
 *   not STRICT; what a migration throws
 */
export function openDatabase(options: DatabaseOptions): Promise<Database> {
  return openUnsafely(options, {});
}

export async function openUnsafely(options: DatabaseOptions, unsafe: UnsafeOptions): Promise<Connection> {
  const { applicationId, schema } = options;
  if (!Number.isInteger(applicationId) || applicationId < 1 || applicationId > 2 ** 31 - 1) {
    throw new RangeError('applicationId is 1 to 2^31 - 1');
  }
  if (schema.length === 0) throw new RangeError('a schema has at least one migration');
  const fileSystem = unsafe.fileSystem ?? nodeFileSystem;
  const sqlite = await loadSqlite(options.wasm);
  const path = locate(fileSystem, options.file);
  const identity = withCodes(() => {
    assertNotForeign(fileSystem, path, applicationId);
    return makeOurs(fileSystem, path);
  });
  if (openFiles.has(identity)) throw failure('ERR_DATABASE_BUSY');
  openFiles.add(identity);
  const mount = sqlite.mounts.add(path, fileSystem);
  const release = (): void => {
    sqlite.mounts.remove(mount);
    openFiles.delete(identity);
  };
  const connection = new Connection(sqlite, mount, release, unsafe.maxStatements);
  try {
    configure(connection, options, unsafe);
    const version = inspect(connection, options);
    setDurability(connection, options, unsafe);
    migrate(connection, options, version);
    prove(connection, mount, options, unsafe);
    return connection;
  } catch (error) {
    connection.abandon();
    throw error;
  }
}

/** Looks at the file before SQLite may touch it. */
function assertNotForeign(fileSystem: FileSystem, path: string, applicationId: number): void {
  const sizeOf = (suffix: string): bigint => lookAt(fileSystem, path + suffix)?.size ?? 0n;
  const hasLog = sizeOf('-wal') > 0n;
  if (sizeOf('') === 0n) {
    // SQLite would take the file for a new one, and throw the log away.
    if (hasLog) throw failure('ERR_DATABASE_CORRUPT', 'a log without its database');
    return;
  }
  const header = readHeader(fileSystem, path);
  // The first page that counts may be in the log; or writing it was cut off, and the journal takes it back.
  const isComplete = !hasLog && sizeOf('-journal') === 0n;
  if (!header.isSqlite && isComplete) throw failure('ERR_DATABASE_CORRUPT', 'header');
  if (header.isSqlite && header.applicationId !== 0 && header.applicationId !== applicationId) {
    throw failure('ERR_DATABASE_UNSUPPORTED', 'the file of another program');
  }
}

/**
 * Makes the file where it is missing, sees that it can be written and that only its owner can read it. A new file's
 * name becomes durable together with that of SQLite's first journal, beside it.
 */
function makeOurs(fileSystem: FileSystem, path: string): string {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  const descriptor = fileSystem.openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, fileMode);
  try {
    const stats = fileSystem.fstatSync(descriptor, { bigint: true });
    if ((Number(stats.mode) & 0o077) !== 0) narrowMode(fileSystem, descriptor);
    return identityOf(stats);
  } finally {
    fileSystem.closeSync(descriptor);
  }
}

/** Some file systems have no modes to speak of; the database is no worse for it there. */
function narrowMode(fileSystem: FileSystem, descriptor: number): void {
  try {
    fileSystem.fchmodSync(descriptor, fileMode);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

/** First of all the locking mode: a log that was opened before it would want shared memory. */
function configure(connection: Connection, options: DatabaseOptions, unsafe: UnsafeOptions): void {
  const { cacheBytes = defaultCacheBytes, secureDelete = false } = options;
  const settings = [
    'locking_mode = EXCLUSIVE',
    'temp_store = MEMORY',
    `cache_size = -${Math.ceil(cacheBytes / 1024)}`,
    `secure_delete = ${secureDelete ? 'ON' : 'OFF'}`,
    `wal_autocheckpoint = ${unsafe.checkpointPages ?? 1000}`,
    `journal_size_limit = ${maxIdleLogBytes}`,
    'foreign_keys = ON',
    'trusted_schema = OFF',
    'cell_size_check = ON',
  ];
  for (const setting of settings) connection.command(`PRAGMA ${setting}`);
}

/** @returns the version of the schema in the file; 0 for a new file */
function inspect(connection: Connection, { applicationId, schema }: DatabaseOptions): number {
  const found = pragma(connection, 'application_id');
  const version = pragma(connection, 'user_version');
  const objects = connection.get('SELECT count(*) AS count FROM sqlite_schema')?.['count'];
  // A new file stays so until its first migration commits, whatever happened to earlier attempts.
  if (found === 0 && version === 0 && objects === 0) return 0;
  if (found !== applicationId) throw failure('ERR_DATABASE_UNSUPPORTED', 'the file of another program');
  if (typeof version !== 'number' || version > schema.length) throw failure('ERR_DATABASE_NEWER');
  const size = Number(pragma(connection, 'page_count')) * Number(pragma(connection, 'page_size'));
  if (size <= maxCheckedBytes && pragma(connection, 'quick_check', '(1)') !== 'ok') {
    throw failure('ERR_DATABASE_CORRUPT', 'quick_check');
  }
  return version;
}

function setDurability(connection: Connection, options: DatabaseOptions, unsafe: UnsafeOptions): void {
  connection.command(`PRAGMA journal_mode = ${unsafe.unsafeJournal ?? 'WAL'}`);
  connection.command(`PRAGMA synchronous = ${synchronousOf(options, unsafe)}`);
}

/** NORMAL: SQLite syncs its log when it writes it back, before the pages, and leaves the rest to `flush`. */
function synchronousOf({ durableAt = 'commit' }: DatabaseOptions, { unsafeSynchronous }: UnsafeOptions) {
  return unsafeSynchronous ?? (durableAt === 'commit' ? 'FULL' : 'NORMAL');
}

function migrate(connection: Connection, { applicationId, schema }: DatabaseOptions, version: number): void {
  schema.slice(version).forEach((migration, i) => {
    connection.transaction(() => {
      if (typeof migration === 'string') connection.runScript(migration);
      else migration(connection);
      assertStrict(connection);
      connection.command(`PRAGMA application_id = ${applicationId}`);
      connection.command(`PRAGMA user_version = ${version + i + 1}`);
    });
  });
}

/** Only a STRICT table turns a large integer, which reaches SQLite as REAL, into an INTEGER again. */
function assertStrict(connection: Connection): void {
  const loose = connection.get(
    `SELECT name FROM pragma_table_list
     WHERE schema = 'main' AND type = 'table' AND strict = 0 AND substr(name, 1, 7) <> 'sqlite_'`,
  );
  if (loose !== undefined) throw new TypeError('a migration leaves a table that is not STRICT');
}

/** Looks past SQLite at the disk: is what it believes to have written really there? */
function prove(connection: Connection, mount: Mount, options: DatabaseOptions, unsafe: UnsafeOptions): void {
  const { unsafeJournal } = unsafe;
  // In SQLite, going over to a log right after quick_check leaves a transaction that only the next one ends.
  connection.transaction(() => undefined);
  connection.checkpoint();
  const header = withCodes(() => readHeader(mount.fileSystem, mount.path));
  const size = Number(withCodes(() => lookAt(mount.fileSystem, mount.path))?.size ?? 0n);
  if (size < header.pageCount * header.pageSize) throw failure('ERR_DATABASE_CORRUPT', 'too short');
  const isProven =
    pragma(connection, 'journal_mode') === (unsafeJournal ?? 'WAL').toLowerCase() &&
    pragma(connection, 'synchronous') === synchronousLevels[synchronousOf(options, unsafe)] &&
    pragma(connection, 'locking_mode') === 'exclusive' &&
    header.isSqlite &&
    header.applicationId === options.applicationId &&
    header.userVersion === options.schema.length &&
    mount.holds('') &&
    (unsafeJournal !== undefined || mount.holds('-wal')) &&
    isInPlace(mount);
  if (!isProven) throw failure('ERR_DATABASE_IO', 'the file does not hold what was written');
}

function isInPlace(mount: Mount): boolean {
  try {
    mount.assertInPlace();
    return true;
  } catch (error) {
    if (error instanceof Refusal || errnoOf(error) !== undefined) return false;
    throw error;
  }
}

function pragma(connection: Connection, name: string, argument = ''): unknown {
  return connection.command(`PRAGMA ${name}${argument}`)?.[name];
}
