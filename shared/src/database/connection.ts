/**
 * A connection to one file: the statements that are kept ready, the depth of transactions, and the end. A failure
 * of the storage ends a connection, because what the disk holds is unknown then; reading the file anew will tell.
 */
import { type CodedError, type DatabaseErrorCode } from '../errors/index.ts';
import { backUp } from './backup.ts';
import { type Database } from './database.ts';
import { failure, resultCodes, SqliteFailure } from './failures.ts';
import { type Mount } from './mounts.ts';
import { type Sqlite } from './sqlite.ts';
import { assertPermitted, type Param, type Row, Statement } from './statement.ts';

/** Several times what the relay or the engine has. */
const defaultMaxStatements = 256;

export class Connection implements Database {
  readonly #sqlite: Sqlite;
  readonly #mount: Mount;
  readonly #release: () => void;
  readonly #maxStatements: number;
  #handle = 0;
  /** By their text; the most recently used last, from when there were as many as may be. */
  readonly #statements = new Map<string, Statement>();
  #depth = 0;
  #end: { code: DatabaseErrorCode; detail?: string } | 'closed' | undefined;

  /** @param release is called once, when the file has been let go */
  constructor(sqlite: Sqlite, mount: Mount, release: () => void, maxStatements = defaultMaxStatements) {
    this.#sqlite = sqlite;
    this.#mount = mount;
    this.#release = release;
    this.#maxStatements = maxStatements;
    try {
      sqlite.withText(mount.virtualPath, (path) =>
        sqlite.withPointers(1, (out) => {
          const code = sqlite.call('sqlite3_open', path, out);
          this.#handle = sqlite.pointerAt(out);
          if (code !== resultCodes.ok) throw new SqliteFailure(code, 'sqlite3_open');
        }),
      );
    } catch (error) {
      throw this.#judge(error);
    }
  }

  get keptStatements(): number {
    return this.#statements.size;
  }

