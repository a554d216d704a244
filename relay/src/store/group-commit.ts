import { hasCode } from '@crypt2chat/shared/errors';
import { Refusal } from '../refusal.ts';

/** More than this many at once are refused: they would be answered later than their senders wait. */
const maxQueued = 10_000;
/** A bound on how long one transaction keeps the loop from everything else. */
const maxPerTransaction = 512;
const retrySeconds = 1;

/** Runs `work` inside a transaction; inside one, in a savepoint. Either way it happens as a whole or not at all. */
export type Transact = <T>(work: () => T) => T;

interface Operation {
  run(): void;
  /** After the commit. */
  succeed(): void;
  fail(error: unknown): void;
  /** What `run` threw, where nothing but this operation is to suffer for it. */
  error: unknown;
}

/**
 * Operations that arrive together go into one transaction and share its fsync. Each is answered after COMMIT, and
 * one that fails does not undo the others.
 *
 * An operation may be run twice: the batch first runs without savepoints, which cost more than small operations do;
 * if one throws, everything is rolled back and runs again with a savepoint each.
 */
export class GroupCommit {
  readonly #transact: Transact;
  readonly #onStorageFailure: (error: unknown) => Error;
  #queue: Operation[] = [];
  #idle: (() => void)[] = [];

  /** @param onStorageFailure what the whole batch is answered with, when it is the storage that failed */
  constructor(transact: Transact, onStorageFailure: (error: unknown) => Error) {
    this.#transact = transact;
    this.#onStorageFailure = onStorageFailure;
  }

  /**
   * @param work synchronous, and without effects outside the database
   * @param then called after the commit, before the promise resolves
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
          then?.(result);
          resolve(result);
        },
        fail: reject,
        error: undefined,
      });
      if (this.#queue.length === 1) setImmediate(() => this.#flush());
    });
  }

  /** Resolves when everything that was queued has been answered. */
  async drain(): Promise<void> {
    if (this.#queue.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #flush(): void {
    const batch = this.#queue.slice(0, maxPerTransaction);
    this.#queue = this.#queue.slice(maxPerTransaction);
    if (this.#queue.length > 0) setImmediate(() => this.#flush());
    try {
      this.#commit(batch);
    } catch (error) {
      const failure = this.#onStorageFailure(error);
      for (const operation of batch) operation.fail(failure);
    }
    if (this.#queue.length === 0) for (const done of this.#idle.splice(0)) done();
  }

  #commit(batch: readonly Operation[]): void {
    try {
      this.#transact(() => {
        for (const operation of batch) operation.run();
      });
    } catch (error) {
      if (isStorageFailure(error)) throw error;
      this.#commitOneByOne(batch);
    }
    for (const operation of batch) {
      if (operation.error === undefined) operation.succeed();
      else operation.fail(operation.error);
    }
  }

  #commitOneByOne(batch: readonly Operation[]): void {
    this.#transact(() => {
      for (const operation of batch) {
        try {
          this.#transact(() => operation.run());
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
