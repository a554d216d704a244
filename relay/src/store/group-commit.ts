import { hasCode } from '@crypt2chat/shared/errors';
import { Refusal } from '../refusal.ts';

/** More than this many at once are refused: they would be answered later than their senders wait. */
const maxQueued = 10_000;
/** A bound on how long one transaction keeps the loop from everything else. */
const maxPerTransaction = 512;
const retrySeconds = 1;

export interface Storage {
  /** Runs `work` inside a transaction; inside one, in a savepoint. Either way it happens as a whole or not at all. */
  transaction<T>(work: () => T): T;
  /** Resolves when what has been committed is durable. */
  flush(): Promise<void>;
  /** What everybody concerned is answered with, when it is the storage that failed. */
  onFailure(error: unknown): Error;
}

interface Operation {
  run(): void;
  /** After the commit. */
  succeed(): void;
  fail(error: unknown): void;
  /** What `run` threw, where nothing but this operation is to suffer for it. */
  error: unknown;
}

/**
 * Operations that arrive together, and while the ones before them are on their way to the disk, go into one
 * transaction and share its flush. Each is answered when it is durable, and one that fails does not undo the others.
 *
 * An operation may be run twice: the batch first runs without savepoints, which cost more than small operations do;
 * if one throws, everything is rolled back and runs again with a savepoint each.
 */
export class GroupCommit {
  readonly #storage: Storage;
  #queue: Operation[] = [];
  #idle: (() => void)[] = [];
  /** One is scheduled, or under way. */
  #isBusy = false;
  #flushing: Promise<void> | undefined;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /**
   * @param work synchronous, and without effects outside the database
   * @param then called when it is durable, before the promise resolves
   */
  enqueue<T>(work: () => T, then?: (result: T) => void): Promise<T> {
    if (this.#queue.length >= maxQueued) {
      return Promise.reject(new Refusal('ERR_RATE_LIMITED', 'The relay is busy.', retrySeconds));
    }
    return new Promise<T>((resolve, reject) => {
      const outcome: { result?: T } = {};
      this.#queue.push({
        run: () => {
          outcome.result = work();
        },
        succeed: () => {
          const result = outcome.result as T;
          try {
            then?.(result);
          } finally {
            resolve(result);
          }
        },
        fail: reject,
        error: undefined,
      });
      this.#schedule();
    });
  }

  /** Resolves when everything that has been committed is durable; undefined where it is. Rejects as `flush` does. */
  get flushing(): Promise<void> | undefined {
    return this.#flushing;
  }

  /** Resolves when everything that was queued has been answered. */
  async drain(): Promise<void> {
    if (this.#isBusy) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    setImmediate(() => void this.#runNext());
  }

  async #runNext(): Promise<void> {
    const batch = this.#queue.slice(0, maxPerTransaction);
    this.#queue = this.#queue.slice(maxPerTransaction);
    const failure = await this.#makeDurable(batch);
    try {
      for (const operation of batch) {
        const error = failure ?? operation.error;
        if (error === undefined) operation.succeed();
        else operation.fail(error);
      }
    } finally {
      this.#isBusy = false;
      if (this.#queue.length > 0) this.#schedule();
      else for (const done of this.#idle.splice(0)) done();
    }
  }

  /** @returns what all are told, where it failed */
  async #makeDurable(batch: readonly Operation[]): Promise<Error | undefined> {
    try {
      this.#commit(batch);
      this.#flushing = this.#storage.flush();
      await this.#flushing;
      return undefined;
    } catch (error) {
      return this.#storage.onFailure(error);
    } finally {
      this.#flushing = undefined;
    }
  }

  #commit(batch: readonly Operation[]): void {
    try {
      this.#storage.transaction(() => {
        for (const operation of batch) operation.run();
      });
    } catch (error) {
      if (isStorageFailure(error)) throw error;
      this.#commitOneByOne(batch);
    }
  }

  #commitOneByOne(batch: readonly Operation[]): void {
    this.#storage.transaction(() => {
      for (const operation of batch) {
        try {
          this.#storage.transaction(() => operation.run());
        } catch (error) {
          if (isStorageFailure(error)) throw error;
          operation.error = error;
        }
      }
    });
  }
}

/** After these the database has to be opened anew; what else is thrown concerns one operation. */
export function isStorageFailure(error: unknown): boolean {
  return hasCode(error) && error.code.startsWith('ERR_DATABASE_') && error.code !== 'ERR_DATABASE_CONSTRAINT';
}
