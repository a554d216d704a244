/**
 * One prepared statement: its parameters go in, its rows come out. What goes in comes out the same: text is exact,
 * NUL and all, and a number that would lose digits on the way is refused.
 */
import { fromUtf8 } from '../bytes/index.ts';
import { resultCodes, SqliteFailure } from './failures.ts';
import { type Sqlite } from './sqlite.ts';

/** `true` and `false` are stored as 1 and 0. */
export type Param = string | number | boolean | Uint8Array | null;
export type Value = string | number | Uint8Array | null;
/** A row by the names of its columns. */
export type Row = Record<string, Value>;

const columnTypes = { integer: 1, float: 2, text: 3, blob: 4 };
/** SQLITE_STATIC: what is bound stays where it is until the statement is reset. */
const borrowed = 0;
/** SQLite's own bound on the parameters of a statement (SQLITE_MAX_VARIABLE_NUMBER). */
const maxParameters = 32_766;
/** A pair of surrogates is one character to this pattern; only one without its other half is found. */
const loneSurrogate = /[\uD800-\uDFFF]/u;
const encoder = new TextEncoder();

const blank = /^(?:\s|;|--[^\n]*|\/\*[^]*?\*\/)*$/;
const firstWord = /^(?:\s|--[^\n]*\n|\/\*[^]*?\*\/)*([a-z]+)/i;
const rowChanging = new Set(['insert', 'update', 'delete', 'replace', 'with']);
const schemaChanging = new Set(['create', 'alter', 'drop', 'reindex', 'analyze']);
const changeAfterWith = /\b(?:insert|update|delete|replace)\b/i;
const reading = new Set(['select', 'values', 'explain']);

/**
 * Whether `sql` is for callers to run. Transactions, durability and attached files are the module's own business:
 * a stray COMMIT or PRAGMA would take away what it promises.
 * @throws TypeError for what is not
 */
export function assertPermitted(sql: string): void {
  if (!isPermitted(sql)) throw new TypeError(`not for run, get or all: ${firstWordOf(sql)}`);
}

function isPermitted(sql: string): boolean {
  const word = firstWordOf(sql);
  const isKnown = reading.has(word) || rowChanging.has(word) || schemaChanging.has(word);
  // `OR ROLLBACK` and RAISE(ROLLBACK) would end the caller's transaction while it believes to be in it.
  return isKnown && !/\brollback\b/i.test(sql);
}

function firstWordOf(sql: string): string {
  return firstWord.exec(sql)?.[1]?.toLowerCase() ?? '';
}

export class Statement {
  readonly changesSchema: boolean;
  /** As {@link assertPermitted} judges, found once: a kept statement runs many times. */
  readonly isPermitted: boolean;
  readonly #sqlite: Sqlite;
  readonly #connection: number;
  readonly #pointer: number;
  readonly #columns: readonly string[];
  readonly #parameterCount: number;
  readonly #changesRows: boolean;

  private constructor(sqlite: Sqlite, connection: number, pointer: number, sql: string) {
    this.#sqlite = sqlite;
    this.#connection = connection;
    this.#pointer = pointer;
    const word = firstWordOf(sql);
    this.#changesRows = rowChanging.has(word) && (word !== 'with' || changeAfterWith.test(sql));
    this.changesSchema = schemaChanging.has(word);
    this.isPermitted = isPermitted(sql);
    this.#columns = this.#readColumns();
    this.#parameterCount = this.#countParameters();
  }

  /**
   * The first statement of `sql`, and what follows it. No statement is returned for a blank text.
   * @throws SqliteFailure
   */
  static prepare(sqlite: Sqlite, connection: number, sql: string): { statement?: Statement; rest: string } {
    return sqlite.withText(sql, (text, size) =>
      sqlite.withPointers(2, (out) => {
        const code = sqlite.call('sqlite3_prepare_v2', connection, text, size + 1, out, out + 4);
        if (code !== resultCodes.ok) throw failed(sqlite, connection, code);
        const pointer = sqlite.pointerAt(out);
        const rest = sqlite.textAt(sqlite.pointerAt(out + 4));
        if (pointer === 0) return { rest };
        try {
          return { statement: new Statement(sqlite, connection, pointer, sql), rest };
        } catch (error) {
          sqlite.call('sqlite3_finalize', pointer);
          throw error;
        }
      }),
    );
  }