  run(sql: string, params: readonly Param[] = []): { changes: number } {
    this.#assertPermitted(sql);
    return { changes: this.#execute(sql, params, () => true) };
  }

  get(sql: string, params: readonly Param[] = []): Row | undefined {
    this.#assertPermitted(sql);
    let found: Row | undefined;
    this.#execute(sql, params, (row) => {
      found = row;
      return false;
    });
    return found;
  }

  all(sql: string, params: readonly Param[] = []): Row[] {
    this.#assertPermitted(sql);
    const rows: Row[] = [];
    this.#execute(sql, params, (row) => rows.push(row) > 0);
    return rows;
  }

  transaction<T>(work: () => T): T {
    const depth = this.#depth;
    this.command(depth === 0 ? 'BEGIN IMMEDIATE' : `SAVEPOINT s${depth}`);
    this.#depth = depth + 1;
    try {
      const result = work();
      if (isThenable(result)) throw new TypeError('a transaction cannot wait for a promise');
      this.command(depth === 0 ? 'COMMIT' : `RELEASE s${depth}`);
      return result;
    } catch (error) {
      if (this.#end === undefined) this.#undo(depth);
      throw error;
    } finally {
      this.#depth = depth;
    }
  }

  async flush(): Promise<void> {
    this.#assertOutsideTransaction();
    try {
      await this.#mount.flush();
    } catch (error) {
      this.#assertUsable();
      throw this.#judge(error);
    }
  }

  backup(file: string): void {
    this.#assertOutsideTransaction();
    backUp(this.#sqlite.mounts, this.#mount.fileSystem, file, (target) => {
      const copy = (): number => this.#keep('VACUUM INTO ?').execute([target.virtualPath], () => true);
      this.#attempt(copy, target);
    });
  }

  checkpoint(): void {
    this.#assertOutsideTransaction();
    const row = this.command('PRAGMA wal_checkpoint(TRUNCATE)');
    // Nobody else has the file open, so nothing can keep the log busy.
    if (row?.['busy'] !== 0) throw this.#finish('ERR_DATABASE_IO', 'the log stays');
  }

  close(): void {
    if (this.#end !== undefined) return;
    this.checkpoint();
    this.#end = 'closed';
    this.#finalizeAll();
    const code = this.#sqlite.call('sqlite3_close_v2', this.#handle);
    const { fault } = this.#mount;
    this.#release();
    if (fault !== undefined) throw failure(fault.code, fault.detail);
    if (code !== resultCodes.ok) throw failure('ERR_DATABASE_IO', `close: ${code}`);
  }

  /** Lets the file go as it is: nothing more is written, not even the log back. */
  abandon(): void {
    if (this.#end !== undefined) return;
    this.#end = 'closed';
    this.#letGo();
  }

  /** Runs one of the module's own statements, which need not be what callers may run. @returns the last row */
  command(sql: string): Row | undefined {
    let last: Row | undefined;
    this.#execute(sql, [], (row) => {
      last = row;
      return true;
    });
    return last;
  }

  /** Runs the statements of a migration, one after the other. */
  runScript(script: string): void {
    if (script.includes('\0')) throw new TypeError('SQL with a NUL: it would end there');
    this.#attempt(() => {
      for (let text = script; text !== '';) {
        const { statement, rest } = Statement.prepare(this.#sqlite, this.#handle, text);
        if (statement === undefined) return;
        try {
          assertPermitted(text.slice(0, text.length - rest.length));
          statement.execute([], () => true);
        } finally {
          if (!this.#sqlite.isBroken) statement.finalize();
        }
        text = rest;
      }
    });
    this.#finalizeAll();
  }

  #execute(sql: string, params: readonly Param[], take: (row: Row) => boolean): number {
    return this.#attempt(() => {
      const statement = this.#keep(sql);
      const changes = statement.execute(params, take);
      // What was prepared before may name columns that are gone, or not know new ones.
      if (statement.changesSchema) this.#finalizeAll();
      return changes;
    });
  }

  /** The statement of this text, prepared now or earlier. */
  #keep(sql: string): Statement {
    const kept = this.#statements.get(sql);
    // Which one was used last matters only once there is no room for all.
    if (kept !== undefined && this.#statements.size < this.#maxStatements) return kept;
    const statement = kept ?? Statement.prepareOne(this.#sqlite, this.#handle, sql);
    if (kept !== undefined) this.#statements.delete(sql);
    this.#statements.set(sql, statement);
    if (this.#statements.size > this.#maxStatements) {
      const [oldest] = this.#statements;
      this.#statements.delete(oldest![0]);
      oldest![1].finalize();
    }
    return statement;
  }

  #assertPermitted(sql: string): void {
    if (this.#statements.get(sql)?.isPermitted !== true) assertPermitted(sql);
  }

  #undo(depth: number): void {
    if (depth === 0) this.command('ROLLBACK');
    else {
      this.command(`ROLLBACK TO s${depth}`);
      this.command(`RELEASE s${depth}`);
    }
  }

  /** Runs `work` on a connection that is well, and looks at what came of it: faults of files are final. */
  #attempt<T>(work: () => T, target?: Mount): T {
    this.#assertUsable();
    let result: T;
    try {
      result = work();
    } catch (error) {
      throw this.#judge(error, target);
    }
    // SQLite lets some failures pass, as of a checkpoint after a commit.
    if (this.#mount.fault !== undefined || target?.fault !== undefined) throw this.#judge(undefined, target);
    return result;
  }

  #judge(error: unknown, target?: Mount): Error {
    const { fault } = this.#mount;
    if (this.#sqlite.isTrap(error)) return this.#finish('ERR_DATABASE_IO', 'SQLite ended');
    if (fault !== undefined) return this.#finish(fault.code, fault.detail);
    if (target?.fault !== undefined) return failure(target.fault.code, target.fault.detail);
    if (!(error instanceof Error)) throw error;
    if (!(error instanceof SqliteFailure)) return error;
    const code = error.storageCode;
    return code === undefined ? error.forCaller() : this.#finish(code, error.message);
  }

  #finish(code: DatabaseErrorCode, detail: string): CodedError<DatabaseErrorCode> {
    this.#end = { code, detail };
    this.#letGo();
    return failure(code, detail);
  }

  #letGo(): void {
    this.#mount.stop();
    if (!this.#sqlite.isBroken) {
      this.#finalizeAll();
      // It reports what the stopped mount answers; there is nothing left that could fail.
      this.#sqlite.call('sqlite3_close_v2', this.#handle);
    }
    this.#release();
  }

  #finalizeAll(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
  }

  #assertUsable(): void {
    if (this.#end === 'closed') throw new TypeError('the database is closed');
    if (this.#end !== undefined) throw failure(this.#end.code, this.#end.detail);
    if (this.#sqlite.isBroken) throw this.#finish('ERR_DATABASE_IO', 'SQLite ended');
  }

  #assertOutsideTransaction(): void {
    this.#assertUsable();
    if (this.#depth > 0) throw new TypeError('not inside a transaction');
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
