import type { Clock } from '@crypt2chat/shared/clock';
import type { Database } from '@crypt2chat/shared/database';
import { hasCode } from '@crypt2chat/shared/errors';
import { Refusal } from '../refusal.ts';
import { GroupCommit, isStorageFailure } from './group-commit.ts';

/** After a write that found no room, the next one is tried this much later. */
const fullForMs = 1000;

export interface SqliteFileOptions {
  readonly db: Database;
  readonly open: () => Promise<Database>;
  readonly clock: Clock;
  readonly onFatal: (error: unknown) => void;
  /** What was refused may be there all the same. */
  readonly onReopened: () => void;
}

/**
 * The open database file as its readers and writers see it: writes that come together share a transaction and its
 * flush, nobody hears of what is not durable, and what the storage does wrong becomes what callers are told.
 *
 * A full disk refuses writes with `ERR_STORAGE_FULL` and goes on: the file is opened anew, and a second later
 * writes are tried again. Any other failure of the storage is fatal.
 */
export class SqliteFile {
  readonly #open: () => Promise<Database>;
  readonly #clock: Clock;
  readonly #onFatal: (error: unknown) => void;
  readonly #onReopened: () => void;
  readonly #commits: GroupCommit;
  #db: Database;
  #fullUntil = 0;
  #reopening: Promise<void> | undefined;
  #isClosing = false;
  #isClosed = false;

  constructor(options: SqliteFileOptions) {
    this.#db = options.db;
    this.#open = options.open;
    this.#clock = options.clock;
    this.#onFatal = options.onFatal;
    this.#onReopened = options.onReopened;
    this.#commits = new GroupCommit({
      transaction: (work) => this.#db.transaction(work),
      flush: () => this.#db.flush(),
      onFailure: (error) => this.#failed(error),
    });
  }

  /** Resolves when what was read is durable: nobody is to hear of what a loss of power would take back. */
  async read<T>(work: (db: Database) => T): Promise<T> {
    this.#assertUsable();
    try {
      const result = work(this.#db);
      await this.#commits.flushing;
      return result;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** @param then called when it is durable, before the promise resolves */
  write<T>(work: (db: Database) => T, then?: (result: T) => void): Promise<T> {
    if (this.#isClosing) throw closed();
    this.#assertUsable();
    // The clock may have been put back since.
    const waitMs = this.#fullUntil - this.#clock.now();
    if (waitMs > 0 && waitMs <= fullForMs) throw storageFull();
    return this.#commits.enqueue(() => work(this.#db), then);
  }

  /** Copies the database as it stands; see `Database.backup`. What goes wrong with the copy is no failure of ours. */
  backup(file: string): void {
    this.#assertUsable();
    this.#db.backup(file);
  }

  /** Finishes the writes that are under way. */
  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    await this.#commits.drain();
    this.#isClosed = true;
    await this.#reopening;
    this.#db.close();
  }

  #assertUsable(): void {
    if (this.#isClosed) throw closed();
    if (this.#reopening !== undefined) throw storageFull();
  }

  /** What callers are told of a failure; looks after the database where it is dead. */
  #failed(error: unknown): Error {
    if (hasCode(error, 'ERR_DATABASE_FULL')) {
      this.#fullUntil = this.#clock.now() + fullForMs;
      this.#reopening ??= this.#reopen();
      return storageFull();
    }
    if (isStorageFailure(error)) this.#onFatal(error);
    return error instanceof Error ? error : new Error('not an error');
  }

  async #reopen(): Promise<void> {
    while (!this.#isClosed) {
      try {
        this.#db = await this.#open();
        this.#onReopened();
        break;
      } catch (error) {
        if (!hasCode(error, 'ERR_DATABASE_FULL')) {
          this.#onFatal(error);
          break;
        }
        await new Promise<void>((resolve) => this.#clock.setTimer(fullForMs, resolve));
      }
    }
    this.#reopening = undefined;
  }
}

function closed(): TypeError {
  return new TypeError('the store is closed');
}

function storageFull(): Refusal {
  return new Refusal('ERR_STORAGE_FULL', 'The relay has no room left.', 30);
}