  /**
   * Prepares a text that is exactly one statement.
   * @throws SqliteFailure, and TypeError for none or more than one: SQLite would leave out the others
   */
  static prepareOne(sqlite: Sqlite, connection: number, sql: string): Statement {
    if (sql.includes('\0')) throw new TypeError('SQL with a NUL: it would end there');
    const { statement, rest } = Statement.prepare(sqlite, connection, sql);
    if (statement === undefined) throw new TypeError('no statement');
    if (blank.test(rest)) return statement;
    statement.finalize();
    throw new TypeError('more than one statement');
  }

  /**
   * Runs the statement once. `take` gets each row and says whether it wants another.
   * @returns the number of rows inserted, updated or deleted
   * @throws SqliteFailure, TypeError and RangeError
   */
  execute(params: readonly Param[], take: (row: Row) => boolean): number {
    if (params.length !== this.#parameterCount) {
      throw new TypeError(`${this.#parameterCount} parameters are wanted, ${params.length} given`);
    }
    let room = 0;
    for (const param of params) room += roomFor(param);
    const arena = room === 0 ? 0 : this.#sqlite.borrow(room);
    let changes = 0;
    try {
      this.#bind(params, arena);
      for (let wantsMore = true; wantsMore;) {
        const code = this.#sqlite.call('sqlite3_step', this.#pointer);
        if (code === resultCodes.done) break;
        if (code !== resultCodes.row) throw failed(this.#sqlite, this.#connection, code);
        wantsMore = take(this.#readRow());
      }
      if (this.#changesRows) changes = this.#sqlite.call('sqlite3_changes', this.#connection);
    } catch (error) {
      if (!this.#sqlite.isTrap(error)) this.#reset(arena);
      throw error;
    }
    // Where rows were left, this is where an automatic commit happens, and may fail.
    const code = this.#reset(arena);
    if (code !== resultCodes.ok) throw failed(this.#sqlite, this.#connection, code);
    return changes;
  }

  finalize(): void {
    this.#sqlite.call('sqlite3_finalize', this.#pointer);
  }

  /** What is bound dangles from here on; nothing looks at it before the next execution has bound everything anew. */
  #reset(arena: number): number {
    const code = this.#sqlite.call('sqlite3_reset', this.#pointer);
    if (arena !== 0) this.#sqlite.giveBack(arena);
    return code;
  }

  /** Binds `params`; texts and blobs stand one after the other at `arena` until the reset. */
  #bind(params: readonly Param[], arena: number): void {
    const { bytes } = this.#sqlite;
    let at = arena;
    let index = 0;
    for (const param of params) {
      index += 1;
      let code: number;
      if (param === null) code = this.#sqlite.call('sqlite3_bind_blob', this.#pointer, index, 0, 0, borrowed);
      else if (typeof param === 'boolean')
        code = this.#sqlite.call('sqlite3_bind_int', this.#pointer, index, Number(param));
      else if (typeof param === 'number') {
        // The module has no call for 64-bit integers. A REAL of integral value becomes an INTEGER again in a
        // column of that type, and comparisons between the two are exact.
        const bind = (param | 0) === param ? 'sqlite3_bind_int' : 'sqlite3_bind_double';
        code = this.#sqlite.call(bind, this.#pointer, index, param);
      } else {
        const size = typeof param === 'string' ? encodeInto(param, bytes, at) : copyInto(param, bytes, at);
        const bind = typeof param === 'string' ? 'sqlite3_bind_text' : 'sqlite3_bind_blob';
        code = this.#sqlite.call(bind, this.#pointer, index, at, size, borrowed);
        at += size + 1;
      }
      if (code !== resultCodes.ok) throw failed(this.#sqlite, this.#connection, code);
    }
  }

  #readRow(): Row {
    const row: Row = {};
    let column = 0;
    for (const name of this.#columns) row[name] = this.#readValue(column++);
    return row;
  }

  #readValue(column: number): Value {
    switch (this.#sqlite.call('sqlite3_column_type', this.#pointer, column)) {
      case columnTypes.integer: {
        const value = this.#sqlite.call('sqlite3_column_double', this.#pointer, column);
        if (!Number.isSafeInteger(value)) throw new RangeError('an integer beyond 2^53 in the database');
        return value;
      }
      case columnTypes.float:
        return this.#sqlite.call('sqlite3_column_double', this.#pointer, column);
      case columnTypes.text: {
        const pointer = this.#sqlite.call('sqlite3_column_text', this.#pointer, column);
        if (pointer === 0) throw new SqliteFailure(resultCodes.noMemory, 'out of memory');
        const size = this.#sqlite.call('sqlite3_column_bytes', this.#pointer, column);
        return decodeText(this.#sqlite.bytes.subarray(pointer, pointer + size));
      }
      case columnTypes.blob: {
        const pointer = this.#sqlite.call('sqlite3_column_blob', this.#pointer, column);
        const size = this.#sqlite.call('sqlite3_column_bytes', this.#pointer, column);
        return this.#sqlite.bytes.slice(pointer, pointer + size);
      }
      default:
        return null;
    }
  }

  #readColumns(): readonly string[] {
    const columns: string[] = [];
    for (let i = 0; i < this.#sqlite.call('sqlite3_column_count', this.#pointer); i++) {
      columns.push(this.#sqlite.textAt(this.#sqlite.call('sqlite3_column_name', this.#pointer, i)));
    }
    if (new Set(columns).size < columns.length) throw new TypeError('two columns of one name');
    return columns;
  }

  /** The module lacks sqlite3_bind_parameter_count; the first parameter that cannot be bound tells. */
  #countParameters(): number {
    let count = 0;
    while (count < maxParameters) {
      if (this.#sqlite.call('sqlite3_bind_int', this.#pointer, count + 1, 0) !== resultCodes.ok) break;
      count += 1;
    }
    this.#sqlite.call('sqlite3_clear_bindings', this.#pointer);
    return count;
  }
}

/** What SQLite says of the call that just failed on `connection`. */
export function failed(sqlite: Sqlite, connection: number, code: number): SqliteFailure {
  return new SqliteFailure(code, sqlite.textAt(sqlite.call('sqlite3_errmsg', connection)));
}

function encodeInto(text: string, bytes: Uint8Array, at: number): number {
  return encoder.encodeInto(text, bytes.subarray(at)).written;
}

function copyInto(blob: Uint8Array, bytes: Uint8Array, at: number): number {
  bytes.set(blob, at);
  return blob.length;
}

/**
 * Bytes of memory that `param` needs, at most. One more for each text and blob: SQLite takes even an empty one
 * for NULL when it has no address.
 * @throws RangeError for what could not come back the same
 */
function roomFor(param: Param): number {
  if (typeof param === 'string') {
    if (loneSurrogate.test(param)) throw new RangeError('a text that is not well-formed');
    return 3 * param.length + 1;
  }
  if (typeof param === 'number') {
    if (Number.isNaN(param) || (Number.isInteger(param) && !Number.isSafeInteger(param))) {
      throw new RangeError('a number that the database cannot hold exactly');
    }
    return 0;
  }
  return param === null || typeof param === 'boolean' ? 0 : param.length + 1;
}

/** @throws SqliteFailure corrupt: we write well-formed text only */
function decodeText(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw new SqliteFailure(resultCodes.corrupt, 'text that is not UTF-8');
  }
}
