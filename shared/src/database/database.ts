import { type Param, type Row } from './statement.ts';

/**
 * An open database. Everything but `flush` is synchronous: when `run` or the outermost `transaction` returns, the
 * change has been handed to the disk with fsync and survives a loss of power. In one that was opened with
 * `durableAt: 'flush'` that is so when a `flush` that began after it has resolved; until then the change can be read,
 * and may be lost as a whole, with all that came after it.
 *
 * SQL is one statement a call, with `?` for parameters; a prepared statement is kept for the next call with the
 * same text, so put values into `params` and never into the text. Transactions, PRAGMA, ATTACH and VACUUM are not
 * for callers (TypeError). Numbers are exact: an integer beyond 2^53 and NaN are a RangeError, and so is text
 * with half of a surrogate pair. Integers from 2^31 reach SQLite as REAL; a column of a STRICT table makes them
 * INTEGER again, and they compare right, but arithmetic on a bare parameter (`? / 2`) is of real numbers.
 *
 * Beside what each call names, any of them throws
 * - CodedError ERR_DATABASE_FULL, _READ_ONLY, _IO or _CORRUPT for a failure of the storage. The database is dead
 *   then: every later call throws the same code and nothing more is written. Whether the last commit is on the
 *   disk is unknown; open the database again to find out.
 * - CodedError ERR_DATABASE_CONSTRAINT where the schema forbids a change. The statement has had no effect; the
 *   transaction goes on.
 * - TypeError for wrong SQL or the wrong number of parameters, and after `close`.
 */
export interface Database {
  /** Runs a statement to its end. @returns the number of rows inserted, updated or deleted */
  run(sql: string, params?: readonly Param[]): { changes: number };

  /** The first row, or undefined for none. */
  get(sql: string, params?: readonly Param[]): Row | undefined;

  /** Every row. They are all in memory at once: bound them with LIMIT. */
  all(sql: string, params?: readonly Param[]): Row[];

  /**
   * Runs `work` and commits; when it throws, nothing of it remains. Within another transaction it is a savepoint:
   * its failure undoes its own part and leaves the rest to the caller who catches it.
   * @throws TypeError when `work` returns a promise: a transaction does not span turns of the event loop
   */
  transaction<T>(work: () => T): T;

  /**
   * Hands what has been committed to the disk, outside the event loop, on which this database may be used meanwhile.
   * A failure of it is one of the storage. It rejects when the database is closed before it is done.
   * @throws TypeError inside a transaction
   */
  flush(): Promise<void>;

  /**
   * Writes a compact, consistent copy to `file`, which must not exist, and makes it durable. The copy is complete
   * or absent. The call blocks for as long as the copying takes. A failure to write it leaves this database well.
   * @throws CodedError ERR_DATABASE_EXISTS, _FULL, _READ_ONLY, _IO; TypeError inside a transaction
   */
  backup(file: string): void;

  /** Moves the write-ahead log into the database file and empties it. @throws TypeError inside a transaction */
  checkpoint(): void;

  /**
   * Writes the log back and lets the file go. Does nothing when the database is closed or dead.
   * @throws TypeError inside a transaction
   */
  close(): void;
}

/** What a migration may do to the schema and the rows. */
export type MigrationStep = Pick<Database, 'run' | 'get' | 'all'>;

/**
 * From one version of the schema to the next: statements separated by semicolons, or a function where rows must be
 * worked on. It runs inside a transaction of its own. Every table is STRICT.
 */
export type Migration = string | ((step: MigrationStep) => void);
