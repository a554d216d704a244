/**
 * Backups, on their way back. A backup is looked through before it takes the place of anything, and it begins a new
 * life: what may have been given out since it was made is void.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@crypt2chat/shared/clock';
import type { Database } from '@crypt2chat/shared/database';
import type { Randomness } from '@crypt2chat/shared/primitives';
import { guardFolder } from './folder-guard.ts';
import type { StoreStats } from './operator-store.ts';
import { databaseFile, openFile } from './sqlite.ts';
import { problemsOf } from './sqlite-check.ts';
import { beginAnew, stats } from './sqlite-operator.ts';

export interface RestoreOptions {
  readonly backup: string;
  readonly folder: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly wasm?: string | undefined;
}

export interface BackupReport {
  /** What is wrong with it, in words. */
  readonly problems: readonly string[];
  readonly stats: StoreStats;
  /** Where the database that was there before stands now. */
  readonly aside?: string;
}

/** Why there is nothing to look into, or no place for it. */
export class RestoreError extends Error {}

/**
 * Looks through a copy of the backup, in the data folder; the backup itself is not touched.
 * @throws RestoreError; CodedError `ERR_DATABASE_…`; what the system says of the files
 */
export async function verifyBackup(options: RestoreOptions): Promise<BackupReport> {
  const copy = copyInto(options);
  try {
    const db = await openFile({ ...options, file: copy });
    try {
      return reportOn(db, options.clock);
    } finally {
      db.close();
    }
  } finally {
    discard(copy);
  }
}

/**
 * Puts a backup into the folder as its database. One that is not well is not put there.
 * @param replace moves a database that is there aside
 * @throws FolderInUseError; RestoreError; CodedError `ERR_DATABASE_EXISTS` without `replace`, and others
 */
export async function restoreBackup(
  options: RestoreOptions & { readonly replace: boolean },
): Promise<BackupReport> {
  const guard = await guardFolder(options.folder, () => undefined);
  try {
    const hasDatabase = existsSync(join(options.folder, databaseFile));
    if (hasDatabase && !options.replace) {
      throw new RestoreError('There is a database in the folder already: --replace moves it aside.');
    }
    return await putInPlace(options);
  } finally {
    await guard.release();
  }
}

async function putInPlace(options: RestoreOptions): Promise<BackupReport> {
  const target = join(options.folder, databaseFile);
  const copy = copyInto(options);
  try {
    const report = await prepare(copy, options);
    if (report.problems.length > 0) return report;
    const aside = existsSync(target) ? moveAside(target, options.clock) : undefined;
    renameSync(copy, target);
    syncFolder(options.folder);
    return aside === undefined ? report : { ...report, aside };
  } finally {
    discard(copy);
  }
}

/** Looks through the copy and, where it is well, begins its new life. */
async function prepare(copy: string, options: RestoreOptions): Promise<BackupReport> {
  const db = await openFile({ ...options, file: copy });
  try {
    const report = reportOn(db, options.clock);
    if (report.problems.length === 0) db.transaction(() => beginAnew(db, options.randomness));
    return report;
  } finally {
    db.close();
  }
}

function reportOn(db: Database, clock: Clock): BackupReport {
  return { problems: problemsOf(db), stats: stats(db, clock.now()) };
}

function copyInto({ backup, folder }: RestoreOptions): string {
  if (!statSync(backup).isFile()) throw new RestoreError('This is no file.');
  if ((statSync(`${backup}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw new RestoreError(
      'Beside it stands a log (-wal): this is the database of a relay as it was copied, and no backup. Put both into a data folder, and run: relay restore --in-place',
    );
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const copy = join(folder, `restoring-${randomBytes(4).toString('hex')}.db`);
  copyFileSync(backup, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  return copy;
}

/** The database and what SQLite has beside it, under a name with the time. */
function moveAside(file: string, clock: Clock): string {
  const time = new Date(clock.now()).toISOString().slice(0, 19).replace(/[-:]/g, '');
  const aside = `${file}.${time}`;
  for (const ending of ['-wal', '-journal', '']) {
    if (existsSync(file + ending)) renameSync(file + ending, aside + ending);
  }
  return aside;
}

function discard(file: string): void {
  for (const ending of ['', '-wal', '-journal']) rmSync(file + ending, { force: true });
}

function syncFolder(folder: string): void {
  // Windows has no folders to sync.
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
